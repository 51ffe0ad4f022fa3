"""A closed period never changes, and what later documents would have changed there shows from their own days on (law 7).

The other way to the same figures is the naive oracle of both ledgers: the books of a day are those of the documents dated up to it, and
of nothing else.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from random import Random

import pytest

from domain.errors import DocumentParked, DocumentRejected
from tests.support.histories import (
    ACCOUNTS,
    Json,
    Setting,
    any_setting,
    by_hand,
    closed_january,
    open_company,
    smallest,
)
from tests.support.laws import out_of_step
from tests.support.paper_company import PaperCompany

CLOSED: Json = {
    "type": "accounting_period", "company": "Paper", "name": "January", "start": "2026-01-01", "end": "2026-01-31", "status": "closed",
}  # fmt: skip

Books = tuple[PaperCompany, list[Json], dict[tuple[str, str], int]]


def told(setting: Setting, documents: list[Json]) -> Books:
    """The books with January closed behind its last document, those accepted, and January's trial balance as it was then."""
    company, accepted, january = open_company(setting), [], None
    for document in documents:
        if january is None and document["posting_datetime"] > "2026-02":
            company.master(json.dumps(CLOSED).encode())
            january = balances(company, "2026-01-31")
        if not isinstance(company.submit(json.dumps(document).encode()), DocumentRejected | DocumentParked):
            accepted.append(document)
    return company, accepted, balances(company, "2026-01-31") if january is None else january


def balances(company: PaperCompany, upto: str) -> dict[tuple[str, str], int]:
    """Both ledgers up to a day: balance per account, stock value per account, and quantity per chain."""
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for entry in company.entries:
        if entry.date.isoformat() <= upto:
            totals["general ledger", entry.account] += entry.amount
    for row in company.rows():
        if row.date.isoformat() <= upto:
            totals["stock", row.account] += row.amount
            totals["quantity", str(row.chain)] += row.qty
    return {key: amount for key, amount in totals.items() if amount}


def stays_closed(setting: Setting, documents: list[Json]) -> list[str]:
    """January's balances are those from when it was closed, and the ledgers agree on every day."""
    company, _, january = told(setting, documents)
    now = balances(company, "2026-01-31")
    moved = [
        f"{key}: {january.get(key, 0)}, now {now.get(key, 0)}"
        for key in january | now
        if january.get(key) != now.get(key)
    ]
    return moved + out_of_step(company)


def shows_from_its_cause_on(setting: Setting, documents: list[Json]) -> list[str]:
    """On every later day, stock and every account are what comes of the documents dated up to it, by hand."""
    company, accepted, _ = told(setting, documents)
    found = []
    for day in sorted({d["posting_datetime"][:10] for d in accepted if d["posting_datetime"] > "2026-02"}):
        oracle, ledger = by_hand(setting, [d for d in accepted if d["posting_datetime"][:10] <= day])
        want: dict[tuple[str, str], int] = defaultdict(int)
        for (_, (_, warehouse, _)), (_, amount) in oracle.booked.items():
            want["stock", ACCOUNTS[warehouse]] += amount
        for (_, account, _), amount in ledger.booked.items():
            want["general ledger", account] += amount
        have = balances(company, day)
        found += [
            f"{day} {key}: {have.get(key, 0)}, by hand {want.get(key, 0)}"
            for key in sorted(have.keys() | want.keys())
            if key[0] != "quantity" and have.get(key, 0) != want.get(key, 0)
        ]
    return found


LAWS = [stays_closed, shows_from_its_cause_on]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_of_random_histories(law: Callable[[Setting, list[Json]], list[str]]) -> None:
    for seed in range(60):
        require(law, seed, 10)


@pytest.mark.drill
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("first", range(1_000, 3_000, 500))
def test_of_many_and_longer_histories(law: Callable[[Setting, list[Json]], list[str]], first: int) -> None:
    for seed in range(first, first + 500):
        require(law, seed, 8 + seed % 16)


def test_the_histories_reach_back_into_the_closed_period() -> None:
    reached = sum(bool(seed_reaches_back(seed)) for seed in range(60))
    assert reached > 20


def seed_reaches_back(seed: int) -> bool:
    """Whether a difference of a seed's history is to a movement of January, dated later."""
    random = Random(seed)
    setting = any_setting(random)
    company, _, _ = told(setting, closed_january(random, 10, setting))
    dates = {movement.id: movement.date for movement in company.movements}
    return any(d.date > dates[d.movement] for d in company.differences)


def require(law: Callable[[Setting, list[Json]], list[str]], seed: int, length: int) -> None:
    """Fail with the shortest story where a law does not hold in the history of a seed."""
    random = Random(seed)
    setting = any_setting(random)
    documents = closed_january(random, length, setting)
    if law(setting, documents):
        story = smallest(documents, lambda fewer: bool(law(setting, fewer)))
        lines = [json.dumps(document) for document in story]
        pytest.fail("\n".join([f"seed {seed}: {setting}", *lines, *law(setting, story)]))
