"""Random histories of a small company: every stock document, in every valuation method, in and out of order.

A history is a list of documents as their publishers send them. The same random source gives the same history; a reference always
names a document that comes earlier in the list. Whether the books accept a document is theirs to say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tests.support.paper_company import PaperCompany

Json = dict[str, Any]

WAREHOUSES = ("Store", "Shop", "Depot")
PLAIN = ("FIRST", "LAST", "MEAN")
BATCHED = ("BATCH", "POOL")
ITEMS: dict[str, Json] = {
    "FIRST": {"valuation_method": "fifo"},
    "LAST": {"valuation_method": "lifo"},
    "MEAN": {"valuation_method": "moving_average"},
    "BATCH": {"valuation_method": "fifo", "has_batch": True, "batch_wise_valuation": True},
    "POOL": {"valuation_method": "fifo", "has_batch": True, "batch_wise_valuation": False},
    "SERIAL": {"valuation_method": "fifo", "has_serial": True},
    "SET": {"is_stock_item": False, "bundle": {"FIRST": "2", "MEAN": "1"}},
    "SERVICE": {"is_stock_item": False},
}
KINDS = (
    "receipt", "stock_bill", "bill", "delivery", "sale", "purchase_return", "sales_return", "material_receipt",
    "material_issue", "transfer", "manufacture", "repack", "count", "landed_cost", "cancel",
)  # fmt: skip
CURRENCIES = {0: "JPY", 2: "EUR", 3: "KWD"}


@dataclass
class Setting:
    """What a history's company is like; `kinds` are the documents it knows."""

    precision: int = 2
    negatives: bool = False
    kinds: tuple[str, ...] = KINDS
    items: tuple[str, ...] = (*PLAIN, *BATCHED, "SERIAL")
    warehouses: tuple[str, ...] = WAREHOUSES
    backdated: bool = True
    whole: bool = False


@dataclass
class History:
    """A company and its documents in the order in which they arrive."""

    setting: Setting
    documents: list[Json] = field(default_factory=list)

    def told(self, documents: Iterable[Json] | None = None, *, repost: bool = True) -> PaperCompany:
        """A company on paper after these documents (all of them unless said otherwise); reposts run after each, or at the end."""
        company = open_company(self.setting)
        for document in self.documents if documents is None else documents:
            company.submit(json.dumps(document).encode(), repost=repost)
        company.repost()
        return company

    def accepted(self) -> list[Json]:
        """The documents that the books accept."""
        company = self.told()
        return [d for d in self.documents if not isinstance(company.outcomes[d["number"]], Exception)]


def masters(setting: Setting) -> list[Json]:
    """A company with its warehouses, its items and their batches."""
    own: list[Json] = [
        {
            "type": "company", "name": "Paper", "currency": CURRENCIES[setting.precision],
            "allow_negative_stock": setting.negatives,
        },
        {"type": "warehouse", "name": "Store", "company": "Paper"},
        {"type": "warehouse", "name": "Shop", "company": "Paper", "account": "Stores"},
        {"type": "warehouse", "name": "Depot", "company": "Paper", "account": "Finished Goods"},
    ]  # fmt: skip
    own += [{"type": "item", "code": code, "valuation_rate": "7", **shape} for code, shape in ITEMS.items()]
    own += [{"type": "batch", "name": f"{item}-{n}", "item": item} for item in BATCHED for n in (1, 2)]
    return own


def open_company(setting: Setting) -> PaperCompany:
    """A company with its masters, and nothing in stock."""
    company = PaperCompany("Paper")
    for master in masters(setting):
        company.master(json.dumps(master).encode())
    return company


def history(random: Random, length: int, setting: Setting) -> History:
    """A history of up to `length` documents after some opening receipts."""
    return History(setting, _Writer(random, setting).write(length))


