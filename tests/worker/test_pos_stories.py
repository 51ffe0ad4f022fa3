"""Days at a till as an accountant checks them: the closing's entries against the receipts, and against figures worked out by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from domain.pos_receipt import PosReceipt, read
from tests.support.lanes import post_all, publish, rows
from tests.support.servers import Database as FreshDatabase
from tests.support.stories import opened
from tests.support.till import SHOP, closing, masters, receipt, sale
from worker.store.database import Database
from worker.store.pos.closings import load_certificate

Json = dict[str, Any]

NOT_OF_RECEIPTS = {"Stock In Hand", "Cost of Goods Sold"}


@dataclass(frozen=True)
class Day:
    """What happened, and by hand: what each account (and cost center, where named) and each item comes to at the closing."""

    documents: list[Json]
    accounts: dict[str | tuple[str, str], str]
    goods: dict[str, int]
    profile: Json = field(default_factory=dict)
    company: Json = field(default_factory=dict)
    invoices: int = 1


def vat(rate: str, *, included: bool = True, account: str = "VAT") -> Json:
    return {"account": account, "charge": "percent_of_net_total", "rate": rate, "included_in_rate": included}


def paid(**modes: str) -> list[Json]:
    return [{"mode": mode, "amount": amount} for mode, amount in modes.items()]


def line(item: str, qty: int, rate: str, **more: Any) -> Json:
    return {"item": item, "qty": qty, "rate": rate, **more}


def at_ten(number: str, minute: int, *lines: Json, payments: list[Json], **more: Any) -> Json:
    document = sale(number, at=f"2026-03-01T10:{minute:02d}", paid=0, **more)
    return {**document, "lines": list(lines), "payments": payments}


DAYS = {
    "a discount, tax in the price, and change": Day(
        [
            at_ten("S-1", 0, line("Apple", 2, "11.90"), taxes=[vat("19")], discount_percent=10, payments=paid(Cash="50")),
            at_ten("S-2", 1, line("Apple", 1, "11.90"), taxes=[vat("19")], payments=paid(Card="11.90")),
        ],
        {"Sales": "-28.00", "VAT": "-5.32", "Cash": "21.42", "Card": "11.90"},
        {"Apple": -3},
    ),
    "two rates of one tax, and a city tax on top": Day(
        [
            at_ten("S-1", 0, line("Apple", 1, "1.19"), taxes=[vat("19")], payments=paid(Cash="1.19")),
            at_ten("S-2", 1, line("Bread", 1, "1.07"), taxes=[vat("7")], payments=paid(Cash="1.07")),
            at_ten(
                "S-3", 2, line("Bread", 2, "1.07"), taxes=[vat("7"), vat("1.5", included=False, account="City Tax")],
                payments=paid(Cash="2.17"),
            ),
        ],
        {"Sales": "-4.00", "VAT": "-0.40", "City Tax": "-0.03", "Cash": "4.43"},
        {"Apple": -1, "Bread": -3},
    ),
    "several tenders, change out of one of them": Day(
        [
            at_ten("S-1", 0, line("Apple", 3, "10"), payments=paid(Cash="10", Card="20")),
            at_ten("S-2", 1, line("Apple", 1, "15"), payments=paid(Card="10", Cash="10")),
        ],
        {"Sales": "-45.00", "Cash": "15.00", "Card": "30.00"},
        {"Apple": -4},
    ),
    "a shortfall too small to ask for": Day(
        [
            at_ten("S-1", 0, line("Apple", 1, "9.99"), payments=paid(Cash="9.95")),
            at_ten("S-2", 1, line("Apple", 1, "9.99"), payments=paid(Cash="9.96")),
        ],
        {"Sales": "-19.98", "Cash": "19.91", "Write Off": "0.07"},
        {"Apple": -2},
        profile={"write_off_limit": "0.05"},
    ),
    "customers who owe, one invoice each": Day(
        [
            at_ten("S-1", 0, line("Apple", 1, "3"), payments=paid(Cash="1"), customer="Ann"),
            at_ten("S-2", 1, line("Bread", 2, "3"), payments=paid(Cash="6"), customer="Bob"),
            at_ten("S-3", 2, line("Apple", 1, "3"), payments=paid(Card="2.50"), customer="Ann"),
        ],
        {"Sales": "-12.00", "Cash": "7.00", "Card": "2.50", "Debtors": "2.50"},
        {"Apple": -2, "Bread": -2},
        profile={"consolidate_by": "customer"},
        invoices=2,
    ),
    "batches, some of one brought back": Day(
        [
            at_ten("S-1", 0, line("Milk", 3, "2", batch="B1"), line("Milk", 1, "2", batch="B2"), payments=paid(Cash="8")),
            at_ten(
                "S-2", 1, line("Milk", -1, "2", batch="B1"), payments=paid(Cash="-2"), is_return=True, return_against="S-1"
            ),
        ],
        {"Sales": "-6.00", "Cash": "6.00"},
        {"Milk B1": -2, "Milk B2": -1},
    ),
    "a serial number sold, brought back and sold again": Day(
        [
            at_ten("S-1", 0, line("Phone", 2, "99", serials=["N1", "N2"]), payments=paid(Card="198")),
            at_ten(
                "S-2", 1, line("Phone", -1, "99", serials=["N1"]), payments=paid(Card="-99"), is_return=True, return_against="S-1"
            ),
            at_ten("S-3", 2, line("Phone", 1, "95", serials=["N1"]), payments=paid(Cash="100"), customer="Bob"),
        ],
        {"Sales": "-194.00", "Card": "99.00", "Cash": "95.00"},
        {"Phone N1": -1, "Phone N2": -1},
    ),
    "a bundle, part of it brought back": Day(
        [
            at_ten("S-1", 0, line("Basket", 3, "5"), line("Apple", 1, "2"), payments=paid(Cash="20")),
            at_ten("S-2", 1, line("Basket", -1, "5"), payments=paid(Cash="-5"), is_return=True, return_against="S-1"),
        ],
        {"Sales": "-12.00", "Cash": "12.00"},
        {"Apple": -5, "Bread": -2},
    ),
    "a discount shared by two cost centers": Day(
        [
            at_ten(
                "S-1", 0, line("Apple", 1, "10", cost_center="North"), line("Bread", 1, "5", cost_center="South"),
                discount_amount="1", payments=paid(Cash="14"),
            ),
            at_ten("S-2", 1, line("Apple", 1, "10", cost_center="South"), payments=paid(Cash="10")),
        ],
        {("Sales", "North"): "-9.33", ("Sales", "South"): "-14.67", "Cash": "24.00"},
        {"Apple": -2, "Bread": -1},
    ),
    "no decimals: five taxes of 7, where the tax on their sum were 36": Day(
        [at_ten(f"S-{n}", n, line("Apple", 1, "98"), taxes=[vat("8")], payments=paid(Cash="98")) for n in range(5)],
        {"Sales": "-455", "VAT": "-35", "Cash": "490"},
        {"Apple": -5},
        company={"currency": "JPY", "currency_precision": 0},
    ),
    "three decimals, and a credit note for what came back": Day(
        [
            at_ten("S-1", 0, line("Apple", 3, "1.234"), taxes=[vat("5")], payments=paid(Cash="4")),
            at_ten(
                "S-2", 1, line("Apple", -3, "1.234"), taxes=[vat("5")], payments=paid(Cash="-3.702"), is_return=True,
                return_against="S-1",
            ),
            at_ten("S-3", 2, line("Apple", 1, "1.234"), taxes=[vat("5")], payments=paid(Card="1.234")),
        ],
        {"Sales": "-1.175", "VAT": "-0.059", "Card": "1.234"},
        {"Apple": -1},
        profile={"returns": "credit_note"},
        company={"currency": "KWD", "currency_precision": 3},
        invoices=2,
    ),
    "totals rounded to the coin": Day(
        [
            at_ten("S-1", 0, line("Apple", 1, "1.02"), payments=paid(Cash="5")),
            at_ten("S-2", 1, line("Apple", 1, "1.03"), payments=paid(Cash="1.05")),
            at_ten("S-3", 2, line("Apple", 1, "1.04"), payments=paid(Card="1.05")),
        ],
        {"Sales": "-3.09", "Cash": "2.05", "Card": "1.05", "Round Off": "-0.01"},
        {"Apple": -3},
        company={"smallest_currency_fraction": "0.05"},
    ),
}  # fmt: skip


@pytest.fixture
def books(database: FreshDatabase) -> Iterator[Database]:
    with opened(database) as own:
        yield own


@pytest.mark.parametrize("name", DAYS)
def test_a_day_at_the_till(books: Database, name: str) -> None:
    day = DAYS[name]
    _open_shop(books, day)
    publish(books, [*day.documents, closing("C-1")])
    post_all(books, SHOP)
    refused = rows(
        books,
        "SELECT number, status, error::text FROM books.document_status WHERE status NOT IN ('posted', 'consolidated')",
    )
    assert refused == []
    found = _entries(books)
    by_hand: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for key, amount in day.accounts.items():
        by_hand[(key, "") if isinstance(key, str) else key] += Decimal(amount)
    named = {account for account, center in by_hand if center}
    told: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (account, center), net in found.items():
        told[account, center if account in named else ""] += net
    assert {key: amount for key, amount in told.items() if amount} == dict(by_hand)
    assert _goods(books) == day.goods
    assert found == _of_receipts(books, day.company.get("currency_precision", 2)), (
        "what the receipts say, account by account and cost center by cost center"
    )
    ((closing_id, invoices),) = rows(
        books,
        "SELECT c.voucher_id, (SELECT count(*) FROM voucher WHERE type = 'sales_invoice') FROM voucher c WHERE c.type = 'pos_closing'",
    )
    assert invoices == day.invoices
    with books.transaction() as connection:
        certificate = load_certificate(connection, 1, closing_id)
    assert certificate is not None
    assert certificate.holds
    assert certificate.receipts == len(day.documents)


def _open_shop(books: Database, day: Day) -> None:
    company, *others = masters(items=("Apple", "Bread"), **day.profile)
    own = {"company": SHOP}
    publish(
        books,
        [
            {**company, **day.company},
            *({"type": "account", **own, "name": name, "root_type": "liability"} for name in ("VAT", "City Tax")),
            *others,
            {"type": "item", **own, "code": "Milk", "has_batch": True},
            {"type": "item", **own, "code": "Phone", "has_serial": True},
            {"type": "item", **own, "code": "Basket", "is_stock_item": False, "bundle": {"Apple": 2, "Bread": 1}},
            *({"type": "batch", **own, "name": name, "item": "Milk"} for name in ("B1", "B2")),
            receipt("PR-1", ("Apple", 50, 2), ("Bread", 50, 1)),
            {
                **receipt("PR-2"),
                "lines": [
                    *(line("Milk", 5, "1", batch=name, warehouse="Shelf") for name in ("B1", "B2")),
                    line("Phone", 2, "60", serials=["N1", "N2"], warehouse="Shelf"),
                ],
            },
        ],
    )  # fmt: skip
    post_all(books, SHOP)


def _entries(books: Database) -> dict[tuple[str, str], Decimal]:
    """What the closing's documents posted, but for goods and their cost."""
    found = rows(
        books,
        "SELECT account, coalesce(cost_center, ''), sum(debit - credit) FROM books.general_ledger "
        "WHERE voucher_type = 'sales_invoice' GROUP BY 1, 2",
    )
    return {(account, center): net for account, center, net in found if net and account not in NOT_OF_RECEIPTS}


