"""Accounts of warehouses and valuation methods change while business goes on: what leaves later, and where it stands, is as by hand."""

from __future__ import annotations

import json
from collections import defaultdict
from random import Random

import pytest

from domain.errors import DocumentParked, DocumentRejected
from tests.support.histories import (
    ACCOUNTS,
    ITEMS,
    Json,
    Setting,
    any_setting,
    by_hand,
    changing_masters,
    open_company,
    smallest,
)
from tests.support.laws import out_of_step

MASTERS = ("warehouse", "item")


def otherwise_than_by_hand(setting: Setting, documents: list[Json]) -> list[str]:
    """After every document: what the books say of an account that the rules don't."""
    company, accepted = open_company(setting), list[Json]()
    for document in documents:
        if document["type"] in MASTERS:
            company.master(json.dumps(_master(document)).encode())
        elif isinstance(company.submit(json.dumps(document).encode()), DocumentRejected | DocumentParked):
            continue
        accepted.append(document)
        if document["type"] == "warehouse":
            continue  # its stock follows by the next document
        have = defaultdict(int, company.accounts())
        want = _accounts(setting, accepted)
        found = [
            f"{account}: the books {have[account]}, by hand {want[account]}"
            for account in sorted(have.keys() | want.keys())
            if have[account] != want[account]
        ]
        if found := found + out_of_step(company):
            return [f"after {document['number']}", *found]
    return []


def _master(change: Json) -> Json:
    """A master as it is published: an item with all that was said of it before."""
    own = {key: value for key, value in change.items() if key not in ("number", "posting_datetime")}
    if change["type"] == "item":
        return {**ITEMS[change["code"]], "valuation_rate": "7", **own}
    return own


def _accounts(setting: Setting, accepted: list[Json]) -> dict[str, int]:
    """Every account by hand; all of a warehouse's stock stands in the account that it has now."""
    oracle, ledger = by_hand(setting, accepted)
    totals: dict[str, int] = defaultdict(int)
    for (_, account, _), amount in ledger.booked.items():
        totals[account] += amount
    now = ACCOUNTS | {d["name"]: d["account"] for d in accepted if d["type"] == "warehouse"}
    for (_, (_, warehouse, _)), (_, amount) in oracle.booked.items():
        totals[ACCOUNTS[warehouse]] -= amount
        totals[now[warehouse]] += amount
    return totals


def test_of_random_histories() -> None:
    for seed in range(60):
        require(seed, 14)


@pytest.mark.drill
@pytest.mark.parametrize("first", range(1_000, 3_000, 500))
def test_of_many_and_longer_histories(first: int) -> None:
    for seed in range(first, first + 500):
        require(seed, 12 + seed % 24)


def test_much_changes_in_the_histories() -> None:
    kinds: dict[str, int] = defaultdict(int)
    for seed in range(60):
        for document in changing_masters(Random(seed), 14, any_setting(Random(seed))):
            kinds[document["type"]] += 1
    assert min(kinds["warehouse"], kinds["item"]) > 30


def _follows(documents: list[Json]) -> bool:
    """Whether stock follows its warehouse each time, as the service sees to it."""
    pairs = zip(documents, [*documents[1:], {}], strict=True)
    return all(after.get("purpose") == "account_transfer" for each, after in pairs if each["type"] == "warehouse")


def require(seed: int, length: int) -> None:
    """Fail with the shortest story where the books of a seed's history are not as by hand."""
    setting = any_setting(Random(seed))
    documents = changing_masters(Random(seed), length, setting)
    if otherwise_than_by_hand(setting, documents):
        story = smallest(documents, lambda fewer: _follows(fewer) and bool(otherwise_than_by_hand(setting, fewer)))
        lines = [json.dumps(document) for document in story]
        pytest.fail("\n".join([f"seed {seed}: {setting}", *lines, *otherwise_than_by_hand(setting, story)]))
