"""What a run writes: value differences and both sides of their entries, as COPY text made in one pass.

Rows of runs are numbered by themselves, above all numbers that posting gives, and chained chunk by chunk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.master_view import MasterView
from domain.stock_ledger import Difference
from worker.store.append import DIFFERENCE, ENTRY, chained
from worker.store.copy import copy_in, stamp, stamp_instant
from worker.store.database import Rows
from worker.store.names import Names

FIRST_NUMBER = 10**15  # numbers of posting lie below
_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class ChunkHead:
    """The last chunk of a company: where its numbers and hashes stand."""

    chunk_no: int = 0
    difference: int = FIRST_NUMBER
    entry: int = FIRST_NUMBER
    hash: bytes = b""


class RunWriter:
    """Writes the rows of one run. Other sides go to accounts that the company has a name for already: `roles` sees to that."""

    def __init__(self, connection: Rows, names: Names, view: MasterView, run: int) -> None:
        self._connection, self._names, self._view, self._run = connection, names, view, run
        self._stamps: dict[int, str] = {}
        self._centered: dict[str, bool] = {"": False}

    def write(self, differences: list[Difference], now: datetime) -> None:
        """Append a chunk: the differences, their entries, and its link in the chain of hashes. Errors: those of PostgreSQL."""
        if not differences:
            return
        head = chunk_head(self._connection, self._names.company)
        self._find_names(differences)
        told, booked, entries = self._rows(differences, head, stamp(now))
        copy_in(self._connection, "stock_difference", DIFFERENCE, told)
        copy_in(self._connection, "gl_entry", ENTRY, booked)
        digests = (hashlib.sha256(text.encode()).digest() for text in (told, booked))
        self._connection.execute(
            "INSERT INTO repost_chunk (company_id, chunk_no, run_id, first_difference, last_difference, first_entry, last_entry, "
            "previous_hash, hash, written_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                self._names.company, head.chunk_no + 1, self._run, head.difference + 1, head.difference + len(differences),
                head.entry + 1, head.entry + entries, head.hash, chained(head.hash, digests), now,
            ],
        )  # fmt: skip

    def _find_names(self, differences: list[Difference]) -> None:
        kinds = self._names.by_kind
        for kind, named in (
            ("account", {d.account for d in differences} | {d.contra for d in differences}),
            ("cost_center", {d.cost_center for d in differences}),
            ("dimensions", {d.dimensions for d in differences}),
        ):
            for name in named:
                _ = kinds[kind][name]
        self._names.settle(self._connection)

    def _rows(self, differences: list[Difference], head: ChunkHead, now: str) -> tuple[str, str, int]:
        """COPY text of the differences and of their entries, and how many entries there are."""
        company, run, chains = self._names.company, self._run, self._names.chains
        kinds = self._names.by_kind
        accounts, centers, dimensions = kinds["account"], kinds["cost_center"], kinds["dimensions"]
        perpetual, entry, told, booked = self._view.perpetual, head.entry, [], []
        for number, d in enumerate(differences, head.difference + 1):
            account, contra, axes = accounts[d.account], accounts[d.contra], dimensions[d.dimensions]
            center, amount, day = centers[d.cost_center], d.amount, d.date
            told.append(
                f"{company}\t{number}\t{run}\t{d.movement}\t{d.voucher}\t{chains[d.chain]}\t{self._at(d.at)}\t{day}\t{d.qty}\t{amount}\t"
                f"{d.kind:d}\t{account}\t{contra}\t{d.cause}\t{d.document}\t{center}\t{axes}\t{now}\n"
            )
            if not amount or not perpetual:
                continue
            debit, credit = (amount, 0) if amount > 0 else (0, -amount)
            entry += 1
            booked.append(
                f"{company}\t{entry}\t{run}\t{d.voucher}\t{account}\t{debit}\t{credit}\t{day}\t0\t0\t{axes}\t0\t{d.document}\t0\t0\tf\n"
            )
            if contra:
                entry += 1
                center = center if self._has_center(d.contra) else 0
                booked.append(
                    f"{company}\t{entry}\t{run}\t{d.voucher}\t{contra}\t{credit}\t{debit}\t{day}\t0\t{center}\t{axes}\t0\t{d.document}\t"
                    "0\t0\tf\n"
                )
        return "".join(told), "".join(booked), entry - head.entry

    def _at(self, at: int) -> str:
        """An instant as PostgreSQL writes it; most of a chunk's rows share few days."""
        day, rest = divmod(at, _DAY)
        seconds, fraction = divmod(rest, 1_000_000)
        if fraction:
            return stamp_instant(at)
        text = self._stamps.get(day)
        if text is None:
            text = self._stamps[day] = stamp_instant(day * _DAY)[:11]
        return f"{text}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}+00"

    def _has_center(self, contra: str) -> bool:
        """Whether entries on this account carry a cost center."""
        known = self._centered.get(contra)
        if known is None:
            known = self._centered[contra] = self._view.is_profit_and_loss(contra)
        return known


def chunk_head(connection: Rows, company: int) -> ChunkHead:
    """The last chunk that any run of a company wrote."""
    row = connection.execute(
        "SELECT chunk_no, last_difference, last_entry, hash FROM repost_chunk WHERE company_id = %s ORDER BY chunk_no DESC LIMIT 1",
        [company],
    ).fetchone()
    return ChunkHead() if row is None else ChunkHead(*row)


def settle_roles(connection: Rows, names: Names, view: MasterView, roles: Iterable[str]) -> None:
    """Make sure that the accounts which differences may go to have their numbers; the caller holds the lane."""
    for role in roles:
        _ = names.by_kind["account"][view.role(role)]
    names.settle(connection)
