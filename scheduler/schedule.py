"""The beat table: what is rung when, and why, as data.

Beat only rings. Whatever has to happen exactly once is decided in PostgreSQL, so two beats, a late beat or none for a while do no harm.
Times are intervals in UTC: crontabs in local time skip runs when clocks change.
"""

from dataclasses import dataclass

# Every queue, by name: this room can't ask the worker, and a test compares.
QUEUES = ("posting", "reposting", "pos")


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
    """The whole table; `sweep_seconds` is how long a lost doorbell may go unnoticed."""
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
            name="close the tills",
            task="pos.close_due",
            queue="pos",
            every_seconds=60,
            reason=(
                "Each till closes at its own local hour. Which are due, and for which business date, is looked up; a ring that comes "
                "late or twice, or after a night without any, sends each closing once."
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
