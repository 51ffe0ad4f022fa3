"""Claims: one worker at a slot at a time, and anew by another where the first was killed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from worker.store.database import Rows

_json = msgspec.json.Encoder().encode


class ClaimLostError(Exception):
    """Another worker has taken the slot up by now: what this one was about to write is not written."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A slot in one worker's hands; `attempts` counts the claims, this one included, since a turn last ended in good order."""

    company_id: int
    job: str
    business_date: date
    fence: int
    attempts: int

    @property
    def key(self) -> list[Any]:
        """The parameters that find this claim's row as long as it is this claim's."""
        return [self.company_id, self.job, self.business_date, self.fence]


_OWN = "WHERE company_id = %s AND job = %s AND business_date = %s AND fence = %s AND finished_at IS NULL"


def claim(connection: Rows, company: int, job: str, day: date, *, lease_seconds: int) -> Claim | None:
    """Take a slot up for so long; None where it is finished, or another worker is at it."""
    row = connection.execute(
        "UPDATE slot SET claimed_at = coalesce(claimed_at, clock_timestamp()), fence = fence + 1, attempts = attempts + 1, "
        "lease_until = clock_timestamp() + make_interval(secs => %s) "
        "WHERE company_id = %s AND job = %s AND business_date = %s AND finished_at IS NULL "
        "AND (lease_until IS NULL OR lease_until <= clock_timestamp()) RETURNING fence, attempts",
        [lease_seconds, company, job, day],
    ).fetchone()
    return None if row is None else Claim(company, job, day, row[0], row[1])


def finish(connection: Rows, held: Claim, result: dict[str, Any]) -> None:
    """End a slot for good. Errors: ClaimLostError, which undoes the transaction."""
    _hold(
        connection.execute(
            f"UPDATE slot SET finished_at = clock_timestamp(), lease_until = NULL, attempts = 0, result = %s {_OWN}",
            [_json(result).decode(), *held.key],
        ).rowcount
    )


def lay_down(connection: Rows, held: Claim, result: dict[str, Any]) -> None:
    """Leave a slot for the next turn, with where it stands. Errors: ClaimLostError."""
    _hold(
        connection.execute(
            f"UPDATE slot SET lease_until = NULL, attempts = 0, result = %s {_OWN}",
            [_json(result).decode(), *held.key],
        ).rowcount
    )


def put_off(connection: Rows, held: Claim, result: dict[str, Any], seconds: int) -> None:
    """Leave a slot for a turn after so many seconds; what has failed so far still counts. Errors: ClaimLostError."""
    _hold(
        connection.execute(
            f"UPDATE slot SET lease_until = clock_timestamp() + make_interval(secs => %s), result = %s {_OWN}",
            [seconds, _json(result).decode(), *held.key],
        ).rowcount
    )


def _hold(found: int) -> None:
    if not found:
        raise ClaimLostError("another worker has taken the slot up")