def closed_january(random: Random, length: int, setting: Setting) -> list[Json]:
    """Documents of January in any order, then as many of February in the order of time, some of which reach back into January.

    What February itself brought in is neither charged, billed nor cancelled later, so that a day's stock is that of the documents up to it.
    """
    writer = _Writer(random, replace(setting, backdated=True))
    january = writer.write(length)
    known = {document["number"] for document in january}
    writer.setting = replace(setting, backdated=False)
    writer.times.add(40_320)
    for _ in range(length):
        writer.times.add(max(writer.times) + random.choice((1, 1_440)))
        document = writer.kinds[random.choice(setting.kinds)]()
        if document is None or (document["type"] in _REACH_BACK and not refers_to(document) <= known):
            continue
        writer.add(document)
    return writer.documents


_REACH_BACK = ("landed_cost_voucher", "purchase_invoice", "cancel")


class _Writer:
    """Writes documents one by one and remembers what later ones may refer to."""

    def __init__(self, random: Random, setting: Setting) -> None:
        self.random, self.setting = random, setting
        self.documents: list[Json] = []
        self.times: set[int] = set()
        self.serials = 0
        self.free_serials: list[tuple[str, str]] = []
        self.kinds: dict[str, Callable[[], Json | None]] = {
            "receipt": self.receipt, "stock_bill": self.stock_bill, "bill": self.bill, "delivery": self.delivery,
            "sale": self.sale, "purchase_return": self.purchase_return, "sales_return": self.sales_return,
            "material_receipt": self.material_receipt, "material_issue": self.material_issue,
            "transfer": self.transfer, "manufacture": self.manufacture, "repack": self.repack, "count": self.count,
            "landed_cost": self.landed_cost, "cancel": self.cancel,
        }  # fmt: skip

    def write(self, length: int) -> list[Json]:
        for _ in range(3):
            self.add(self.receipt())
        names = list(self.setting.kinds)
        for _ in range(length):
            self.add(self.kinds[self.random.choice(names)]())
        return self.documents

    def add(self, document: Json | None) -> None:
        if document is not None:
            self.documents.append({"company": "Paper", **document})

    # -- small choices ------------------------------------------------------------------------------------------------

    def head(self, type_: str, prefix: str, after: Json | None = None) -> Json:
        """A type, a number, and a posting time that no other document has: later than `after` where that is given."""
        low = _minute(after) + 1 if after else 0
        if not self.setting.backdated and self.times:
            low = max(low, max(self.times) + 1)
        minute = low + self.random.randrange(40 if not self.setting.backdated else 20_000)
        while minute in self.times:
            minute += 1
        self.times.add(minute)
        at = f"2026-{1 + minute // 40_320:02d}-{1 + minute // 1440 % 28:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}:00Z"
        return {"type": type_, "number": f"{prefix}-{len(self.documents) + 1}", "posting_datetime": at}

    def amount(self, least: int, most: int) -> str:
        """A number with as many decimals as the currency has (two more now and then: rates may be finer)."""
        if self.setting.whole:
            return str(self.random.randint(least, most))
        decimals = self.setting.precision + (2 if self.random.random() < 0.3 else 0)
        return _decimal(self.random.randint(least * 10**decimals, most * 10**decimals), decimals)

    def qty(self, most: int = 12) -> str:
        return (
            str(self.random.randint(1, most)) if self.random.random() < 0.8 else _decimal(self.random.randint(1, 99), 1)
        )

    def goods(self, most: int = 12, *, coming: bool = False) -> Json:
        """An item with its quantity, batch or serial numbers."""
        item = self.random.choice(self.setting.items)
        if item == "SERIAL":
            units = self.random.randint(1, 2)
            if coming:
                numbers = [f"S{self.serials + n}" for n in range(1, units + 1)]
                self.serials += units
            else:
                numbers = [f"S{self.random.randint(1, max(1, self.serials))}"]
            return {"item": item, "qty": str(len(numbers)), "serials": numbers}
        goods: Json = {"item": item, "qty": self.qty(most)}
        if item in BATCHED:
            goods["batch"] = f"{item}-{self.random.randint(1, 2)}"
        return goods

    def place(self) -> str:
        return self.random.choice(self.setting.warehouses)

    def earlier(self, *types: str, returns: bool = False) -> Json | None:
        found = [d for d in self.documents if d["type"] in types and bool(d.get("is_return")) == returns]
        return self.random.choice(found) if found else None

    # -- documents ----------------------------------------------------------------------------------------------------

    def bought(self) -> list[Json]:
        return [
            {**self.goods(20, coming=True), "warehouse": self.place(), "rate": self.amount(1, 30)}
            for _ in range(self.random.randint(1, 2))
        ]

    def charges(self) -> list[Json]:
        if self.random.random() < 0.6:
            return []
        return [
            {
                "account": "Freight and Forwarding Charges", "category": "valuation_and_total", "charge": "actual",
                "amount": _decimal(self.random.randint(1, 999), self.setting.precision),
            }
        ]  # fmt: skip

    def foreign(self) -> Json:
        if self.random.random() < 0.8 or self.setting.whole:
            return {}
        return {"currency": "USD", "exchange_rate": _decimal(self.random.randint(80, 130), 2)}

    def receipt(self) -> Json:
        return {
            **self.head("purchase_receipt", "PR"), "supplier": "Farm", "lines": self.bought(), "taxes": self.charges(),
            **({} if self.setting.precision < 2 else self.foreign()),
        }  # fmt: skip

    def stock_bill(self) -> Json:
        head = self.head("purchase_invoice", "PS")
        return {**head, "supplier": "Farm", "update_stock": True, "lines": self.bought(), "taxes": self.charges()}

    def bill(self) -> Json | None:
        """A bill for some of a receipt, at its rate or another."""
        receipt = self.earlier("purchase_receipt")
        if receipt is None or "exchange_rate" in receipt:
            return None
        place = self.random.randrange(len(receipt["lines"]))
        line = receipt["lines"][place]
        rate = line["rate"] if self.random.random() < 0.4 else self.amount(1, 30)
        billed = {
            "item": line["item"], "warehouse": line["warehouse"], "rate": rate, "qty": self.part_of(line["qty"]),
            "against_receipt": {"number": receipt["number"], "line": place + 1},
        }  # fmt: skip
        return {**self.head("purchase_invoice", "PI", receipt), "supplier": "Farm", "lines": [billed]}

    def part_of(self, qty: str) -> str:
        if self.setting.whole or self.random.random() < 0.5 or "." in qty:
            return qty
        return str(self.random.randint(1, int(qty)))

    def sold(self) -> list[Json]:
        return [
            {**self.goods(), "warehouse": self.place(), "rate": self.amount(1, 40)}
            for _ in range(self.random.randint(1, 2))
        ]

    def delivery(self) -> Json:
        lines = self.sold()
        if self.random.random() < 0.15 and {"FIRST", "MEAN"} <= set(self.setting.items):
            lines.append({"item": "SET", "qty": "1", "warehouse": self.place(), "rate": "9"})
        return {**self.head("delivery_note", "DN"), "customer": "Ann", "lines": lines}

    def sale(self) -> Json:
        return {**self.head("sales_invoice", "SI"), "customer": "Ann", "update_stock": True, "lines": self.sold()}

    def returned(self, original: Json, prefix: str) -> Json:
        place = self.random.randrange(len(original["lines"]))
        line = original["lines"][place]
        back = {key: value for key, value in line.items() if key in ("item", "warehouse", "rate", "batch", "serials")}
        back["qty"] = f"-{line['qty'] if 'serials' in line else self.part_of(line['qty'])}"
        back["return_of"] = place + 1
        back_to: Json = {
            **self.head(original["type"], prefix, original),
            "is_return": True,
            "return_against": original["number"],
        }
        for key in ("supplier", "customer", "update_stock", "currency", "exchange_rate"):
            if key in original:
                back_to[key] = original[key]
        return {**back_to, "lines": [back]}

    def purchase_return(self) -> Json | None:
        original = self.earlier("purchase_receipt", "purchase_invoice")
        if original is None or (original["type"] == "purchase_invoice" and not original.get("update_stock")):
            return None
        return self.returned(original, "RR")

    def sales_return(self) -> Json | None:
        original = self.earlier("delivery_note", "sales_invoice")
        return self.returned(original, "CR") if original else None

    def entry(self, purpose: str, lines: list[Json], costs: bool = False) -> Json:
        more: Json = {}
        if costs and self.random.random() < 0.5:
            amount = _decimal(self.random.randint(1, 500), self.setting.precision)
            more["additional_costs"] = [{"account": "Expenses Included In Valuation", "amount": amount}]
        return {**self.head("stock_entry", "SE"), "purpose": purpose, "lines": lines, **more}

    def material_receipt(self) -> Json:
        line = {**self.goods(coming=True), "to": self.place()}
        if self.random.random() < 0.7:
            line["rate"] = self.amount(1, 30)
        return self.entry("material_receipt", [line], costs=True)

    def material_issue(self) -> Json:
        return self.entry("material_issue", [{**self.goods(), "from": self.place()}])

    def transfer(self) -> Json | None:
        if len(self.setting.warehouses) < 2:
            return None
        source, target = self.random.sample(self.setting.warehouses, 2)
        return self.entry("material_transfer", [{**self.goods(), "from": source, "to": target}], costs=True)

    def made(self, *, scrap: bool, finished: int) -> list[Json]:
        goods = [item for item in self.setting.items if item in PLAIN]
        inputs = [
            {"item": self.random.choice(goods), "qty": self.qty(), "from": self.place()}
            for _ in range(self.random.randint(1, 2))
        ]
        outputs: list[Json] = [
            {"item": item, "qty": self.qty(), "to": self.place(), "finished": True}
            for item in self.random.sample(goods, min(finished, len(goods)))
        ]
        if scrap:
            outputs.append(
                {"item": self.random.choice(goods), "qty": "1", "to": self.place(), "rate": "1", "scrap": True}
            )
        return inputs + outputs

    def manufacture(self) -> Json:
        return self.entry("manufacture", self.made(scrap=self.random.random() < 0.5, finished=1), costs=True)

    def repack(self) -> Json:
        return self.entry("repack", self.made(scrap=False, finished=self.random.randint(1, 2)), costs=True)

    def count(self) -> Json | None:
        """A physical count: quantity, rate, or both; its difference account is stated, so that it does not hang on what came before."""
        items = [item for item in self.setting.items if item != "SERIAL"]
        if not items:
            return None
        item = self.random.choice(items)
        line: Json = {"item": item, "warehouse": self.place()}
        if item in BATCHED:
            line["batch"] = f"{item}-{self.random.randint(1, 2)}"
        kind = self.random.randrange(3)
        if kind != 1:
            line["qty"] = str(self.random.randint(0, 15))
        if kind != 0:
            line["rate"] = self.amount(1, 30)
        head = self.head("stock_reconciliation", "SR")
        return {**head, "difference_account": "Stock Adjustment", "lines": [line]}

    def landed_cost(self) -> Json | None:
        receipt = self.earlier("purchase_receipt")
        if receipt is None:
            return None
        amount = _decimal(self.random.randint(-300, 900) or 5, self.setting.precision)
        return {
            **self.head("landed_cost_voucher", "LC"), "receipts": [receipt["number"]],
            "distribute_by": self.random.choice(("amount", "qty")),
            "charges": [{"account": "Customs Duty", "amount": amount}],
        }  # fmt: skip

    def cancel(self) -> Json | None:
        target = self.random.choice(self.documents)
        if target["type"] == "cancel":
            return None
        return cancel_of(target, self.head("cancel", "CX", target))


