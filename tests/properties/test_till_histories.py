"""Random histories of a shop with a till, through the real services: both ledgers are as by hand after every document.

Sales, returns within and across closings, closings that are cancelled and made again, counts beside open tills, and stock that
comes in late underneath: all that is reposted has to reach the cost of what was consolidated, and of what came back of it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from random import Random

import pytest

from tests.support.histories import ACCOUNTS, Json, Setting, by_hand
from tests.support.history_writer.tills import SHELF, Shop
from tests.support.lanes import publish, rows
from tests.support.oracle.till import Tills
from tests.support.servers import Database as FreshDatabase
from tests.support.two_ways import RealCompany
from worker.services.posting import drain
from worker.services.reposting import run_pending
from worker.store.database import Database


@dataclass
class Hand:
    """What an accountant keeps of a shop while its documents are accepted or refused."""

    setting: Setting
    tills: Tills
    documents: list[Json]

    def take(self, document: Json, statuses: dict[str, str]) -> None:
        """Note a document that was accepted; a closing with the sales that it has taken up."""
        kind, number = document["type"], document["number"]
        if kind == "pos_invoice":
            self.tills.sales[number] = document
        elif kind == "pos_closing":
            taken = [n for n in self.tills.sales if statuses[n] == "consolidated" and n not in self.tills.booked()]
            self.tills.close(document, taken)
        elif kind == "pos_opening":
            self.tills.open(document)
        elif kind == "cancel":
            self.tills.undo(document["target"]["number"])
        elif kind == "stock_reconciliation":
            # The shelf is found without what tills had sold by then.
            (line,) = document["lines"]
            qty = int(line["qty"]) + self.tills.unbooked(line["item"], document["posting_datetime"])
            self.documents.append({**document, "lines": [{**line, "qty": str(qty)}]})
        else:
            self.documents.append(document)

    def take_corrections(self, store: Database, company: int) -> int:
        """Take in the entries by which counts were put right since, as the documents that they are; says how many there were."""
        told = {document["number"] for document in self.documents}
        found = rows(
            store,
            "SELECT number, payload FROM document WHERE company_id = %s AND number LIKE 'stock_reconciliation-%%-%%' ORDER BY sequence",
            company,
        )
        made = [json.loads(payload, object_hook=_as_told) for number, payload in found if number not in told]
        self.documents += made
        return len(made)

    def accounts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Balance per account, and value of stock per stock account (minor units)."""
        oracle, ledger = by_hand(self.setting, [*self.documents, *self.tills.deliveries()])
        totals, stock = defaultdict(int, self.tills.money()), defaultdict[str, int](int)
        for (_, account, _), amount in ledger.booked.items():
            totals[account] += amount
        for (_, (_, warehouse, _)), (_, amount) in oracle.booked.items():
            stock[ACCOUNTS[warehouse]] += amount
        return tuple({name: amount for name, amount in found.items() if amount} for found in (totals, stock))  # type: ignore[return-value]


def _as_told(part: Json) -> Json:
    """A document of the system's own as a publisher would have written it."""
    return {
        name: value.replace("+00:00", "Z") if name == "posting_datetime" else value
        for name, value in part.items()
        if value is not None
    }


def follow(database: FreshDatabase, seed: int, length: int) -> dict[str, int]:
    """Post the history of a seed and compare all the way; says how many documents of each type were accepted."""
    random = Random(seed)
    setting = Setting(precision=random.choice((0, 2, 2, 3)), negatives=True)
    profile = {
        "consolidate_by": random.choice(("closing", "customer")), "returns": random.choice(("net", "credit_note")),
        "disable_rounded_total": True,
    }  # fmt: skip
    till = {
        "type": "pos_profile", "company": "Paper", "name": "Till", "warehouse": SHELF, "customer_default": "Ann",
        "payment_modes": [{"mode": "Cash", "account": "Cash", "default": True}, {"mode": "Card", "account": "Card"}],
        **profile,
    }  # fmt: skip
    tills = Tills(
        Fraction(1, 10**setting.precision),
        SHELF,
        profile["consolidate_by"] == "customer",
        profile["returns"] == "credit_note",
    )
    hand, accepted = Hand(setting, tills, []), defaultdict[str, int](int)
    with Database(database.worker_url) as store:
        real = RealCompany(store, setting)
        publish(store, [till])
        for document in Shop(random, setting.precision).write(length):
            publish(store, [document])
            drain(store, real.number)
            statuses = dict(
                rows(store, "SELECT number, status FROM books.document_status WHERE company_id = %s", real.number)
            )
            if statuses[document["number"]] in ("rejected", "parked"):
                continue
            accepted[document["type"]] += 1
            hand.take(document, statuses)
            corrections = hand.take_corrections(store, real.number)
            accepted["correction"] += corrections
            run_pending(store, real.number)
            assert (real.accounts(), real.stock()) == hand.accounts(), f"seed {seed}, after {document}"
    return accepted


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_of_random_histories(database: FreshDatabase, seed: int) -> None:
    accepted = follow(database, seed, 36)
    assert min(accepted[kind] for kind in ("pos_invoice", "pos_closing", "purchase_receipt")) > 1
    assert accepted["pos_opening"]


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(1_000, 1_060))
def test_of_many_and_longer_histories(database: FreshDatabase, seed: int) -> None:
    follow(database, seed, 120)
