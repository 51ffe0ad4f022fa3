"""The cost explanation: for every way in which a movement gets its value, and every kind of correction, what made it and who caused it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from domain.stock_ledger import Basis, DifferenceKind
from tests.support.lanes import COMPANY, MASTERS, Json, delivery, incoming, number_of, post_all, publish, receipt, rows
from tests.support.servers import Database as FreshDatabase
from worker.reports.scope import scope_of
from worker.services.acceptance import store as accept
from worker.services.explaining import COST_EXPLANATION
from worker.services.reposting import run_pending
from worker.store.database import Database

Told = list[tuple[int, str, str, str, str]]


@pytest.fixture
def store(database: FreshDatabase) -> Iterator[Database]:
    with Database(database.worker_url) as opened:
        masters: list[Json] = [
            *MASTERS, {**COMPANY, "allow_negative_stock": True}, {"type": "item", "code": "Flour"},
            {"type": "warehouse", "company": "Grocery", "name": "Mill"},
        ]  # fmt: skip
        publish(opened, masters)
        yield opened


def on(day: int, type_: str, number: str, **content: Any) -> Json:
    return {
        "type": type_,
        "company": "Grocery",
        "number": number,
        "posting_datetime": f"2024-06-{day:02d}T09:00:00",
        **content,
    }


def entry(day: int, number: str, purpose: str, *lines: Json, **more: Any) -> Json:
    return on(day, "stock_entry", number, purpose=purpose, lines=list(lines), **more)


def post(store: Database, *documents: Json) -> None:
    """Post each, and repost what follows from it."""
    for document in documents:
        publish(store, [document])
        assert post_all(store).posted == 1, document["number"]
        run_pending(store, number_of(store))


def explained(store: Database, voucher: str) -> Told:
    """Depth, what, document, amount and cause of each line."""
    with store.transaction() as connection:
        scope = scope_of(connection, number_of(store), voucher=voucher)
        assert scope is not None
        found = list(COST_EXPLANATION.dicts(connection, scope))
    return [(row["depth"], row["what"], row["document"], str(row["amount"]), row["caused_by"]) for row in found]


def test_a_sale_of_what_was_not_there_names_the_receipt_that_covered_it(store: Database) -> None:
    post(
        store,
        receipt("PR-1", 2, "10", at="2024-06-01T09:00:00"),
        delivery("DN-1", 5, at="2024-06-02T09:00:00"),
        receipt("PR-2", 10, "14", at="2024-06-03T09:00:00"),
    )
    assert explained(store, "DN-1") == [
        (0, "booked", "DN-1", "-50.00", ""),
        (1, "of the layer of", "PR-1", "20.00", ""),
        (2, "booked", "PR-1", "20.00", ""),
        (1, "short of 3, at the last known cost", "", "0.00", ""),
        (1, "covered by", "PR-2", "-12.00", "PR-2"),
        (2, "booked", "PR-2", "140.00", ""),
        (3, "shortage covered", "PR-2", "-12.00", "DN-1"),
    ]
    assert (1, "shortage covered", "PR-2", "-12.00", "DN-1") in explained(store, "PR-2")


def test_charges_bills_counts_and_backdated_receipts_are_named_with_their_amounts(store: Database) -> None:
    post(store, receipt("PR-1", 10, "5", at="2024-06-03T09:00:00"), delivery("DN-1", 4, at="2024-06-05T09:00:00"))
    count = on(
        8, "stock_reconciliation", "SR-1", difference_account="Stock Adjustment",
        lines=[{"item": "Rice", "warehouse": "Stores", "qty": 7}],
    )  # fmt: skip
    bill = on(
        9, "purchase_invoice", "PI-1", supplier="Mill",
        lines=[{"item": "Rice", "qty": 10, "rate": "6", "against_receipt": {"number": "PR-1", "line": 1}}],
    )  # fmt: skip
    charge = on(
        10, "landed_cost_voucher", "LCV-1", receipts=["PR-1"], charges=[{"account": "Freight and Forwarding Charges", "amount": 20}]
    )  # fmt: skip
    post(store, count, bill, charge, receipt("PR-0", 2, "3", at="2024-06-01T09:00:00"))
    of_receipt = explained(store, "PR-1")
    assert (1, "billed at another rate", "PR-1", "10.00", "PI-1") in of_receipt
    assert (1, "landed cost", "PR-1", "20.00", "LCV-1") in of_receipt
    sale = explained(store, "DN-1")
    assert sale[0] == (0, "booked", "DN-1", "-20.00", "")
    assert {(what, amount, cause) for _, what, document, amount, cause in sale if document == "DN-1" and what == "reposted"} == {
        ("reposted", "-4.00", "PI-1"), ("reposted", "-8.00", "LCV-1"), ("reposted", "10.00", "PR-0"),
    }  # fmt: skip
    # Two that were there first at 3, two of those at 8 by now.
    assert [(row[1], row[2], row[3]) for row in sale if row[1] == "of the layer of"] == [
        ("of the layer of", "PR-0", "6.00"), ("of the layer of", "PR-1", "16.00"),
    ]  # fmt: skip
    counted = explained(store, "SR-1")
    assert any(what == "count kept" and cause == "PR-0" for _, what, _, _, cause in counted)


def test_every_basis_is_explained_and_every_kind_of_correction_occurs(store: Database) -> None:
    post(
        store,
        receipt("PR-1", 20, "10", at="2024-06-01T09:00:00"),
        entry(2, "SE-1", "material_transfer", {"item": "Rice", "qty": 8, "from": "Stores", "to": "Mill"}),
        entry(3, "SE-2", "manufacture", {"item": "Rice", "qty": 4, "from": "Mill"},
              {"item": "Flour", "qty": 2, "to": "Mill", "finished": True}),
        delivery("DN-1", 6, at="2024-06-04T09:00:00"),
        on(5, "delivery_note", "CR-1", customer="Ann", is_return=True, return_against="DN-1",
           lines=[{"item": "Rice", "warehouse": "Stores", "qty": -2, "rate": 1, "return_of": 1}]),
        on(6, "purchase_receipt", "RR-1", supplier="Mill", is_return=True, return_against="PR-1",
           lines=[{"item": "Rice", "warehouse": "Stores", "qty": -1, "rate": 10, "return_of": 1}]),
        on(7, "stock_reconciliation", "SR-1", difference_account="Stock Adjustment",
           lines=[{"item": "Rice", "warehouse": "Stores", "qty": 9}]),
        delivery("DN-2", 1, at="2024-06-08T09:00:00"),
        {"type": "cancel", "company": "Grocery", "number": "CX-1", "target": {"type": "delivery_note", "number": "DN-2"}},
        delivery("DN-3", 30, at="2024-06-09T09:00:00"),
        receipt("PR-2", 40, "12", at="2024-06-10T09:00:00"),
        on(11, "landed_cost_voucher", "LCV-1", receipts=["PR-1"], charges=[{"account": "Freight and Forwarding Charges", "amount": 40}]),
        on(12, "purchase_invoice", "PI-1", supplier="Mill",
           lines=[{"item": "Rice", "qty": 20, "rate": "11", "against_receipt": {"number": "PR-1", "line": 1}}]),
        receipt("PR-0", 3, "1", at="2024-05-30T09:00:00"),
    )  # fmt: skip
    # The mill's stock has an account of its own from now on.
    accept(
        store, [incoming({"type": "warehouse", "company": "Grocery", "name": "Mill", "account": "Work In Progress"})]
    )
    assert post_all(store).posted == 1
    assert {basis for (basis,) in rows(store, "SELECT DISTINCT basis FROM stock_movement")} == {
        basis.value for basis in Basis
    }
    assert {kind for (kind,) in rows(store, "SELECT DISTINCT kind FROM stock_difference")} == {
        kind.value for kind in DifferenceKind
    }
    # What was transferred, made or given back leads to where its value came from, and all of it to the receipts.
    for voucher in ("SE-1", "SE-2", "CR-1", "RR-1", "SR-1", "DN-3"):
        told = explained(store, voucher)
        assert told[0][:3] == (0, "booked", voucher)
        assert {"PR-0", "PR-1"} & {document for _, what, document, *_ in told if what == "booked"}, voucher
        for _, what, document, amount, cause in told:
            if what in (
                "reposted",
                "landed cost",
                "billed at another rate",
                "shortage covered",
                "count kept",
                "residue to cost",
            ):
                assert cause, (voucher, what, document, amount)
    corrected = (
        "SELECT DISTINCT v.number FROM stock_difference d JOIN stock_movement m USING (company_id, movement_id) "
        "JOIN voucher v ON v.company_id = m.company_id AND v.voucher_id = m.voucher_id"
    )
    for (number,) in rows(store, corrected):
        assert any(depth == 1 and document == number for depth, _, document, *_ in explained(store, number)), number
