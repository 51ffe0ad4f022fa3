"""Long random histories end where the field's own way of valuing ends: quantities, values and accounts.

Documents arrive in any order, and reposting brings the books to the order of posting times; the peer is told them in that order at once.
Differences that are meant: a count with a blank rate keeps the rate of its place in time here (the peer's that of its arrival), and what
covers a shortage exactly is the last known cost here (the peer's stays the shortage's). The histories ask for neither.
"""

from __future__ import annotations

import json
from collections import defaultdict
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from domain.books import Posting
from tests.support.paper_company import PaperCompany
from tests.support.peer_queue import PeerBooks

Json = dict[str, Any]

METHODS = {"FIRST": "fifo", "LAST": "lifo", "MEAN": "moving_average"}
WAREHOUSES = ("Store", "Shop", "Depot")
LENGTH = 160
# A row's value is rounded to the cent by both, and a transfer carries a rounded value on.
ALLOWED = Fraction(2, 100)


def company(*, negatives: bool) -> PaperCompany:
    """A company that keeps each item by a method of its own."""
    paper = PaperCompany("Paper")
    masters: list[Json] = [
        {"type": "company", "name": "Paper", "currency": "EUR", "allow_negative_stock": negatives},
        *({"type": "warehouse", "company": "Paper", "name": name} for name in WAREHOUSES),
        *({"type": "item", "code": code, "valuation_method": method} for code, method in METHODS.items()),
    ]
    for master in masters:
        paper.master(json.dumps(master).encode())
    return paper


class Arrivals:
    """Documents in the order in which they arrive, each at a moment of its own; `taken` are those that the books hold."""

    def __init__(self, random: Random, *, negatives: bool) -> None:
        self._random, self._negatives = random, negatives
        self._moments = random.sample(range(60 * 24 * 60), LENGTH)
        self._written = 0
        self.taken: list[Json] = []

    def write(self) -> Json:
        """The next document: receipts, deliveries, transfers, repacks, counts, goods that come back, and cancels of any of them."""
        random, moment = self._random, self._moments[self._written]
        self._written += 1
        usual = {"receipt": 9, "delivery": 6, "transfer": 4, "repack": 2, "cancel": 2}
        kinds = usual if self._negatives else usual | {"count": 1, "back": 2}
        kind = random.choices(list(kinds), list(kinds.values()))[0]
        head = {"company": "Paper", "number": f"D-{self._written}", "posting_datetime": _at(moment)}
        if kind == "cancel" and self.taken:
            target = random.choice(self.taken)
            return {**head, "type": "cancel", "target": {"type": target["type"], "number": target["number"]}}
        sold = [one for one in self.taken if one["type"] == "delivery_note" and "return_against" not in one]
        sold = [one for one in sold if one["posting_datetime"] < head["posting_datetime"]]
        if kind == "back" and sold:
            return {**head, **self._back(random.choice(sold))}
        return {**head, **getattr(self, f"_{kind if kind not in ('cancel', 'back') else 'receipt'}")()}

    def told(self, document: Json) -> None:
        """The books have taken a document; what a cancel takes back they hold no more."""
        if document["type"] == "cancel":
            self.taken = [one for one in self.taken if one["number"] != document["target"]["number"]]
        else:
            self.taken.append(document)

    def _goods(self) -> Json:
        # Quantities of no common measure, where stock may go short: so that no receipt ever covers a shortage exactly.
        random = self._random
        whole = random.randint(1, 20), random.randint(1, 9999), random.randint(1, 12)
        qty = f"{whole[0]}.{whole[1]:04d}" if self._negatives else str(whole[2])
        return {"item": random.choice(list(METHODS)), "qty": qty}

    def _line(self) -> Json:
        rate = f"{self._random.randint(1, 50)}.{self._random.randint(0, 99):02d}"
        return {**self._goods(), "rate": rate, "warehouse": self._random.choice(WAREHOUSES)}

    def _receipt(self) -> Json:
        return {"type": "purchase_receipt", "lines": [self._line()]}

    def _delivery(self) -> Json:
        return {"type": "delivery_note", "lines": [self._line()]}

    def _count(self) -> Json:
        return {"type": "stock_reconciliation", "difference_account": "Stock Adjustment", "lines": [self._line()]}

    def _transfer(self) -> Json:
        first, second = self._random.sample(WAREHOUSES, 2)
        line = {**self._goods(), "from": first, "to": second}
        return {"type": "stock_entry", "purpose": "material_transfer", "lines": [line]}

    def _repack(self) -> Json:
        random = self._random
        consumed = [{**self._goods(), "from": random.choice(WAREHOUSES)} for _ in range(random.randint(1, 2))]
        made = {**self._goods(), "to": random.choice(WAREHOUSES)}
        freight = {"account": "Freight and Forwarding Charges", "amount": str(random.randint(1, 40))}
        costs = {"additional_costs": [freight]} if random.random() < 0.5 else {}
        return {"type": "stock_entry", "purpose": "repack", "lines": [*consumed, made], **costs}

    def _back(self, sold: Json) -> Json:
        line = sold["lines"][0]
        some = str(-self._random.randint(1, int(line["qty"])))
        return {
            "type": "delivery_note", "is_return": True, "return_against": sold["number"], "lines": [{**line, "qty": some}],
        }  # fmt: skip


def _at(moment: int) -> str:
    """A minute of two months as a posting time."""
    day, minute = divmod(moment, 24 * 60)
    return f"2024-{1 + day // 28:02d}-{1 + day % 28:02d}T{minute // 60:02d}:{minute % 60:02d}:00Z"


@pytest.mark.parametrize("negatives", [False, True], ids=["never short", "short at times"])
@pytest.mark.parametrize("seed", range(6))
def test_closing_stock_and_accounts_are_as_peers_value_them(seed: int, negatives: bool) -> None:
    paper, arrivals = company(negatives=negatives), Arrivals(Random(seed), negatives=negatives)
    for _ in range(LENGTH):
        document = arrivals.write()
        if isinstance(paper.submit(json.dumps(document).encode()), Posting):
            arrivals.told(document)
    assert len(arrivals.taken) > LENGTH // 3
    peer = PeerBooks(METHODS)
    peer.tell(arrivals.taken)
    apart = {}
    for chain, balance in paper.balances.items():
        queue = peer.queues.get((chain.item, chain.warehouse))
        here = Fraction(balance.qty, 10**6), Fraction(balance.value, 10**9)
        there = (queue.qty, queue.value) if queue else (Fraction(0), Fraction(0))
        if here[0] != there[0] or abs(here[1] - there[1]) > ALLOWED:
            apart[chain.item, chain.warehouse] = [float(x) for x in (*here, *there)]
    assert not apart
    booked: dict[str, Fraction] = defaultdict(Fraction)
    for entry in paper.entries:
        booked[_as_peer_calls(entry.account)] += Fraction(entry.amount, 100)
    for account, wanted in peer.accounts.items():
        assert abs(booked[account] - wanted) <= ALLOWED * 10, account


def _as_peer_calls(account: str) -> str:
    """What goods cost beyond what issues took them at goes to the issue's own account here, to one expense account there."""
    return "cost" if account in ("Cost of Goods Sold", "Stock Adjustment", "Temporary Opening") else account
