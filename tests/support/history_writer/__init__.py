"""Writes random documents one by one, remembering what later ones may refer to; one file for each side of the business."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.support.history_writer.pen import BATCHED, CURRENCIES, PLAIN, WAREHOUSES, Json, Pen, Setting
from tests.support.history_writer.purchases import Purchases
from tests.support.history_writer.sales import Sales
from tests.support.history_writer.settling import Settling
from tests.support.history_writer.stock import Stock

__all__ = [
    "BATCHED",
    "CURRENCIES",
    "KINDS",
    "PLAIN",
    "TRANSFORMING",
    "WAREHOUSES",
    "Json",
    "Setting",
    "changing_masters",
    "closed_january",
    "refers_to",
    "write",
    "year_ends",
]


def _kinds(pen: Pen) -> dict[str, Callable[[], Json | None]]:
    """What can be written, by name; a document that has nothing to refer to yet is left out (None)."""
    buying, selling, keeping, settling = Purchases(pen), Sales(pen), Stock(pen), Settling(pen)
    return {
        "order": buying.order, "receipt": buying.receipt, "stock_bill": buying.stock_bill, "bill": buying.bill,
        "early_bill": buying.early_bill, "late_receipt": buying.late_receipt, "purchase_return": buying.give_back,
        "debit_note": buying.debit_note, "landed_cost": buying.landed_cost, "delivery": selling.delivery, "sale": selling.sale,
        "invoice": selling.invoice, "sales_return": selling.take_back, "sales_order": selling.order,
        "material_receipt": keeping.material_receipt, "material_issue": keeping.material_issue,
        "transfer": keeping.transfer, "manufacture": keeping.manufacture, "repack": keeping.repack, "count": keeping.count,
        "opening": keeping.opening, "payment": settling.payment, "journal": settling.journal, "cancel": settling.cancel,
    }  # fmt: skip


KINDS = tuple(_kinds(Pen(Random(0), Setting())))
TRANSFORMING = ("manufacture", "repack")


def write(random: Random, length: int, setting: Setting) -> list[Json]:
    """Up to `length` documents after some opening receipts."""
    pen = Pen(random, setting)
    _begin(pen, length)
    return pen.documents


def closed_january(random: Random, length: int, setting: Setting) -> list[Json]:
    """Documents of January in any order, then as many of February in the order of time, some of which reach back into January.

    What February itself brought in is neither charged, billed nor cancelled later, so that a day's stock is that of the documents up to it.
    """
    pen = Pen(random, replace(setting, backdated=True))
    kinds = _begin(pen, length)
    known = {document["number"] for document in pen.documents if document["posting_datetime"] < "2026-02"}
    pen.setting = replace(setting, backdated=False)
    pen.wait_until(40_320)
    for _ in range(length):
        pen.wait(random.choice((1, 1_440)))
        document = kinds[random.choice(setting.kinds or KINDS)]()
        if document is None or (document["type"] in _REACH_BACK and not refers_to(document) <= known):
            continue
        pen.add(document)
    return pen.documents


def changing_masters(random: Random, length: int, setting: Setting) -> list[Json]:
    """Documents in the order of time; now and then a warehouse gets another stock account, or an item another valuation method."""
    pen = Pen(random, replace(setting, backdated=False))
    kinds = _begin(pen, 2)
    for _ in range(length):
        if pen.chance(0.1):
            account = random.choice(("Stock In Hand", "Stores", "Finished Goods"))
            pen.add({**pen.head("warehouse", "W"), "name": pen.place(), "account": account})
            pen.add({**pen.head("stock_entry", "AT"), "purpose": "account_transfer", "lines": []})
        elif pen.chance(0.1) and (items := [item for item in setting.items if item in PLAIN]):
            method = random.choice(("fifo", "lifo", "moving_average"))
            pen.add({**pen.head("item", "I"), "code": random.choice(items), "valuation_method": method})
        else:
            pen.add(kinds[random.choice(setting.kinds or KINDS)]())
    return pen.documents


def year_ends(random: Random, length: int, setting: Setting) -> list[Json]:
    """Documents in any order of time; now and then the year, which ends in June, is closed with some of it still to come."""
    pen = Pen(random, replace(setting, backdated=True))
    kinds, settling = _begin(pen, 2), Settling(pen)
    for _ in range(length):
        pen.add(settling.year_end() if pen.chance(0.2) else kinds[random.choice(setting.kinds or KINDS)]())
    return pen.documents


_REACH_BACK = ("landed_cost_voucher", "purchase_invoice", "cancel")


def _begin(pen: Pen, length: int) -> dict[str, Callable[[], Json | None]]:
    kinds = _kinds(pen)
    for _ in range(3):
        pen.add(kinds["receipt"]())
    for _ in range(length):
        pen.add(kinds[pen.random.choice(pen.setting.kinds or KINDS)]())
    return kinds


def refers_to(document: Json) -> set[str]:
    """The numbers of the documents that a document names, which must be accepted before it."""
    found = {document.get("return_against"), document.get("target", {}).get("number"), *document.get("receipts", ())}
    for line in document.get("lines", ()):
        for name in ("against_receipt", "against_delivery", "against_invoice", "against_order"):
            found.add(line.get(name, {}).get("number"))
    found |= {share["number"] for share in document.get("receipt_lines", ())}
    found |= {settled["number"] for settled in document.get("against", ())}
    return {number for number in found if number}