def cancel_of(target: Json, head: Json | None = None) -> Json:
    """A cancel of a document."""
    head = head or {"type": "cancel", "number": f"CX-{target['number']}", "posting_datetime": "2026-12-31T00:00:00Z"}
    return {"company": "Paper", **head, "target": {"type": target["type"], "number": target["number"]}}


def refers_to(document: Json) -> set[str]:
    """The numbers of the documents that a document names, which must be accepted before it."""
    found = {document.get("return_against"), document.get("target", {}).get("number"), *document.get("receipts", ())}
    for line in document.get("lines", ()):
        for name in ("against_receipt", "against_delivery", "against_invoice"):
            found.add(line.get(name, {}).get("number"))
    return {number for number in found if number}


def any_setting(random: Random) -> Setting:
    """A company of any kind: its currency, what it deals in, where it keeps it, and whether it sells what it hasn't got."""
    items = random.choice((PLAIN, PLAIN, (random.choice(PLAIN),), BATCHED, ("SERIAL",), tuple(ITEMS)[:6]))
    makes = set(items) & set(PLAIN)
    return Setting(
        precision=random.choice((0, 2, 2, 3)), negatives=random.random() < 0.5, items=items,
        kinds=tuple(kind for kind in KINDS if makes or kind not in ("manufacture", "repack")),
        warehouses=WAREHOUSES[: random.randint(1, 3)], backdated=random.random() < 0.8, whole=random.random() < 0.3,
    )  # fmt: skip


