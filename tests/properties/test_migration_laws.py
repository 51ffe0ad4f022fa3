"""A company that goes over to perpetual inventory ends with the accounts of its twin that always kept it, whatever its history."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from domain.general_ledger import require_balanced
from tests.support.histories import History, Json, any_setting, history, open_company, smallest
from tests.support.migration import balances, migrate, other_accounts, out_of_step_from, owed_to_earlier_years
from tests.support.paper_company import PaperCompany

SEEDS = 60
LENGTH = 18


@pytest.mark.parametrize("equity", [None, "Retained Earnings"], ids=["expense", "equity"])
def test_a_migrated_twin_has_the_accounts_of_a_perpetual_one(equity: str | None) -> None:
    for seed in range(SEEDS):
        require_twins_agree(seed, LENGTH, equity)


def test_the_twins_are_not_alike_by_chance() -> None:
    """After the migration documents are posted before the cut-over, cancelled there and valued anew, and most of them are accepted."""
    changed: dict[str, int] = {}
    accepted = 0
    for seed in range(SEEDS):
        told = history(Random(seed), LENGTH, any_setting(Random(seed)))
        place = Random(seed).random()
        company = open_company(replace(told.setting, perpetual=False))
        before = round(place * len(told.documents))
        for document in told.documents[:before]:
            company.submit(json.dumps(document).encode())
        migrate(company, date(2026, 1, 8), date(2026, 1, 4))
        opening = company.sequence
        for document in told.documents[before:]:
            company.submit(json.dumps(document).encode())
        accepted += len(company.postings) - 1
        for cause in {entry.cause for entry in company.entries if entry.voucher == opening and entry.cause}:
            kind = company.postings[cause].voucher.type
            changed[kind] = changed.get(kind, 0) + 1
    assert {
        "purchase_receipt",
        "purchase_invoice",
        "delivery_note",
        "stock_entry",
        "landed_cost_voucher",
        "cancel",
    } <= set(changed)
    assert sum(changed.values()) > SEEDS
    assert accepted > SEEDS * LENGTH / 2


def test_once_the_days_up_to_the_cut_over_are_closed_nothing_more_is_booked_in_them() -> None:
    """What would change the opening entry changes both ledgers on the first open day."""
    corrected = 0
    for seed in range(SEEDS):
        told = history(Random(seed), LENGTH, replace(any_setting(Random(seed)), provisional=False, perpetual=False))
        place = Random(seed).random()
        company, before = open_company(told.setting), round(place * len(told.documents))
        for document in told.documents[:before]:
            company.submit(json.dumps(document).encode())
        day = date(2026, 1, 5) + timedelta(days=round(place * 20))
        migrate(company, day, date(2026, 1, 4), equity="Retained Earnings" if seed % 2 else None)
        opening, known = company.sequence, len(company.entries)
        period = {
            "type": "accounting_period",
            "company": "Paper",
            "name": "Past",
            "start": "2025-01-01",
            "status": "closed",
        }
        company.master(json.dumps(period | {"end": day.isoformat()}).encode())
        for document in told.documents[before:]:
            company.submit(json.dumps(document).encode())
            assert out_of_step_from(company, day) == [], (seed, document["number"])
        require_balanced(company.entries)
        assert [entry for entry in company.entries[known:] if entry.date <= day] == [], seed
        corrected += sum(entry.voucher <= opening for entry in company.entries[known:])
    assert corrected > SEEDS / 6


@pytest.mark.drill
@pytest.mark.parametrize("first", range(1_000, 5_000, 500))
def test_many_and_longer_histories(first: int) -> None:
    for seed in range(first, first + 500):
        require_twins_agree(seed, 12 + seed % 30, "Retained Earnings" if seed % 2 else None)


def require_twins_agree(seed: int, length: int, equity: str | None) -> None:
    """Fail with the shortest story where the twins differ."""
    # What was received under periodic inventory accrues nothing for services, so a company that does so has another past.
    told = history(Random(seed), length, replace(any_setting(Random(seed)), provisional=False))
    wait = seed % 3 == 0
    place = Random(seed).random()

    early = {document["number"] for document in told.documents[: round(place * len(told.documents))]}

    def apart(documents: list[Json]) -> list[str]:
        return twins_apart(told, documents, early, place, equity, wait=wait)

    if apart(told.documents):
        story = smallest(told.documents, lambda documents: bool(apart(documents)))
        lines = [json.dumps(document) for document in story]
        pytest.fail("\n".join([f"seed {seed}: {told.setting}, {sorted(early)}", *lines, *apart(story)]))


def twins_apart(
    told: History, documents: list[Json], early: set[str], place: float, equity: str | None, *, wait: bool
) -> list[str]:
    """Post to both twins, migrate the first after the early documents, as of a day near those; `wait`: reposts wait after it."""
    perpetual, periodic = open_company(told.setting), open_company(replace(told.setting, perpetual=False))
    before = sum(document["number"] in early for document in documents)
    for document in documents[:before]:
        for twin in (perpetual, periodic):
            twin.submit(json.dumps(document).encode())
    if any(entry.account == "Stock Received But Not Billed" for entry in periodic.entries):
        return ["periodic inventory knows no stock received but not billed"]
    days = sorted(document["posting_datetime"][:10] for document in documents[:before]) or ["2026-01-01"]
    day = date.fromisoformat(days[round(place * 7919) % len(days)]) + timedelta(days=round(place * 104729) % 3)
    year_from = day - timedelta(days=round(place * 1299709) % 6)
    migrate(periodic, day, year_from, equity=equity)
    perpetual.sequence += 1
    if found := out_of_step_from(periodic, day):
        return ["after the migration", *found]
    for document in documents[before:]:
        for twin in (perpetual, periodic):
            twin.submit(json.dumps(document).encode(), repost=not wait)
        if found := out_of_step_from(periodic, day):
            return [f"after {document['number']}", *found]
    for twin in (perpetual, periodic):
        twin.repost()
        require_balanced(twin.entries)
    if found := out_of_step_from(periodic, day):
        return ["after the last repost", *found]
    return different(periodic, perpetual, day, year_from, equity)


def different(
    periodic: PaperCompany, perpetual: PaperCompany, day: date, year_from: date, equity: str | None
) -> list[str]:
    """Where the migrated twin and the perpetual one differ: in outcomes, in stock accounts and in what is received and not billed."""
    ours, theirs = ({n: getattr(o, "code", "posted") for n, o in c.outcomes.items()} for c in (periodic, perpetual))
    del ours["OPENING"]
    found = [f"{number}: {ours[number]} and {theirs[number]}" for number in ours if ours[number] != theirs[number]]
    held, known = balances(periodic, day), balances(perpetual, day)
    found += [
        f"{account} on {on}: migrated {amount}, perpetual {known[account].get(on)}"
        for account, by_day in held.items()
        for on, amount in by_day.items()
        if on in known[account] and known[account][on] != amount
    ]
    found += [
        f"{account} in the end: migrated {by_day[max(by_day)]}, perpetual {known[account][max(known[account])]}"
        for account, by_day in held.items()
        if by_day[max(by_day)] != known[account][max(known[account])]
    ]
    earlier = sum(entry.amount for entry in periodic.entries if entry.account == equity)
    if equity and earlier != -owed_to_earlier_years(periodic, year_from):
        found.append(f"{equity} holds {earlier}, earlier years {owed_to_earlier_years(periodic, year_from)}")
    if other_accounts(periodic) != other_accounts(perpetual):
        found.append(f"others: migrated {other_accounts(periodic)}, perpetual {other_accounts(perpetual)}")
    return found
