"""The drawer of a closing: what should be in it, the sales that were set aside included, and what is over or short."""

from __future__ import annotations

from dataclasses import dataclass

from domain.documents import PosClosing
from domain.documents.plan import Head, Plan
from domain.pos_consolidation import Consolidated, Waiting, count_cash, money_apart
from worker.services.pos_closing.choosing import Chosen
from worker.services.pos_closing.desk import LaneDesk
from worker.store.pos.set_aside import note_expected, sales_set_aside


@dataclass(slots=True)
class Drawer:
    """Over and short as entries, the drawer as figures, and the sales whose money was expected apart."""

    plan: Plan
    figures: list[dict[str, object]]
    apart: list[Waiting]

    def note(self, desk: LaneDesk, sequence: int) -> None:
        """Keep whose money this closing has expected, so that no other closing does."""
        note_expected(desk.connection, desk.company, sequence, self.apart)


def count_drawer(desk: LaneDesk, closing: PosClosing, head: Head, chosen: Chosen, made: list[Consolidated]) -> Drawer:
    """Compare the drawer with what it should hold. Errors: DocumentRejected; those of PostgreSQL."""
    floats: dict[str, int] = {}
    for session in chosen.sessions:
        for mode, amount in session.floats.items():
            floats[mode] = floats.get(mode, 0) + amount
    plan, apart = Plan(), _apart(desk, closing, chosen, made)
    show = head.view.currency.show
    counts = count_cash(plan, closing, head, floats, made, money_apart(apart))
    figures: list[dict[str, object]] = [
        {
            "mode": count.mode, "expected": show(count.expected), "set_aside": show(count.set_aside),
            "counted": None if count.counted is None else show(count.counted), "difference": show(count.difference),
        }
        for count in counts
    ]  # fmt: skip
    return Drawer(plan, figures, apart)


def _apart(desk: LaneDesk, closing: PosClosing, chosen: Chosen, made: list[Consolidated]) -> list[Waiting]:
    """Sales whose money this closing has to expect though it does not take them up, or the other way round."""
    found = sales_set_aside(
        desk.connection, desk.company, closing.pos_profile, chosen.user, chosen.named, list(chosen.aside)
    )
    asked = {sale.sequence for sale in found}
    taken_up = {sequence for one in made for sequence in one.tally.sequences if sequence in asked} if asked else set()
    left = [sale._replace(status="consolidated") if sale.sequence in taken_up else sale for sale in found]
    return [sale for sale in left if sale.times]
