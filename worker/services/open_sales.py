"""What tills had sold by a moment, and the books don't have by then: what a count made at that moment finds gone from the shelf."""

from __future__ import annotations

from datetime import UTC, datetime, time

from domain.master_view import MasterView
from domain.masters import PosProfile
from domain.pos_receipt import PosReceipt
from domain.posting_time import from_instant
from scheduler.slots import closing_slots
from worker.store.database import Rows
from worker.store.pos.sales import not_booked_by


def sold_and_not_booked(connection: Rows, company: int, at: int, view: MasterView) -> list[PosReceipt]:
    """Receipts of sales that a closing dated after a moment (microseconds since 1970) has booked, or is to book.

    A till that closes by the clock dates its closing at its hour, also where that is made up for later: what it will have taken out
    of the books by the moment is not told.
    """
    moment = from_instant(at).astimezone(UTC)
    found = []
    for receipt, profile in not_booked_by(connection, company, at):
        known = view.book.get("pos_profile", profile)
        if not (isinstance(known, PosProfile) and _closes_between(known, receipt.at, moment, view)):
            found.append(receipt)
    return found


def _closes_between(profile: PosProfile, event: int, moment: datetime, view: MasterView) -> bool:
    """Whether the closing that takes up a sale of this instant is dated no later than the moment."""
    if not profile.closes_at:
        return False
    opens, closes = time.fromisoformat(profile.opens_at or "00:00"), time.fromisoformat(profile.closes_at)
    sold = from_instant(event).astimezone(view.zone)
    before = sold.date().fromordinal(sold.date().toordinal() - 2)
    slots = closing_slots(opens, closes, view.zone, now=moment, since=before)
    return any(slot.posted_at >= sold.replace(tzinfo=None) for slot in slots)
