"""Appending postings to the ledgers: rows as COPY text, built in one pass and hashed as they are written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import msgspec

from domain.books import Link, OrderLine, Posting
from domain.general_ledger import Entry
from domain.stock_ledger import Basis, Difference, Movement
from worker.store.copy import NULL, copy_in, escape, escape_json, stamp_instant
from worker.store.database import Rows
from worker.store.names.terms import Names

VOUCHER = (
    "company_id, voucher_id, type, number, series_year, series_no, posting_at, posting_date, reverses, figures, batch_no, batch_line, "
    "posted_at"
)
MOVEMENT = (
    "company_id, movement_id, voucher_id, line_no, chain_id, posting_at, posting_date, qty, value, basis, account_id, contra_id, "
    "cost_center_id, dimensions_id, batch_id, source_id, stated, weight, counted_qty, counted_rate, provisional"
)
DIFFERENCE = (
    "company_id, difference_id, run_id, movement_id, voucher_id, chain_id, posting_at, posting_date, qty, amount, kind, account_id, "
    "contra_id, cause_id, document_id, cost_center_id, dimensions_id, recorded_at"
)
ENTRY = (
    "company_id, entry_id, run_id, voucher_id, account_id, debit, credit, posting_date, party_id, cost_center_id, dimensions_id, "
    "against_id, cause_id, currency_id, currency_amount, is_opening"
)
ORDER_LINE = "company_id, voucher_id, line_no, chain_id, qty, whole"
LINK = "company_id, link_id, voucher_id, line_no, kind, target_id, target_line, qty, amount"

# The hash of a batch covers these tables' rows, each table by itself, in this order.
HASHED = (
    ("voucher", VOUCHER),
    ("stock_movement", MOVEMENT),
    ("stock_difference", DIFFERENCE),
    ("gl_entry", ENTRY),
    ("link", LINK),
)

_json = msgspec.json.Encoder().encode
_BASIS = {
    basis: str(int(basis)) for basis in Basis
}  # to format an enumeration anew for every row takes longer than the rest of it


@dataclass(slots=True)
class Counters:
    """The last number given in each ledger of a company; kept in its lane's row."""

    movement: int
    difference: int
    entry: int
    link: int
    request: int


class Numbered(msgspec.Struct, gc=False):
    """A posting and its place in the voucher series of its type and fiscal year."""

    posting: Posting
    year: int
    number: int


@dataclass(slots=True)
class Text:
    """Rows of one append, by table."""

    vouchers: list[str] = field(default_factory=list)
    movements: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)

    def by_table(self) -> list[str]:
        """One text per hashed table, in the order of `HASHED`; order lines are derived from documents, so no hash covers them."""
        return ["".join(rows) for rows in (self.vouchers, self.movements, self.differences, self.entries, self.links)]


