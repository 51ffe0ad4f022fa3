"""Documents that the system makes: they take the next places in their company's order, like any other."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import NamedTuple

from worker.store.copy import copy_in, escape, hexadecimal, stamp
from worker.store.database import Rows
from worker.store.intake.acceptance import take_acceptances

_DOCUMENT = (
    "company_id, sequence, acceptance, type, number, size, payload, content_hash, publisher, message_id, received_at"
)


class Made(NamedTuple):
    """A document to file: its type, its number, and its JSON."""

    type: str
    number: str
    payload: bytes


def file_documents(connection: Rows, company: int, made: list[Made], now: datetime) -> list[int]:
    """Accept documents of the system's own; gives their sequences. Acceptance is held up until the transaction ends."""
    before = take_acceptances(connection, len(made))
    counter = connection.execute(
        "UPDATE intake_counter SET last_sequence = last_sequence + %s WHERE company_id = %s RETURNING last_sequence - %s",
        [len(made), company, len(made)],
    ).fetchone()
    assert counter is not None  # noqa: S101 - a company is opened with its counter
    received = stamp(now)
    rows = [
        f"{company}\t{counter[0] + place}\t{before + place}\t{one.type}\t{escape(one.number)}\t{len(one.payload)}\t"
        f"{escape(one.payload.decode())}\t{hexadecimal(hashlib.sha256(one.payload).digest())}\t\t\t{received}\n"
        for place, one in enumerate(made, start=1)
    ]
    copy_in(connection, "document", _DOCUMENT, "".join(rows))
    return [counter[0] + place for place in range(1, len(made) + 1)]


def free_numbers(connection: Rows, company: int, type_: str, stem: str, count: int) -> list[str]:
    """As many unused numbers: the stem with 1, 2, 3 behind it, leaving out what somebody has taken."""
    taken = {
        number
        for (number,) in connection.execute(
            "SELECT number FROM document WHERE company_id = %s AND type = %s AND starts_with(number, %s)",
            [company, type_, f"{stem}-"],
        )
    }
    numbers: list[str] = []
    place = 0
    while len(numbers) < count:
        place += 1
        if (number := f"{stem}-{place}") not in taken:
            numbers.append(number)
    return numbers
