"""What a run writes: value differences and both sides of their entries, as COPY text made in one pass.

Rows of runs are numbered by themselves, above all numbers that posting gives, and chained chunk by chunk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.entries import place_of
from domain.master_view import MasterView
from domain.stock_ledger import Difference
from worker.store.copy import stamp, stamp_instant
from worker.store.database import Rows
from worker.store.names.terms import Names
from worker.store.posting.append import DIFFERENCE, ENTRY, chained

FIRST_NUMBER = 10**15  # numbers of posting lie below


@dataclass(frozen=True, slots=True)
class ChunkHead:
    """The last chunk of a company: where its numbers and hashes stand."""

    chunk_no: int = 0
    difference: int = FIRST_NUMBER
    entry: int = FIRST_NUMBER
    hash: bytes = b""


class RunWriter:
    """Writes the rows of one run, a chunk a transaction: added a slice at a time, each copied while the next one is being valued.

    Other sides go to accounts that the company has a number for already: `settle_roles` sees to that.
    """

    def __init__(self, connection: Rows, names: Names, view: MasterView, run: int, now: datetime) -> None:
        self._connection, self._names, self._view, self._run, self._now = connection, names, view, run, now
        self._head = chunk_head(connection, names.company)
        self._difference, self._entry = self._head.difference, self._head.entry
        self._hashes = hashlib.sha256(), hashlib.sha256()
        self._centered: dict[str, bool] = {"": False}

    def add(self, differences: list[Difference]) -> None:
        """Append differences and their entries. Errors: those of PostgreSQL, here or later."""
        if differences:
            self._find_names(differences)
            for table, columns, text, total in zip(
                ("stock_difference", "gl_entry"),
                (DIFFERENCE, ENTRY),
                self._rows(differences),
                self._hashes,
                strict=True,
            ):
                total.update(text)
                self._connection.copy_behind(table, columns, text)

    def finish(self) -> int:
        """End the chunk with its link in the chain of hashes; gives how many differences it has."""
        head = self._head
        if self._difference > head.difference:
            self._connection.execute(
                "INSERT INTO repost_chunk (company_id, chunk_no, run_id, first_difference, last_difference, first_entry, last_entry, "
                "previous_hash, hash, written_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    self._names.company, head.chunk_no + 1, self._run, head.difference + 1, self._difference, head.entry + 1,
                    self._entry, head.hash, chained(head.hash, (total.digest() for total in self._hashes)), self._now,
                ],
            )  # fmt: skip
        return self._difference - head.difference

    def _find_names(self, differences: list[Difference]) -> None:
        kinds = self._names.by_kind
        for kind, named in (
            (
                "account",
                {d.account for d in differences} | {d.contra for d in differences} | self._contras(differences),
            ),
            ("cost_center", {d.cost_center for d in differences}),
            ("dimensions", {d.dimensions for d in differences}),
        ):
            for name in named:
                _ = kinds[kind][name]
        self._names.settle(self._connection)

    def _contras(self, differences: list[Difference]) -> set[str]:
        """Accounts against which the opening entry of a migration changes."""
        if self._view.cut_over is None:
            return set()
        return {place_of(d, self._view).contra for d in differences}

    def _rows(self, differences: list[Difference]) -> tuple[bytes, bytes]:
        """COPY text of the differences and of their entries."""
        company, run, chains, now = self._names.company, self._run, self._names.chains, stamp(self._now)
        kinds = self._names.by_kind
        accounts, centers, dimensions = kinds["account"], kinds["cost_center"], kinds["dimensions"]
        perpetual, in_migrated = self._view.perpetual, self._view.cut_over is not None
        number, entry, told, booked = self._difference, self._entry, [], []
        for d in differences:
            account, contra, axes = accounts[d.account], accounts[d.contra], dimensions[d.dimensions]
            center, amount, day, voucher, document = centers[d.cost_center], d.amount, d.date, d.voucher, d.document
            number += 1
            told.append(
                f"{company}\t{number}\t{run}\t{d.movement}\t{voucher}\t{chains[d.chain]}\t{stamp_instant(d.at)}\t{day}\t{d.qty}\t{amount}\t"
                f"{d.kind:d}\t{account}\t{contra}\t{d.cause}\t{document}\t{center}\t{axes}\t{now}\n"
            )
            if not amount or not perpetual:
                continue
            if in_migrated:
                voucher, day, named = place_of(d, self._view)
                contra = accounts[named]
            else:
                named = d.contra
            debit, credit = (amount, 0) if amount > 0 else (0, -amount)
            entry += 1
            booked.append(
                f"{company}\t{entry}\t{run}\t{voucher}\t{account}\t{debit}\t{credit}\t{day}\t0\t0\t{axes}\t0\t{document}\t0\t0\tf\n"
            )
            if contra:
                entry += 1
                center = center if self._has_center(named) else 0
                booked.append(
                    f"{company}\t{entry}\t{run}\t{voucher}\t{contra}\t{credit}\t{debit}\t{day}\t0\t{center}\t{axes}\t0\t{document}\t"
                    "0\t0\tf\n"
                )
        self._difference, self._entry = number, entry
        return "".join(told).encode(), "".join(booked).encode()

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
