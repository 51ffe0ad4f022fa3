"""What deliveries wait for their invoices, by figures and links, is what the documents themselves tell; over random histories."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from tests.support.histories import ITEMS, PLAIN, History, Json, any_setting, history, masters
from tests.support.lanes import number_of, post_all, publish, rows
from tests.support.servers import Database as FreshDatabase
from worker.reports import REPORTS
from worker.reports.scope import scope_of
from worker.store.database import Database

KINDS = ("receipt", "delivery", "delivery", "invoice", "invoice", "sales_return", "sales_return", "cancel")


@pytest.mark.parametrize("seed", range(4))
def test_the_report_is_what_the_documents_tell(database: FreshDatabase, seed: int) -> None:
    setting = replace(any_setting(Random(seed)), kinds=KINDS, items=PLAIN, negatives=True)
    told = history(Random(seed), 90, setting)
    with Database(database.worker_url) as store:
        publish(store, [*masters(told.setting), *told.documents])
        post_all(store, "Paper")
        shown = {(row["voucher"], row["line"]): row for row in reported(store)}
        waiting = by_documents(told, store)
    assert len(waiting) > 5
    assert {
        place: (row["item"], row["customer"], row["currency"], row["open_qty"], row["open_amount"])
        for place, row in shown.items()
    } == waiting


def reported(store: Database) -> list[dict[str, Any]]:
    with store.transaction() as connection:
        scope = scope_of(connection, number_of(store, "Paper"))
        assert scope is not None
        return list(REPORTS["delivered-not-invoiced"].dicts(connection, scope))


def by_documents(told: History, store: Database) -> dict[tuple[str, int], tuple[Any, ...]]:
    """Each open line: item, customer, currency, quantity in the stock unit and amount, from what was sent."""
    posted = {number for (number,) in rows(store, "SELECT number FROM books.document_status WHERE status = 'posted'")}
    standing = [document for document in told.documents if document["number"] in posted]
    taken: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
    invoices = {document["number"]: document for document in standing if document["type"] == "sales_invoice"}
    for document in standing:
        for line in document.get("lines", []):
            if document["type"] == "delivery_note" and "return_against" in document:
                taken[document["return_against"], line["return_of"]] -= in_stock_units(line)
            elif document["type"] == "sales_invoice" and "against_delivery" in line:
                taken[line["against_delivery"]["number"], line["against_delivery"]["line"]] += in_stock_units(line)
            elif document["type"] == "sales_invoice" and "return_against" in document:
                credited = invoices[document["return_against"]]["lines"][line["return_of"] - 1]
                if "against_delivery" in credited:  # what is credited is to be invoiced again
                    of = credited["against_delivery"]
                    taken[of["number"], of["line"]] += in_stock_units(line)
    (home,) = {master["currency"] for master in masters(told.setting) if master["type"] == "company"}
    found: dict[tuple[str, int], tuple[Any, ...]] = {}
    for document in standing:
        if document["type"] != "delivery_note" or document.get("is_return"):
            continue
        currency = document.get("currency", home)
        decimals = 2 if currency == "USD" else told.setting.precision
        for place, line in enumerate(document["lines"], start=1):
            whole = in_stock_units(line)
            left = whole - taken[document["number"], place]
            if left > 0:
                amount = round(Fraction(line["qty"]) * Fraction(line["rate"]) * 10**decimals + Fraction(1, 10**9))
                share = round(amount * left / whole)
                found[document["number"], place] = (
                    line["item"],
                    document["customer"],
                    currency,
                    left,
                    Fraction(share, 10**decimals),
                )
    return found


def in_stock_units(line: Json) -> Fraction:
    boxed = ITEMS.get(line["item"], {}).get("uoms", {}) if "uom" in line else {}
    return Fraction(line["qty"]) * Fraction(line.get("conversion_factor", boxed.get(line.get("uom"), "1")))
