"""The beat table: what is rung when, and why, as data.

Beat only rings. Whatever has to happen exactly once is decided in PostgreSQL, so two beats, a late beat or none for a while do no harm.
Times are intervals in UTC: crontabs in local time skip runs when clocks change.
"""

from dataclasses import dataclass

# Every queue, by name: this room can't ask the worker, and a test compares.
QUEUES = ("posting", "reposting", "pos", "nightly", "mail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """One row of the table: `task` is rung on `queue` every so many seconds, for this `reason`.

    A ring that waited in the queue for longer than its interval, and half a minute, is thrown away, since the next one says the same.
    """

    name: str
    task: str
    queue: str
    every_seconds: float
    reason: str


def rings(*, sweep_seconds: float = 5.0) -> tuple[Ring, ...]:
    """The whole table; `sweep_seconds` is how long a lost doorbell may go unnoticed. Clocks and mail are looked at six times as rarely."""
    look_seconds = 6 * sweep_seconds
    return (
        Ring(
            name="sweep the lanes",
            task="lane.sweep",
            queue="posting",
            every_seconds=sweep_seconds,
            reason=(
                "The broker may lose a doorbell, and Redis may be wiped. Whatever is accepted and not decided is rung for "
                "again, and outcomes that were not told are told, so a loss costs seconds."
            ),
        ),
        Ring(
            name="repost",
            task="repost.ring",
            queue="reposting",
            every_seconds=30,
            reason=(
                "Companies repost at once, at night or in their own hours, and a doorbell may be lost. Which may run now is looked up, "
                "in the company's own time; a run that was laid down or missed is gone on with."
            ),
        ),
        Ring(
            name="tick the slots",
            task="slots.tick",
            queue="posting",
            every_seconds=look_seconds,
            reason=(
                "Each till closes, and each company's night begins, at a local hour of its own. Which are due, and for which business "
                "date, is looked up; a ring that comes late or twice, or after nights without any, does each exactly once. It is rung "
                "where nothing takes long, so that a night that hangs is noticed."
            ),
        ),
        Ring(
            name="send the mail",
            task="mail.send",
            queue="mail",
            every_seconds=look_seconds,
            reason=(
                "Mails are rows that wait in PostgreSQL until a mail server has taken them. What it refused for now is tried again by "
                "and by, and a server that is away keeps nobody else waiting."
            ),
        ),
        *(
            Ring(
                name=f"canary of {queue}",
                task="canary.answer",
                queue=queue,
                every_seconds=60,
                reason=(
                    "A queue that nobody serves looks like one with nothing to do. A probe comes through each, down to PostgreSQL, and "
                    "the age of the last one is a figure that an alert watches."
                ),
            )
            for queue in QUEUES
        ),
    )
