"""Names of queues and tasks, as plain strings, so that a publisher needs no import of the tasks themselves."""

from typing import Final

POSTING: Final = "posting"
REPOSTING: Final = "reposting"
POS: Final = "pos"
NIGHTLY: Final = "nightly"
MAIL: Final = "mail"

# Celery's own default, where a publisher's `send_task` lands that names no queue; workers serve it as well.
UNNAMED: Final = "celery"

QUEUES: Final = (POSTING, REPOSTING, POS, NIGHTLY, MAIL)

DOCUMENTS_SUBMIT: Final = "documents.submit"
DOCUMENTS_OUTCOME: Final = "documents.outcome"
DOCUMENTS_PREVIEW: Final = "documents.preview"
LANE_POST: Final = "lane.post"
LANE_SWEEP: Final = "lane.sweep"
REPOST_RUN: Final = "repost.run"
REPOST_RING: Final = "repost.ring"
POS_RESERVE: Final = "pos.reserve"
POS_CONFIRM: Final = "pos.confirm"
POS_RELEASE: Final = "pos.release"
POS_TALLY: Final = "pos.tally"
CANARY: Final = "canary.answer"
SLOTS_TICK: Final = "slots.tick"
NIGHT_WORK: Final = "night.work"
MAIL_SEND: Final = "mail.send"
MIGRATION_PLAN: Final = "migration.plan"
MIGRATION_APPLY: Final = "migration.apply"

# Every task has one home, so that long work (a repost, a closing) never stands before a posting.
TASK_ROUTES: Final[dict[str, dict[str, str]]] = {
    DOCUMENTS_SUBMIT: {"queue": POSTING},
    DOCUMENTS_OUTCOME: {"queue": POSTING},
    DOCUMENTS_PREVIEW: {"queue": POSTING},
    LANE_POST: {"queue": POSTING},
    LANE_SWEEP: {"queue": POSTING},
    REPOST_RUN: {"queue": REPOSTING},
    REPOST_RING: {"queue": REPOSTING},
    POS_RESERVE: {"queue": POS},
    POS_CONFIRM: {"queue": POS},
    POS_RELEASE: {"queue": POS},
    # It may take its time, and no till may wait behind it.
    POS_TALLY: {"queue": REPOSTING},
    # At home here, and sent through every queue: whoever sends it names the queue that it is to prove.
    CANARY: {"queue": POSTING},
    SLOTS_TICK: {"queue": POSTING},
    NIGHT_WORK: {"queue": NIGHTLY},
    MAIL_SEND: {"queue": MAIL},
    # Rare and long, and posting of the company waits for it: it belongs where reposts are worked at.
    MIGRATION_PLAN: {"queue": REPOSTING},
    MIGRATION_APPLY: {"queue": REPOSTING},
}

# What a publisher's own Celery may ask for; every other task the system's processes ask of each other.
FOR_PUBLISHERS: Final = frozenset({DOCUMENTS_SUBMIT, DOCUMENTS_OUTCOME, POS_RESERVE, POS_CONFIRM, POS_RELEASE})

INTAKE_STREAM: Final = "perpetua:intake"
OUTCOMES_STREAM: Final = "perpetua:outcomes"


def bell_key(company_id: int) -> str:
    """Name the Redis key that is set while a lane has been rung and not yet drained."""
    return f"perpetua:bell:{company_id}"


def repost_bell_key(company_id: int) -> str:
    """Name the Redis key that is set while a company was rung for to repost and nobody has come yet."""
    return f"perpetua:repost:{company_id}"


def preview_bell_key(company_id: int) -> str:
    """Name the Redis key that is set while a company was rung for to answer previews and nobody has come yet."""
    return f"perpetua:preview:{company_id}"


def night_bell_key(company_id: int) -> str:
    """Name the Redis key that is set while a company was rung for in its night and nobody has come yet."""
    return f"perpetua:night:{company_id}"


def tally_bell_key(company_id: int) -> str:
    """Name the Redis key that is set while a company was rung for to sum its sales at tills and nobody has come yet."""
    return f"perpetua:tally:{company_id}"


def trace_key(company_id: int) -> str:
    """Name the Redis key that tells what is being decided in a lane, for whoever finds its holder dead."""
    return f"perpetua:deciding:{company_id}"


def canary_key(queue: str) -> str:
    """Name the Redis key that says when a probe last came through a queue."""
    return f"perpetua:canary:{queue}"


def probe_key(nonce: str) -> str:
    """Name the Redis key by which the intake answers a probe."""
    return f"perpetua:probe:{nonce}"
