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


def documents(random: Random, *, negatives: bool) -> list[Json]:
    """Receipts, deliveries, transfers and counts in the order in which they arrive, each at a moment of its own."""
    moments = random.sample(range(60 * 24 * 60), LENGTH)
    return [_document(random, number, moments[number], negatives=negatives) for number in range(LENGTH)]


def _document(random: Random, number: int, moment: int, *, negatives: bool) -> Json:
    day, minute = divmod(moment, 24 * 60)
    head = {
        "company": "Paper", "number": f"D-{number}",
        "posting_datetime": f"2024-{1 + day // 28:02d}-{1 + day % 28:02d}T{minute // 60:02d}:{minute % 60:02d}:00Z",
    }  # fmt: skip
    # Quantities of no common measure, where stock may go short: so that no receipt ever covers a shortage exactly.
    qty = f"{random.randint(1, 20)}.{random.randint(1, 9999):04d}" if negatives else str(random.randint(1, 12))
    rate = f"{random.randint(1, 50)}.{random.randint(0, 99):02d}"
    item, (first, second) = random.choice(list(METHODS)), random.sample(WAREHOUSES, 2)
    kind = random.choices(
        ("purchase_receipt", "delivery_note", "stock_entry", "stock_reconciliation"), (9, 6, 4, 0 if negatives else 1)
    )[0]
    line: Json = {"item": item, "qty": qty, "rate": rate, "warehouse": first}
    if kind == "stock_entry":
        line = {"item": item, "qty": qty, "from": first, "to": second}
        head |= {"purpose": "material_transfer"}
    if kind == "stock_reconciliation":
        head |= {"difference_account": "Stock Adjustment"}
    return {"type": kind, **head, "lines": [line]}


@pytest.mark.parametrize("negatives", [False, True], ids=["never short", "short at times"])
@pytest.mark.parametrize("seed", range(6))
def test_closing_stock_and_accounts_are_as_peers_value_them(seed: int, negatives: bool) -> None:
    paper = company(negatives=negatives)
    accepted = [
        document
        for document in documents(Random(seed), negatives=negatives)
        if isinstance(paper.submit(json.dumps(document).encode()), Posting)
    ]
    assert len(accepted) > LENGTH // 2
    peer = PeerBooks(METHODS)
    peer.tell(accepted)
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
