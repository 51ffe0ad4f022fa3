"""Counts beside tills, put right: one took for missing what a till had sold and told of only later, or for sold what is booked already.

A count is compared with the books less what tills had sold by its moment and the books did not have by then. Which sales those are shows
in the end only: one comes in late, another is booked by a closing that is dated before the count. So each closing, and each cancel of one,
holds the counts behind its earliest sale against that once more, and what a count was off by goes back to its own account: by a stock entry
right behind the count, where that day is open.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC
from functools import partial
from typing import cast

from domain import accounting_period
from domain.books import Link, Posting
from domain.documents import StockEntry, StockReconciliation
from domain.documents import stock_entry as entries
from domain.documents.plan import Head
from domain.documents.stock_entry import StockEntryLine
from domain.errors import DocumentRejected
from domain.exact import MICRO
from domain.master_view import MasterView
from domain.masters import PosProfile
from domain.posting import post_planned
from domain.posting_time import PostingTime, from_instant
from domain.quantity import Quantity
from domain.stock_ledger import lot_of
from domain.till_sales import sold_beside
from worker.messages import encode
from worker.services.pos_closing.desk import LaneDesk
from worker.store.books.standing_counts import StandingCount, standing_counts
from worker.store.intake.generated import Made, file_documents, free_numbers

_LONGEST_STEM = 120


def put_right(desk: LaneDesk, since: int | None, until: int | None = None, fallback: int | None = None) -> None:
    """Put counts right from one instant on (None: there was no sale) and before another; one that can't be now waits for the next closing.

    `fallback` is the instant for what a closed period keeps from being posted where it belongs. Errors: those of PostgreSQL.
    """
    profiles = cast("Iterable[PosProfile]", desk.books.view.book.all("pos_profile"))
    warehouses = sorted({profile.warehouse for profile in profiles if profile.warehouse})
    if since is None:
        return
    desk.flush()
    counts = standing_counts(desk.connection, desk.company, warehouses, since, until)
    if not counts:
        return
    desk.books.open_sales.clear()
    desk.answers.load_vouchers(dict.fromkeys(("stock_reconciliation", count.number) for count in counts))
    for count in counts:
        if missing := _missing(desk, count):
            _post(desk, count, missing, fallback)


def _missing(desk: LaneDesk, count: StandingCount) -> int:
    """By how much the books should hold more behind the count than they were told to (millionths)."""
    movement = count.movement
    voucher = desk.answers.answered(lambda: desk.books.voucher("stock_reconciliation", count.number))
    assert voucher is not None  # noqa: S101 - its movement was just read
    line = cast("StockReconciliation", voucher.document).lines[movement.line - 1]
    found = line.qty or 0 if line.serials is None else MICRO * (movement.chain.part in line.serials)
    sold = desk.answers.answered(lambda: sold_beside(lot_of(movement), movement.at, desk.books))
    return found + sold - (movement.counted_qty or 0) - count.put_right


def _post(desk: LaneDesk, count: StandingCount, missing: int, fallback: int | None) -> None:
    """Post the entry where the count lies, else at the `fallback`; nothing where it is refused there, for want of stock perhaps."""
    view, movement = desk.books.view, count.movement
    at = movement.at
    try:
        accounting_period.require_open(movement.date, "stock_entry", view.periods, view.frozen_upto)
    except DocumentRejected:
        if fallback is None:
            return
        at = fallback
    (number,) = free_numbers(desk.connection, desk.company, "stock_entry", count.number[:_LONGEST_STEM], 1)
    entry = _entry(count, number, missing, at, view)
    try:
        with desk.connection.transaction():
            filed = [Made("stock_entry", number, encode(entry))]
            (sequence,) = file_documents(desk.connection, desk.company, filed, desk.lane.now)
            day = from_instant(at).astimezone(view.zone).date()
            head = Head(sequence, "stock_entry", number, at, day, view, view.cost_center, movement.dimensions)
            desk.post(partial(_decide, desk, head, entry, count), entry, first=True)
    except DocumentRejected:
        return


def _decide(desk: LaneDesk, head: Head, entry: StockEntry, count: StandingCount) -> Posting:
    plan = entries.plan(entry, head, desk.books)
    movement = count.movement
    plan.links.append(Link(head.sequence, 1, "recounts", movement.voucher, movement.line, abs(plan.movements[0].qty)))
    return post_planned(head, plan, desk.books)


def _entry(count: StandingCount, number: str, missing: int, at: int, view: MasterView) -> StockEntry:
    movement, back = count.movement, missing > 0
    has_serials = view.kept_item(movement.chain.item).has_serial
    line = StockEntryLine(
        item=movement.chain.item,
        source=None if back else movement.chain.warehouse,
        target=movement.chain.warehouse if back else None,
        qty=Quantity(abs(missing)),
        batch=movement.batch or None,
        serials=[movement.chain.part] if has_serials else None,
        cost_center=movement.cost_center or None,
        dimensions=json.loads(movement.dimensions) if movement.dimensions else None,
    )
    return StockEntry(
        company=view.company.name,
        number=number,
        posting_datetime=PostingTime(from_instant(at).astimezone(UTC)),
        purpose="material_receipt" if back else "material_issue",
        lines=[line],
        difference_account=movement.contra,
        remarks=f"The count {count.number} put right: "
        + ("a till had sold these goods by then." if back else "a till's sale of these goods was booked by then."),
    )
