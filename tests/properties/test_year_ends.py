"""A year's result goes to retained earnings, as often as it is closed and whatever turns up of it later.

The other way to the same figures is the accountant's ledger by hand: a closing takes what income and expenses had come to by then.
"""

from __future__ import annotations

import json
from random import Random

import pytest

from domain.books import Posting
from domain.master_view import MasterView
from tests.support.histories import Json, Setting, any_setting, by_hand, open_company, smallest, year_ends
from tests.support.laws import out_of_step
from tests.support.paper_company import PaperCompany

YEAR: Json = {
    "type": "accounting_period",
    "company": "Paper",
    "name": "Year",
    "start": "2025-07-01",
    "end": "2026-06-28",
}


def told(setting: Setting, documents: list[Json]) -> tuple[int, list[str]]:
    """How often the year was closed, and what is wrong after any document: ledgers out of step, a closing that left income or expenses,
    vouchers unlike those by hand.
    """
    company, closings = open_company(setting), 0
    company.master(json.dumps(YEAR).encode())
    accepted: list[Json] = []
    for document in documents:
        if not isinstance(company.submit(json.dumps(document).encode()), Posting):
            continue
        accepted.append(document)
        found = out_of_step(company) + _otherwise_than_by_hand(setting, company, accepted)
        if document["type"] == "period_closing":
            closings += 1
            found += _not_earned(company)
        if found:
            return closings, [f"after {document['number']}", *found]
    return closings, []


def _not_earned(company: PaperCompany) -> list[str]:
    """What income and expenses have left, by cost center and dimensions."""
    view = MasterView(company.masters)
    left: dict[tuple[str, str, str], int] = {}
    for entry in company.entries:
        if view.is_profit_and_loss(entry.account):
            key = entry.account, entry.cost_center, entry.dimensions
            left[key] = left.get(key, 0) + entry.amount
    return [f"{key} is left with {amount}" for key, amount in left.items() if amount]


def _otherwise_than_by_hand(setting: Setting, company: PaperCompany, accepted: list[Json]) -> list[str]:
    want = by_hand(setting, accepted)[1].booked
    have: dict[tuple[str, str, str], int] = {}
    for entry in company.entries:
        key = company.number_of(entry.voucher), entry.account, entry.party
        have[key] = have.get(key, 0) + entry.amount
    return [
        f"{key}: the books {have.get(key, 0)}, by hand {want.get(key, 0)}"
        for key in sorted(have.keys() | want.keys())
        if have.get(key, 0) != want.get(key, 0)
    ]


def closed(seed: int, length: int) -> int:
    """Hold the laws in the history of a seed; says how often the year was closed. A failure is told as its shortest story."""
    random = Random(seed)
    setting = any_setting(random)
    documents = year_ends(random, length, setting)
    closings, wrong = told(setting, documents)
    if wrong:
        story = smallest(documents, lambda fewer: bool(told(setting, fewer)[1]))
        lines = [json.dumps(document) for document in story]
        pytest.fail("\n".join([f"seed {seed}: {setting}", *lines, *told(setting, story)[1]]))
    return closings


def test_of_random_histories() -> None:
    assert sum(closed(seed, 12) for seed in range(30)) > 30


@pytest.mark.drill
@pytest.mark.parametrize("first", range(1_000, 3_000, 250))
def test_of_many_and_longer_histories(first: int) -> None:
    for seed in range(first, first + 250):
        closed(seed, 10 + seed % 20)
