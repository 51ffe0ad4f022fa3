"""The whole way with real processes: whatever their number and timing, the same documents give the same books."""

import json
import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.support.books import dump, undecided
from tests.support.paper_company import PaperCompany
from tests.support.processes import BEAT, INTAKE, PATIENCE_SECONDS, running, until, worker
from tests.support.servers import fresh_database
from tests.support.shop import documents, key, masters
from tests.support.streams import told
from worker.client import Publisher
from worker.embedded import Endpoints
from worker.messages import MASTER_TYPES
from worker.redis_client import connect
from worker.settings import Settings

Totals = tuple[dict[tuple[str, int], Decimal], dict[str, Decimal]]

COMPANIES = ("Grocery", "Fuel", "Garden")


def shuffled(count: int) -> list[dict[str, Any]]:
    """Each company's documents in their order, the companies mixed."""
    streams = {company: documents(company, count) for company in COMPANIES}
    order = [company for company in COMPANIES for _ in range(count)]
    random.Random(7).shuffle(order)
    return [next(streams[company]) for company in order]


def test_one_two_and_four_worker_processes_give_identical_books(
    settings: Settings, cluster: Endpoints, xdist_worker: str
) -> None:
    published = [*masters(*COMPANIES), *shuffled(60)]
    books = []
    for processes in (1, 2, 4):
        with fresh_database(cluster, xdist_worker) as database:
            server = connect(str(settings.redis_url))
            server.flushdb()
            own = replace(
                settings, database_url=database.worker_url, owner_database_url=database.owner_url, lane_batch=10
            )
            publisher = Publisher(str(own.redis_url))
            with running(own, INTAKE, worker("worker", processes)):
                receipts = publisher.submit_many(published)
                publisher.wait(receipts)
            books.append(dump(database.worker_url))
    assert len(books[0]["documents"]) == 180
    assert len(books[0]["stock"]) > 180
    assert books[0] == books[1] == books[2]
    assert {company: on_paper(company, published) for company in COMPANIES} == in_books(books[0])


def on_paper(company: str, published: list[dict[str, Any]]) -> Totals:
    """What a naive replay of the company's documents, one after the other in plain lists, makes of both ledgers."""
    paper = PaperCompany(company)
    for document in published:
        raw = json.dumps(document).encode()
        if document["type"] in MASTER_TYPES:
            if document.get("company", document.get("name")) == company or document["type"] == "item":
                paper.master(raw)
        elif document["company"] == company:
            paper.submit(raw)
    moved = {(paper.number_of(m.voucher), m.line): Decimal(0) for m in paper.movements}
    for m in paper.movements:
        moved[paper.number_of(m.voucher), m.line] += Decimal(m.value) / 100
    return moved, {account: Decimal(amount) / 100 for account, amount in paper.accounts().items()}


def in_books(books: dict[str, list[tuple[Any, ...]]]) -> dict[str, Totals]:
    """The same totals from the dump of the real books: stock value by voucher and line, balance by account."""
    totals: dict[str, Totals] = {company: ({}, {}) for company in COMPANIES}
    for company, voucher, line, _, _, _, _, value, *_ in books["stock"]:
        moved, _ = totals[company]
        moved[voucher, line] = moved.get((voucher, line), Decimal(0)) + value
    for company, _, account, debit, credit, *_ in books["general"]:
        _, accounts = totals[company]
        accounts[account] = accounts.get(account, Decimal(0)) + debit - credit
    return {company: (moved, {a: b for a, b in accounts.items() if b}) for company, (moved, accounts) in totals.items()}


def test_a_thousand_documents_three_times_each_post_once(settings: Settings) -> None:
    shop = [document for company in COMPANIES[:2] for document in documents(company, 500)]
    again = shop * 2
    random.Random(3).shuffle(again)
    conflicting = [document | {"remarks": f"changed {number}"} for number, document in enumerate(shop[::100])]
    server = connect(str(settings.redis_url))
    publisher = Publisher(str(settings.redis_url))
    with running(settings, INTAKE, worker("worker", 2)):
        first = publisher.submit_many([*masters(*COMPANIES[:2]), *shop])
        publisher.submit_many([*again, *conflicting])
        outcomes = publisher.wait(first, seconds=PATIENCE_SECONDS)
        until(lambda: sum(_is_conflict(outcome) for outcome in told(server)) == 10)
        until(lambda: undecided(str(settings.database_url)) == 0)
    assert len(dump(str(settings.database_url))["documents"]) == 1000
    assert {outcome["number"] for outcome in told(server) if _is_conflict(outcome)} == {
        d["number"] for d in conflicting
    }
    assert {outcomes[receipt.key]["status"] for receipt in first} == {"accepted", "posted", "rejected"}
    assert {key(document) for document in shop} <= {tuple(receipt.key) for receipt in first}


def test_a_single_document_posts_without_the_sweeper(settings: Settings) -> None:
    publisher = Publisher(str(settings.redis_url))
    with running(settings, INTAKE, worker("worker")):
        publisher.wait(publisher.submit_many(masters("Grocery")))
        for document in documents("Grocery", 3):
            receipt = publisher.submit(document)
            assert publisher.wait([receipt])[receipt.key]["status"] == "posted"
        outcome = publisher.outcome(*receipt.key)
        assert outcome is not None
        assert outcome["voucher_no"] == "PREC-2026-00003"


@pytest.mark.drill
def test_four_workers_and_beat_under_a_long_load(settings: Settings) -> None:
    publisher = Publisher(str(settings.redis_url))
    with running(settings, INTAKE, BEAT, *(worker(f"worker{number}", 2) for number in range(4))):
        receipts = publisher.submit_many([*masters(*COMPANIES), *shuffled(5000)])
        publisher.wait(receipts, seconds=300)
    assert undecided(str(settings.database_url)) == 0


def _is_conflict(outcome: dict[str, Any]) -> bool:
    return bool(outcome["error"]) and outcome["error"]["code"] == "DuplicateConflict"
