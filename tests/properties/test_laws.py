"""The laws of the books, held against random histories. A failure is told as the shortest story that still breaks the law."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from random import Random

import pytest

from domain.books import RepostRequest
from domain.errors import DocumentParked, DocumentRejected
from domain.stock_ledger import NEVER
from tests.support.histories import (
    History,
    Json,
    any_setting,
    by_hand,
    history,
    in_time,
    open_company,
    other_order,
    smallest,
    standing,
    valued_by_hand,
)
from tests.support.laws import apart, below_zero, counts_that_do_not_hold, out_of_step
from tests.support.oracle import Place
from tests.support.paper_company import PaperCompany

SEEDS = 40
LENGTH = 16

# Parts of one price: returns of a purchase, bills of a receipt, receipts of a bill; and what all of these have to give back.
SHARING = (
    ("receipt", "stock_bill", "purchase_return", "purchase_return", "purchase_return", "cancel"),
    ("receipt", "bill", "bill", "bill", "cancel"),
    ("early_bill", "late_receipt", "late_receipt", "late_receipt", "cancel"),
    ("receipt", "bill", "bill", "purchase_return", "debit_note", "cancel"),
    ("early_bill", "late_receipt", "purchase_return", "debit_note", "cancel"),
)

Law = Callable[[History, list[Json]], list[str]]


def in_step_after_every_document(told: History, documents: list[Json]) -> list[str]:
    """Laws 1 and 2, while reposts wait and after they ran."""
    for at_once in (False, True):
        company = open_company(told.setting)
        for document in documents:
            company.submit(json.dumps(document).encode(), repost=False)
            found = out_of_step(company)
            if at_once and not found:
                company.repost()
                found = out_of_step(company)
            if found:
                return [f"after {document['number']}", *found]
        company.repost()
        if found := out_of_step(company):
            return ["after the last repost", *found]
    return []


def refusals_leave_no_trace(told: History, documents: list[Json]) -> list[str]:
    """The books are those of the accepted documents alone."""
    company = told.told(documents)
    return apart(company, told.told(_accepted(company, documents)))


def cancelled_is_as_never_posted(told: History, documents: list[Json]) -> list[str]:
    """Law 4: without what was cancelled, and its cancel, the books are the same."""
    company = told.told(documents)
    accepted = _accepted(company, documents)
    never = told.told(standing(accepted))
    return [] if _refused(never) else apart(company, never)


def any_order_of_arrival(told: History, documents: list[Json]) -> list[str]:
    """Law 5: the order of posting times, and any other order, end in the same books where they accept the same documents."""
    company = told.told(documents)
    accepted = _accepted(company, documents)
    for order in (in_time(accepted), other_order(accepted)):
        other = told.told(order)
        if not _refused(other) and (found := apart(company, other)):
            return [f"in the order {[document['number'] for document in order]}", *found]
    return []


def any_time_of_reposts(told: History, documents: list[Json]) -> list[str]:
    """Law 5: one repost in the end, or one after each document, end in the same books."""
    company = told.told(documents)
    late = told.told(_accepted(company, documents), repost=False)
    return [] if _refused(late) else apart(company, late)


def reposted_again_nothing_changes(told: History, documents: list[Json]) -> list[str]:
    """Law 8: the books after reposting are those that posting again would make."""
    company = told.told(documents)
    if not company.postings:
        return []
    last = max(company.postings)
    company.pending = [RepostRequest(chain, NEVER, 0, NEVER, 0, document=last) for chain in company.balances]
    written = company.repost()
    return [f"{difference}" for difference in company.differences[-written:]] if written else []


def counts_hold(told: History, documents: list[Json]) -> list[str]:
    """Law 6."""
    return counts_that_do_not_hold(told.told(documents))


def nothing_forbidden_below_zero(told: History, documents: list[Json]) -> list[str]:
    """Law 2: a batch or serial number never goes negative; other stock only where the company allows it."""
    return below_zero(told.told(documents))


def valued_as_the_oracle_has_it(told: History, documents: list[Json]) -> list[str]:
    """After every document, each movement's present value is the one that a naive pass over the documents in time order gives it."""
    company = open_company(told.setting)
    for place, document in enumerate(documents, 1):
        company.submit(json.dumps(document).encode())
        if found := _otherwise_than_the_oracle(told, company, documents[:place]):
            return [f"after {document['number']}", *found]
    return []


def _otherwise_than_the_oracle(told: History, company: PaperCompany, documents: list[Json]) -> list[str]:
    oracle = valued_by_hand(told.setting, _accepted(company, documents))
    number = {sequence: posting.voucher.number for sequence, posting in company.postings.items()}
    have: dict[tuple[str, Place], tuple[int, int]] = {}
    for row in company.rows():
        key = number[row.voucher], (row.chain.item, row.chain.warehouse, row.chain.part)
        known = have.get(key, (0, 0))
        have[key] = known[0] + row.qty, known[1] + row.amount
    want = {key: (int(qty * 10**6), amount) for key, (qty, amount) in oracle.booked.items()}
    return [
        f"{key}: the books {have.get(key, (0, 0))}, the oracle {want.get(key, (0, 0))}"
        for key in sorted(have.keys() | want.keys())
        if have.get(key, (0, 0)) != want.get(key, (0, 0))
    ]


def booked_as_an_accountant_would(told: History, documents: list[Json]) -> list[str]:
    """After every document, each voucher's entries are those that the rules ask for, account by account and party by party."""
    company = open_company(told.setting)
    for place, document in enumerate(documents, 1):
        company.submit(json.dumps(document).encode())
        if found := _otherwise_than_the_accountant(told, company, documents[:place]):
            return [f"after {document['number']}", *found]
    return []