def _goods(books: Database) -> dict[str, int]:
    found = rows(
        books,
        "SELECT trim(item || ' ' || coalesce(part, '')), sum(qty)::int FROM books.stock_ledger "
        "WHERE voucher_type = 'sales_invoice' GROUP BY 1",
    )
    return {name: qty for name, qty in found if qty}


def _of_receipts(books: Database, precision: int) -> dict[tuple[str, str], Decimal]:
    """The same from the receipts alone, as somebody with a pencil would add them up."""
    sums: Counter[tuple[str, str]] = Counter()
    for receipt_ in _receipts(books):
        for sold in receipt_.lines:
            sums[sold.key.income, sold.key.cost_center] -= sold.net
        for tax in receipt_.taxes:
            sums[tax.key.account, ""] -= tax.amount  # liabilities belong to no cost center
        for payment in receipt_.payments:
            sums[payment.tender.account, ""] += payment.amount
        for change in receipt_.change:
            sums[change.tender.account, ""] -= change.amount
        sums["Debtors", ""] += receipt_.outstanding
        sums["Write Off", "Main"] += receipt_.written_off
        sums["Round Off", "Main"] -= receipt_.round_off
    return {key: Decimal(amount).scaleb(-precision) for key, amount in sums.items() if amount}


def _receipts(books: Database) -> list[PosReceipt]:
    return [read(text) for (text,) in rows(books, "SELECT receipt FROM pos_receipt")]