def smallest(documents: list[Json], fails: Callable[[list[Json]], bool]) -> list[Json]:
    """The documents without those that a failure can do without, so that it reads as a story."""
    kept, shrunk = list(documents), True
    while shrunk:
        shrunk = False
        for place in reversed(range(len(kept))):
            fewer = kept[:place] + kept[place + 1 :]
            if fails(fewer):
                kept, shrunk = fewer, True
    return kept


def other_order(documents: list[Json], random: Random) -> list[Json]:
    """The same documents in another order of arrival, each still after those that it must follow."""
    follows = _follows(documents)
    waiting, done, ordered = list(documents), set[str](), list[Json]()
    while waiting:
        chosen = random.choice([d for d in waiting if follows[d["number"]] <= done])
        waiting.remove(chosen)
        done.add(chosen["number"])
        ordered.append(chosen)
    return ordered


def in_time(documents: list[Json]) -> list[Json]:
    """Documents in the order of their posting times, each still after those that it must follow."""
    follows = _follows(documents)
    waiting, done, ordered = sorted(documents, key=lambda d: d["posting_datetime"]), set[str](), list[Json]()
    while waiting:
        chosen = next(d for d in waiting if follows[d["number"]] <= done)
        waiting.remove(chosen)
        done.add(chosen["number"])
        ordered.append(chosen)
    return ordered


def _follows(documents: list[Json]) -> dict[str, set[str]]:
    """What each document can't come before: those that it names and, of purchases, those that had a share of the same receipt.

    Shares of a receipt's price are given to bills and returns in the order of acceptance; only their sum is the same in any order.
    """
    follows: dict[str, set[str]] = {}
    shared: dict[str, set[str]] = {}
    for document in documents:
        follows[document["number"]] = named = refers_to(document)
        if document["type"] in ("purchase_receipt", "purchase_invoice"):
            for original in named & shared.keys():
                named |= shared[original]
            for original in refers_to(document):
                shared.setdefault(original, set()).add(document["number"])
    return follows


def _decimal(units: int, decimals: int) -> str:
    sign, digits = ("-", str(-units)) if units < 0 else ("", str(units))
    digits = digits.rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def _minute(document: Json) -> int:
    at = document["posting_datetime"]
    month, day, hour, minute = int(at[5:7]), int(at[8:10]), int(at[11:13]), int(at[14:16])
    return (month - 1) * 40_320 + (day - 1) * 1440 + hour * 60 + minute