def _otherwise_than_the_accountant(told: History, company: PaperCompany, documents: list[Json]) -> list[str]:
    _, ledger = by_hand(told.setting, _accepted(company, documents))
    want = ledger.booked
    have: dict[tuple[str, str, str], int] = {}
    for entry in company.entries:
        key = company.number_of(entry.voucher), entry.account, entry.party
        have[key] = have.get(key, 0) + entry.amount
    return [
        f"{key}: the books {have.get(key, 0)}, the accountant {want.get(key, 0)}"
        for key in sorted(have.keys() | want.keys())
        if have.get(key, 0) != want.get(key, 0)
    ]


LAWS: list[Law] = [
    in_step_after_every_document, refusals_leave_no_trace, cancelled_is_as_never_posted, any_order_of_arrival,
    any_time_of_reposts, reposted_again_nothing_changes, counts_hold, nothing_forbidden_below_zero,
    valued_as_the_oracle_has_it, booked_as_an_accountant_would,
]  # fmt: skip


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_laws_hold_in_random_histories(law: Law) -> None:
    for seed in range(SEEDS):
        require(law, seed, LENGTH)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_laws_hold_where_documents_share_an_amount(law: Law) -> None:
    for seed, kinds in product(range(8), SHARING):
        require(law, seed, LENGTH, kinds)


@pytest.mark.drill
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("kinds", SHARING, ids="-".join)
def test_laws_hold_in_many_histories_where_documents_share_an_amount(law: Law, kinds: tuple[str, ...]) -> None:
    for seed in range(8, 200):
        require(law, seed, LENGTH, kinds)


@pytest.mark.drill
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@pytest.mark.parametrize("first", range(1_000, 5_000, 500))
def test_laws_hold_in_many_and_longer_histories(law: Law, first: int) -> None:
    for seed in range(first, first + 500):
        require(law, seed, 12 + seed % 30)


@pytest.mark.parametrize("seed", range(4))
def test_both_ledgers_of_a_long_history_are_as_by_hand(seed: int) -> None:
    follow(seed, 300, every=50)


@pytest.mark.drill
@pytest.mark.parametrize("first", range(1_000, 1_200, 10))
def test_both_ledgers_of_many_long_histories_are_as_by_hand(first: int) -> None:
    for seed in range(first, first + 10):
        follow(seed, 400, every=10)


def test_a_company_of_periodic_inventory_books_as_an_accountant_would() -> None:
    for seed in range(40):
        told = history(Random(seed), LENGTH, replace(any_setting(Random(seed)), perpetual=False))
        assert booked_as_an_accountant_would(told, told.documents) == [], seed


def test_the_laws_are_not_held_by_empty_books() -> None:
    """The histories do what they are meant to: most documents are accepted, of every type, and much is reposted."""
    kinds: dict[str, int] = {}
    corrected = 0
    for seed in range(SEEDS):
        told = history(Random(seed), LENGTH, any_setting(Random(seed)))
        company = told.told()
        corrected += bool(company.differences)
        for document in _accepted(company, told.documents):
            kind = f"{document.get('purpose', document['type'])}{' return' if document.get('is_return') else ''}"
            kinds[kind] = kinds.get(kind, 0) + 1
    assert {
        "purchase_order", "purchase_receipt", "purchase_invoice", "sales_order", "delivery_note", "sales_invoice",
        "purchase_receipt return", "purchase_invoice return", "delivery_note return", "sales_invoice return", "material_receipt",
        "material_issue", "material_transfer", "manufacture", "repack", "stock_reconciliation", "opening_stock",
        "landed_cost_voucher", "payment_entry", "journal_entry", "cancel",
    } <= set(kinds)  # fmt: skip
    assert sum(kinds.values()) > SEEDS * LENGTH / 2
    assert corrected > SEEDS / 2


def follow(seed: int, length: int, *, every: int) -> None:
    """Compare both ledgers with those by hand on the way through a long history."""
    told = history(Random(seed), length, any_setting(Random(seed)))
    company = open_company(told.setting)
    for place, document in enumerate(told.documents, 1):
        company.submit(json.dumps(document).encode())
        if place % every == 0 or document is told.documents[-1]:
            documents = told.documents[:place]
            found = _otherwise_than_the_oracle(told, company, documents)
            found += _otherwise_than_the_accountant(told, company, documents)
            assert found == [], f"after {document['number']} of seed {seed}"


def require(law: Law, seed: int, length: int, kinds: tuple[str, ...] | None = None) -> None:
    """Fail with the shortest story where a law does not hold in the history of a seed (of these kinds of documents alone)."""
    setting = any_setting(Random(seed))
    told = history(Random(seed), length, setting if kinds is None else replace(setting, kinds=kinds, whole=False))
    if not law(told, told.documents):
        return
    story = smallest(told.documents, lambda documents: bool(law(told, documents)))
    lines = [json.dumps(document) for document in story]
    pytest.fail("\n".join([f"seed {seed}: {told.setting}", *lines, *law(told, story)]))


def _accepted(company: PaperCompany, documents: list[Json]) -> list[Json]:
    return [d for d in documents if not isinstance(company.outcomes[d["number"]], DocumentRejected | DocumentParked)]


def _refused(company: PaperCompany) -> bool:
    return any(isinstance(outcome, DocumentRejected | DocumentParked) for outcome in company.outcomes.values())
