"""Names of queues and tasks, as plain strings, so that a publisher needs no import of the tasks themselves."""

from typing import Final

POSTING: Final = "posting"
REPOSTING: Final = "reposting"
POS: Final = "pos"
NIGHTLY: Final = "nightly"
MAIL: Final = "mail"
CANARY: Final = "canary"

QUEUES: Final = (POSTING, REPOSTING, POS, NIGHTLY, MAIL, CANARY)

DOCUMENTS_SUBMIT: Final = "documents.submit"
LANE_POST: Final = "lane.post"
LANE_SWEEP: Final = "lane.sweep"
SLOTS_TICK: Final = "slots.tick"

# Every task has one home, so that long work (a repost, a closing) never stands before a posting.
TASK_ROUTES: Final[dict[str, dict[str, str]]] = {
    DOCUMENTS_SUBMIT: {"queue": POSTING},
    LANE_POST: {"queue": POSTING},
    LANE_SWEEP: {"queue": POSTING},
    SLOTS_TICK: {"queue": NIGHTLY},
}

INTAKE_STREAM: Final = "perpetua:intake"
OUTCOMES_STREAM: Final = "perpetua:outcomes"


def bell_key(company_id: int) -> str:
    """Name the Redis key that is set while a lane has been rung and not yet drained."""
    return f"perpetua:bell:{company_id}"