class Appender:
    """Writes one batch of postings, in one go or in several; afterwards `digest` is the batch's part of the hash chain.

    `batch_no` and `now` (PostgreSQL's text of a timestamp) go into every voucher. Counters advance as rows are numbered.
    """

    def __init__(self, names: Names, counters: Counters, batch_no: int, now: str) -> None:
        self._names = names
        self._counters = counters
        self._batch_no = batch_no
        self._now = now
        self._hashes = [hashlib.sha256() for _ in HASHED]
        self.vouchers = 0

    def append(self, connection: Rows, postings: list[Numbered]) -> None:
        """Write the postings' rows to all ledgers, behind the caller's back.

        Errors: those of PostgreSQL, an unbalanced posting among them; at the latest from what is asked of the connection next.
        """
        if not postings:
            return
        text = self._rows(postings)
        # Names that no row carried before get their numbers now; only then can the rows be told in full.
        while self._names.settle(connection):
            text = self._rows(postings)
        self._count(postings)
        self.vouchers += len(postings)
        for (table, columns), told, total in zip(HASHED, text.by_table(), self._hashes, strict=True):
            if told:
                rows = told.encode()
                total.update(rows)
                connection.copy_behind(table, columns, rows)
        copy_in(connection, "order_line", ORDER_LINE, "".join(text.orders))
        self._request_reposts(connection, postings)

    def digest(self, previous: bytes) -> bytes:
        """The hash of everything appended so far, chained to the batch before."""
        return chained(previous, (total.digest() for total in self._hashes))

    def _rows(self, postings: list[Numbered]) -> Text:
        text = Text()
        counters = self._counters
        difference_id, entry_id, link_id = counters.difference, counters.entry, counters.link
        company = self._names.company
        stamps: dict[int, str] = {}
        days: dict[date, str] = {}
        for line, numbered in enumerate(postings, self.vouchers + 1):
            posting = numbered.posting
            voucher = posting.voucher
            at = stamps.get(voucher.at) or stamps.setdefault(voucher.at, stamp_instant(voucher.at))
            day = days.get(voucher.date) or days.setdefault(voucher.date, voucher.date.isoformat())
            figures = escape_json(_json(voucher.figures).decode())
            text.vouchers.append(
                f"{company}\t{voucher.sequence}\t{voucher.type}\t{escape(voucher.number)}\t{numbered.year}\t{numbered.number}\t{at}\t"
                f"{day}\t{voucher.reverses}\t{figures}\t{self._batch_no}\t{line}\t{self._now}\n"
            )
            if posting.movements:
                text.movements += self._movements(posting.movements, stamps, days)
            if posting.differences:
                text.differences += self._differences(posting.differences, difference_id)
                difference_id += len(posting.differences)
            if posting.entries:
                text.entries += self._entries(posting.entries, entry_id, days)
                entry_id += len(posting.entries)
            if posting.links:
                text.links += self._links(posting.links, link_id)
                link_id += len(posting.links)
            if posting.orders:
                text.orders += self._orders(voucher.sequence, posting.orders)
        return text

    def _count(self, postings: list[Numbered]) -> None:
        counters = self._counters
        for numbered in postings:
            posting = numbered.posting
            if posting.movements:
                counters.movement = posting.movements[-1].id
            counters.difference += len(posting.differences)
            counters.entry += len(posting.entries)
            counters.link += len(posting.links)

    def _movements(self, movements: list[Movement], stamps: dict[int, str], days: dict[date, str]) -> list[str]:
        chains, sides, company = self._names.chains, self._names.sides, self._names.company
        rows: list[str] = []
        add = rows.append
        for m in movements:
            at = stamps.get(m.at) or stamps.setdefault(m.at, stamp_instant(m.at))
            day = days.get(m.date) or days.setdefault(m.date, m.date.isoformat())
            add(
                f"{company}\t{m.id}\t{m.voucher}\t{m.line}\t{chains[m.chain]}\t{at}\t{day}\t{m.qty}\t{m.value}\t{_BASIS[m.basis]}\t"
                f"{sides[m.account, m.contra, m.cost_center, m.dimensions, m.batch]}\t"
                f"{m.source}\t{m.stated}\t{m.weight}\t{NULL if m.counted_qty is None else m.counted_qty}\t"
                f"{NULL if m.counted_rate is None else m.counted_rate}\t{'t' if m.provisional else 'f'}\n"
            )
        return rows

    def _differences(self, differences: list[Difference], last: int) -> list[str]:
        kinds = self._names.by_kind
        accounts, centers, dimensions = kinds["account"], kinds["cost_center"], kinds["dimensions"]
        chains, company = self._names.chains, self._names.company
        return [
            f"{company}\t{number}\t0\t{d.movement}\t{d.voucher}\t{chains[d.chain]}\t{stamp_instant(d.at)}\t{d.date}\t{d.qty}\t"
            f"{d.amount}\t{d.kind:d}\t{accounts[d.account]}\t{accounts[d.contra]}\t{d.cause}\t{d.document}\t"
            f"{centers[d.cost_center]}\t{dimensions[d.dimensions]}\t{self._now}\n"
            for number, d in enumerate(differences, last + 1)
        ]

    def _entries(self, entries: list[Entry], last: int, days: dict[date, str]) -> list[str]:
        kinds = self._names.by_kind
        accounts, parties, centers, dimensions = (
            kinds[kind] for kind in ("account", "party", "cost_center", "dimensions")
        )
        currencies, company = kinds["currency"], self._names.company
        rows = []
        for e in entries:
            last += 1
            amount = e.amount
            sides = f"{amount}\t0" if amount > 0 else f"0\t{-amount}"
            day = days.get(e.date) or days.setdefault(e.date, e.date.isoformat())
            rows.append(
                f"{company}\t{last}\t0\t{e.voucher}\t{accounts[e.account]}\t{sides}\t{day}\t{parties[e.party]}\t"
                f"{centers[e.cost_center]}\t{dimensions[e.dimensions]}\t{e.against}\t{e.cause}\t{currencies[e.currency]}\t"
                f"{e.currency_amount}\t{'t' if e.is_opening else 'f'}\n"
            )
        return rows

    def _links(self, links: list[Link], last: int) -> list[str]:
        company = self._names.company
        return [
            f"{company}\t{number}\t{link.voucher}\t{link.line}\t{link.kind}\t{link.target}\t{link.target_line}\t{link.qty}\t{link.amount}\n"
            for number, link in enumerate(links, last + 1)
        ]

    def _orders(self, sequence: int, lines: list[OrderLine]) -> list[str]:
        company, chains = self._names.company, self._names.chains
        return [f"{company}\t{sequence}\t{o.line}\t{chains[o.chain]}\t{o.qty}\t{o.whole}\n" for o in lines]

    def _request_reposts(self, connection: Rows, postings: list[Numbered]) -> None:
        rows = []
        for numbered in postings:
            for request in numbered.posting.reposts:
                self._counters.request += 1
                number = self._names.chains[request.chain]
                document = numbered.posting.voucher.sequence
                rows.append(
                    f"{self._names.company}\t{self._counters.request}\t{number}\t{request.at}\t{request.sequence}\t{request.tail_at}\t"
                    f"{request.tail_sequence}\t{document}\t{self._now}\t{NULL}\n"
                )
        columns = "company_id, request_id, chain_id, from_at, from_sequence, tail_at, tail_sequence, document_id, requested_at, run_id"
        copy_in(connection, "repost_request", columns, "".join(rows))


def chained(previous: bytes, digests: Iterable[bytes]) -> bytes:
    """The hash of a batch: of the hash before it and the digest of each hashed table's rows."""
    total = hashlib.sha256(previous)
    for digest in digests:
        total.update(digest)
    return total.digest()
