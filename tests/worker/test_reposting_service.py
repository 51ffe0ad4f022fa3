"""Reposting as a service: random histories end in the books of the company on paper, whenever runs work and however they are cut up."""

from __future__ import annotations

from random import Random

import pytest

from domain.reposting import replay
from tests.support.histories import PLAIN, Setting, history
from tests.support.lanes import MASTERS, delivery, number_of, post_all, publish, receipt, rows
from tests.support.two_ways import RealCompany, paper_balances, paper_values
from worker.services.reposting import run_pending, running, sharing
from worker.store.books import balances
from worker.store.database import Database
from worker.store.verify import verify


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """States are kept, and chunks cut, every few movements, so that short histories meet everything that long ones do."""
    monkeypatch.setattr(replay, "SPACING", 4)
    monkeypatch.setattr(balances, "KEEP_EVERY", 4)
    monkeypatch.setattr(running, "SLICE_ROWS", 3)
    monkeypatch.setattr(sharing, "TOGETHER", 6)


def _same_books(store: Database, setting: Setting, seed: int, length: int, *, cut: bool) -> None:
    """Post a random history with runs in between, finish them, and compare with paper."""
    random = Random(seed)
    told = history(random, length, setting)
    real = RealCompany(store, setting)

    def between() -> None:
        if not cut:
            run_pending(store, real.number)
        while cut and random.random() < 0.5:
            run_pending(store, real.number, seconds=0, chunk_seconds=0, direct_rows=random.choice((1, 4)))
        assert real.stock().items() <= (real.accounts() | real.stock()).items()
        with store.transaction() as connection:
            assert verify(connection, real.number) == []

    real.post(told, between)
    run_pending(store, real.number)
    paper = told.told()
    assert real.values() == paper_values(paper)
    assert real.accounts() == paper.accounts()
    assert real.stock() == paper.stock()
    assert {c: b for c, b in real.balances().items() if b[0] or b[1]} == {
        c: b for c, b in paper_balances(paper).items() if b[0] or b[1]
    }


@pytest.mark.parametrize("seed", range(4))
def test_runs_after_every_document_end_in_the_books_of_the_company_on_paper(
    store: Database, small_steps: None, seed: int
) -> None:
    _same_books(store, Setting(negatives=seed % 2 == 1), seed, 40, cut=False)


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(6, 36))
def test_many_runs_cut_up_end_in_the_same_books(store: Database, small_steps: None, seed: int) -> None:
    _same_books(store, Setting(negatives=seed % 2 == 1, items=PLAIN), 100 + seed, 40 + seed, cut=True)


@pytest.mark.parametrize("seed", range(6))
def test_runs_cut_up_while_posting_goes_on_end_in_the_same_books(store: Database, small_steps: None, seed: int) -> None:
    _same_books(store, Setting(negatives=seed % 2 == 1, items=PLAIN), 100 + seed, 40, cut=True)


def test_hundreds_of_backdated_documents_of_one_item_are_one_pass(store: Database) -> None:
    publish(store, [*MASTERS, receipt("PR-1", 2_000, "10"), *(delivery(f"DN-{place}") for place in range(100))])
    post_all(store)
    back = [
        receipt(f"BACK-{place}", 1, str(place % 7 + 1), at=f"2024-06-{1 + place % 12:02d}T09:00:{place % 60:02d}")
        for place in range(400)
    ]
    publish(store, back)
    post_all(store)
    summary = run_pending(store, number_of(store))
    assert summary.published == 1
    assert summary.rows < 2 * (len(back) + 101)
    assert rows(store, "SELECT count(*) FROM repost_request WHERE run_id = %s", summary.run) == [(400,)]
    assert run_pending(store, number_of(store)).rows == 0
    with store.transaction() as connection:
        assert verify(connection, number_of(store)) == []


def test_a_later_cost_reaches_every_receipt_though_the_chain_goes_on_as_it_was_behind_the_first(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the first, which a shortage takes in part, the state is the one that was kept there; the second lies on hand."""
    monkeypatch.setattr(balances, "KEEP_EVERY", 1)
    told = [
        {**MASTERS[0], "allow_negative_stock": True}, *MASTERS[1:],
        receipt("PR-0", 1), delivery("DN-1", 8),
        receipt("PR-1", 5, at="2024-06-17T09:00:00"), receipt("PR-2", at="2024-06-18T09:00:00"),
        *(delivery(f"DN-{number}", at=f"2024-06-18T1{number}:00:00") for number in range(2, 5)),
        {
            "type": "landed_cost_voucher", "company": "Grocery", "number": "LC-1", "posting_datetime": "2024-06-19T09:00:00",
            "distribute_by": "qty", "receipts": ["PR-1", "PR-2"], "charges": [{"account": "Customs Duty", "amount": "15"}],
        },
    ]  # fmt: skip
    for document in told:
        publish(store, [document])
        if document["type"] not in ("company", "warehouse"):
            post_all(store)
    run_pending(store, number_of(store))
    assert rows(store, "SELECT qty, value FROM balance") == [(5_000_000, 1_005 * 10**9)]
    with store.transaction() as connection:
        assert verify(connection, number_of(store)) == []
