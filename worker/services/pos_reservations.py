"""Hard reservations: a till asks for goods before it sells them, and of all that ask for the last unit one gets it."""

from __future__ import annotations

from typing import Any

from domain.errors import Unavailable
from domain.quantity import Quantity, show_quantity
from domain.stock_ledger import Chain
from worker.pos_subledger import AWAY, Reservation
from worker.services.pos_mirror import rebuild
from worker.services.tools import Tools
from worker.store.names.companies import company_id
from worker.store.pos.reserved import stock_seen

LASTS_SECONDS = 300
MOST_LOOKS = 10


def reserve(
    tools: Tools, company: str, hold: str, lines: list[dict[str, Any]], seconds: int = LASTS_SECONDS
) -> dict[str, Any]:
    """Hold goods for a till under a name of its own choosing; all of them, or none.

    `lines`: item, warehouse, qty in stock units, and batch (or serial) where there is one. Gives `status` held, short (with item,
    warehouse and what is free) or conflict (the name holds other goods). Asking again for the same changes nothing.
    Errors: Unavailable; PerpetuaError for an unknown company; ValueError for a quantity that is no number.
    """
    goods: dict[Chain, int] = {}
    for line in lines:
        chain = Chain(line["item"], line["warehouse"], line.get("batch") or "")
        goods[chain] = goods.get(chain, 0) + Quantity.parse(line["qty"])
    number = _company(tools, company)
    for _ in range(MOST_LOOKS):
        with tools.database.transaction() as connection:
            seen = stock_seen(connection, number, list(goods))
        try:
            reservation = tools.subledger.reserve(
                number, hold, {chain: (qty, seen.stock[chain]) for chain, qty in goods.items()}, stamp=seen.batch_no,
                milliseconds=seconds * 1000,
            )  # fmt: skip
        except AWAY as error:
            raise _away(error) from error
        if reservation.status == "lost":
            rebuild(tools, number)
        elif reservation.status != "stale":
            return _told(hold, reservation)
    raise Unavailable("StockMoving", f"The reservation {hold} kept meeting newer stock than it had read. Ask again.")


def confirm(tools: Tools, company: str, hold: str) -> bool:
    """Keep a hold until its sale arrives, because the customer has paid; False where it has run out. Errors: Unavailable."""
    number = _company(tools, company)
    try:
        return tools.subledger.confirm(number, hold)
    except AWAY as error:
        raise _away(error) from error


def release(tools: Tools, company: str, hold: str) -> bool:
    """Give a hold back; False where there is none. Errors: Unavailable."""
    number = _company(tools, company)
    try:
        return tools.subledger.release(number, hold)
    except AWAY as error:
        raise _away(error) from error


def _company(tools: Tools, name: str) -> int:
    with tools.database.transaction() as connection:
        return company_id(connection, name)


def _told(hold: str, reservation: Reservation) -> dict[str, Any]:
    told: dict[str, Any] = {"reservation": hold, "status": reservation.status}
    if reservation.chain is not None:
        chain = reservation.chain
        told |= {
            "item": chain.item, "warehouse": chain.warehouse, "batch": chain.part, "free": show_quantity(reservation.free)
        }  # fmt: skip
    return told


def _away(error: Exception) -> Unavailable:
    return Unavailable("SubledgerUnavailable", f"Redis does not answer, so nothing can be held: {error}.")
