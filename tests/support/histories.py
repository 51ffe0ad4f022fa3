"""Random histories of a small company: every document that moves stock or money, in every valuation method, in and out of order.

A history is a list of documents as their publishers send them. The same random source gives the same history; a reference always
names a document that comes earlier in the list. Whether the books accept a document is theirs to say. `history_writer` writes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from zlib import crc32

from tests.support.history_writer import (
    BATCHED,
    CURRENCIES,
    KINDS,
    PLAIN,
    TRANSFORMING,
    WAREHOUSES,
    Json,
    Setting,
    changing_masters,
    closed_january,
    refers_to,
    write,
    year_ends,
)
from tests.support.oracle import Ledger, Oracle
from tests.support.paper_company import PaperCompany

__all__ = [
    "ACCOUNTS", "ITEMS", "PLAIN", "History", "Json", "Setting", "any_setting", "by_hand", "changing_masters", "closed_january",
    "history", "masters", "open_company", "valued_by_hand", "year_ends",
]  # fmt: skip

# What a Box holds, where lines are told in boxes.
_BOXED: Json = {"stock_uom": "Piece", "uoms": {"Box": "12"}}
ITEMS: dict[str, Json] = {
    "FIRST": {"valuation_method": "fifo", **_BOXED},
    "LAST": {"valuation_method": "lifo", **_BOXED},
    "MEAN": {"valuation_method": "moving_average", **_BOXED},
    "BATCH": {"valuation_method": "fifo", "has_batch": True, "batch_wise_valuation": True},
    "POOL": {"valuation_method": "fifo", "has_batch": True, "batch_wise_valuation": False},
    "SERIAL": {"valuation_method": "fifo", "has_serial": True},
    "SET": {"is_stock_item": False, "bundle": {"FIRST": "2", "MEAN": "1"}},
    "SERVICE": {"is_stock_item": False},
}


# The stock accounts of the warehouses.
ACCOUNTS = {"Store": "Stock In Hand", "Shop": "Stores", "Depot": "Finished Goods"}


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
            "allow_negative_stock": setting.negatives, "rate_difference": setting.rate_difference,
            "perpetual_inventory": setting.perpetual, "provisional_accounting_for_non_stock": setting.provisional,
        },
        {"type": "warehouse", "name": "Store", "company": "Paper"},
        {"type": "warehouse", "name": "Shop", "company": "Paper", "account": "Stores"},
        {"type": "warehouse", "name": "Depot", "company": "Paper", "account": "Finished Goods"},
    ]  # fmt: skip
    own += [{"type": "item", "code": code, "valuation_rate": "7", **shape} for code, shape in ITEMS.items()]
    own += [{"type": "batch", "name": f"{item}-{n}", "item": item} for item in BATCHED for n in (1, 2)]
    own.append({"type": "cost_center", "company": "Paper", "name": "North"})
    own += [{"type": "supplier", "name": "Farm"}, {"type": "customer", "name": "Ann"}]
    return own


def open_company(setting: Setting) -> PaperCompany:
    """A company with its masters, and nothing in stock."""
    company = PaperCompany("Paper")
    for master in masters(setting):
        company.master(json.dumps(master).encode())
    return company


def history(random: Random, length: int, setting: Setting) -> History:
    """A history of up to `length` documents after some opening receipts."""
    return History(setting, write(random, length, setting))


def any_setting(random: Random) -> Setting:
    """A company of any kind: its currency, what it deals in, where it keeps it, and whether it sells what it hasn't got."""
    items = random.choice((PLAIN, PLAIN, (random.choice(PLAIN),), BATCHED, ("SERIAL",), tuple(ITEMS)[:6]))
    # A history of many kinds seldom comes to the odd corners of one, so every other one has a few only.
    few = random.sample(KINDS, 7) if random.random() < 0.5 else KINDS
    makes = set(items) & set(PLAIN)
    return Setting(
        precision=random.choice((0, 2, 2, 3)), negatives=random.random() < 0.5, items=items,
        kinds=tuple(kind for kind in KINDS if kind in few and (makes or kind not in TRANSFORMING)) or ("receipt",),
        warehouses=WAREHOUSES[: random.randint(1, 3)], backdated=random.random() < 0.8, whole=random.random() < 0.3,
        rate_difference=random.choice(("revalue", "revalue", "revalue", "variance", "variance", "leave", "refuse")),
        provisional=random.random() < 0.3,
    )  # fmt: skip


def standing(accepted: Iterable[Json]) -> list[Json]:
    """The documents that nobody cancelled, of those that the books accepted."""
    known = list(accepted)
    cancelled = {document["target"]["number"] for document in known if document["type"] == "cancel"}
    return [d for d in known if d["type"] != "cancel" and d["number"] not in cancelled]


def valued_by_hand(setting: Setting, accepted: Iterable[Json]) -> Oracle:
    """The stock ledger of a company as it is worked out without the engine, after documents that its books accepted."""
    oracle = Oracle(ITEMS, setting.precision, setting.rate_difference)
    oracle.tell(standing(accepted))
    return oracle


def by_hand(setting: Setting, accepted: Iterable[Json]) -> tuple[Oracle, Ledger]:
    """Both ledgers of a company, worked out likewise. What a year's closing found is what had been accepted by then."""
    known = list(accepted)
    documents = standing(known)
    oracle = valued_by_hand(setting, documents)
    ledger = Ledger(oracle, ACCOUNTS, perpetual=setting.perpetual, provisional=setting.provisional)
    ledger.tell(documents)
    for place, document in enumerate(known):
        if document["type"] == "period_closing" and document in documents:
            ledger.close(document["number"], by_hand(setting, known[:place])[1])
    return oracle, ledger


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


def other_order(documents: list[Json]) -> list[Json]:
    """The same documents in another order of arrival, each still after those that it must follow.

    Which of two comes first does not hang on the others, so that a story stays in order while it is made smaller.
    """
    return _ordered(documents, lambda ready: min(ready, key=lambda d: crc32(d["number"].encode())))


def in_time(documents: list[Json]) -> list[Json]:
    """Documents in the order of their posting times, each still after those that it must follow."""
    return _ordered(documents, lambda ready: min(ready, key=lambda d: d["posting_datetime"]))


def _ordered(documents: list[Json], choose: Callable[[list[Json]], Json]) -> list[Json]:
    follows = _follows(documents)
    waiting, done, ordered = list(documents), set[str](), list[Json]()
    while waiting:
        chosen = choose([d for d in waiting if follows[d["number"]] <= done])
        waiting.remove(chosen)
        done.add(chosen["number"])
        ordered.append(chosen)
    return ordered


def _follows(documents: list[Json]) -> dict[str, set[str]]:
    """What each document can't come before: those that it names, and of payments what settled the same document, or was cancelled.

    What is open, and in which direction, a payment finds when it is posted.
    """
    follows = {document["number"]: refers_to(document) for document in documents}
    for place, document in enumerate(documents):
        settled = {document.get("return_against"), *(part["number"] for part in document.get("against", ()))} - {None}
        follows[document["number"]] |= {
            earlier["number"]
            for earlier in documents[:place]
            if "payment_entry" in (kinds := (document["type"], earlier["type"]))
            and ("cancel" in kinds or settled & refers_to(earlier))
        }
    return follows
