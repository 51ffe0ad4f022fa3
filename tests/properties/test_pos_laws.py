"""Laws of a closing, over random receipts: what the receipts say is what the invoices say, to the last minor unit.

Every receipt is decided by the domain itself; the laws then compare the sums of receipts with the consolidated documents, per tax
rate, tender, item and cost center, in currencies of 0, 2 and 3 decimals.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.books import Books
from domain.documents import PosClosing, PosInvoice
from domain.documents.plan import Head
from domain.documents.pos import plan, profile_of
from domain.masters import PosProfile
from domain.pos_consolidation import (
    ReceiptSums,
    Sale,
    as_invoice,
    certify,
    figures_of,
    group,
    merge,
    place,
    plan_invoice,
    root_of,
)
from domain.pos_receipt import PosReceipt, read, write
from domain.posting_time import PostingTime
from domain.stock_ledger import Balance, Chain
from tests.support.master_shelf import MasterShelf
from worker.messages import decode, decode_accepted, encode

ITEMS = ("Apple", "Bread", "Cheese")
RATES = st.sampled_from(["0.99", "1.49", "3.33", "10", "7.77"])


def shop(precision: int, profile: dict[str, Any]) -> Books:
    """A shop whose shelves hold more than anybody buys."""
    coin = {"smallest_currency_fraction": "0.05"} if precision == 2 else {}
    masters: list[dict[str, Any]] = [
        {"type": "company", "name": "Paper", "currency": "EUR", "currency_precision": precision, **coin},
        {"type": "warehouse", "company": "Paper", "name": "Shelf"},
        *({"type": "item", "company": "Paper", "code": item} for item in ITEMS),
        {"type": "account", "company": "Paper", "name": "City Tax", "root_type": "liability"},
        {"type": "pos_profile", "company": "Paper", "name": "Till", "warehouse": "Shelf", **profile},
    ]
    books = Books(MasterShelf("Paper", masters), next_movement=1)
    for item in ITEMS:
        books.balances[Chain(item, "Shelf")] = Balance(qty=10**12)
        books.reserved[Chain(item, "Shelf")] = 0
    return books


@st.composite
def sales(draw: st.DrawFn, precision: int) -> list[dict[str, Any]]:
    """Sales of a day, with taxes included or not, discounts, several tenders, change, and what stays unpaid."""
    made = []
    for number in range(draw(st.integers(1, 8))):
        lines = draw(
            st.lists(
                st.tuples(st.sampled_from(ITEMS), st.integers(1, 9), RATES, st.sampled_from([None, "North"])),
                min_size=1,
                max_size=4,
            )
        )
        whole = precision == 0
        taxes = draw(
            st.sampled_from(
                [(), (("VAT", "7.5", True),), (("VAT", "19", True), ("City Tax", "1.3", False)), (("VAT", "9", False),)]
            )
        )
        document: dict[str, Any] = {
            "type": "pos_invoice", "company": "Paper", "number": f"S-{number}", "pos_profile": "Till",
            "posting_datetime": f"2026-03-01T10:{number:02d}:00", "customer": draw(st.sampled_from(["Ann", "Bob"])),
            "lines": [
                {"item": item, "qty": qty, "rate": rate, **({"cost_center": center} if center else {})}
                for item, qty, rate, center in lines
            ],
            "taxes": [
                {"account": account, "charge": "percent_of_net_total", "rate": rate, "included_in_rate": included}
                for account, rate, included in taxes
            ],
            "payments": [
                {"mode": mode, "amount": str(draw(st.integers(1, 200 if whole else 90)))}
                for mode in draw(st.sampled_from([("Cash",), ("Card",), ("Cash", "Card")]))
            ],
        }  # fmt: skip
        if draw(st.booleans()):
            document["discount_percent"] = draw(st.sampled_from(["3", "12.5"]))
        made.append(document)
    return made


def decided(books: Books, documents: list[dict[str, Any]]) -> list[Sale]:
    found = []
    for sequence, raw in enumerate(documents, start=1):
        document = decode(json.dumps(raw).encode())
        assert isinstance(document, PosInvoice)
        receipt = plan(document, Head.of(sequence, document, books.view), books).receipt
        assert receipt is not None
        found.append(Sale(sequence, receipt))
    return found


def returned(sale: Sale, sequence: int) -> Sale:
    """The whole sale brought back, as the domain mirrors it."""
    r = sale.receipt
    lines = [
        type(line)(line.key, -line.qty, -line.net, [-t for t in line.taxes], line.serials, n)
        for n, line in enumerate(r.lines, 1)
    ]
    return Sale(
        sequence,
        PosReceipt(
            f"R-{sequence}", r.at + 1, r.customer, lines, [type(t)(t.key, -t.amount) for t in r.taxes],
            [type(p)(p.tender, -p.amount) for p in r.payments], [type(c)(c.tender, -c.amount) for c in r.change],
            -r.net, -r.grand, -r.total, -r.round_off, -r.written_off, [(chain, -qty) for chain, qty in r.goods], True, r.number,
        ),
    )  # fmt: skip


@given(
    st.data(),
    st.sampled_from([0, 2, 3]),
    st.sampled_from(["closing", "customer"]),
    st.sampled_from(["net", "credit_note"]),
)
@settings(max_examples=120, deadline=None)
def test_the_sum_of_the_receipts_is_the_invoices_and_their_entries_balance(
    data: st.DataObject, precision: int, by: str, returns: str
) -> None:
    books = shop(precision, {"consolidate_by": by, "returns": returns})
    sold = decided(books, data.draw(sales(precision)))
    back = [returned(sale, len(sold) + n) for n, sale in enumerate(sold, 1) if data.draw(st.integers(0, 3)) == 0]
    everything = sorted([*sold, *back], key=lambda sale: (sale.receipt.at, sale.sequence))
    profile = profile_of(books.view, "Till")
    assert isinstance(profile, PosProfile)
    closing = PosClosing(
        company="Paper", number="C", posting_datetime=PostingTime.parse("2026-03-01T20:00:00"), pos_profile="Till"
    )
    currency = books.view.currency
    invoices = []
    for sequence, one in enumerate(group([everything], profile), start=100):
        made = merge(one.customer, one.is_return, one.sales, {})
        invoice = as_invoice(made, f"C-{sequence}", closing, currency)
        head = Head(sequence, "sales_invoice", invoice.number, 0, date(2026, 3, 1), books.view, "Main", "")
        entries = plan_invoice(made, invoice, head, books).entries
        assert sum(entry.amount for entry in entries) == 0
        assert decode_accepted(encode(invoice)) == invoice
        invoices.append((invoice, figures_of(made, closing, currency)))
    sums = ReceiptSums()
    for sale in everything:
        sums.add(read(write(sale.receipt)))
    certificate = certify("C", root_of(write(sale.receipt) for sale in everything), sums, invoices, currency)
    assert certificate.holds, {name: pair for name, pair in certificate.sums.items() if pair[0] != pair[1]}
    assert certificate.sums["total"][0] == sum(sale.receipt.total for sale in everything)


@given(st.data(), st.sampled_from([0, 2, 3]))
@settings(max_examples=80, deadline=None)
def test_a_receipt_adds_up_and_survives_its_text(data: st.DataObject, precision: int) -> None:
    books = shop(precision, {})
    for sale in decided(books, data.draw(sales(precision))):
        receipt = sale.receipt
        assert receipt.net + sum(tax.amount for tax in receipt.taxes) + receipt.round_off == receipt.total
        assert receipt.net == sum(line.net for line in receipt.lines)
        for place_, tax in enumerate(receipt.taxes):
            assert tax.amount == sum(line.taxes[place_] for line in receipt.lines)
        assert read(write(receipt)) == receipt


@given(st.lists(st.tuples(st.integers(-3, 3).filter(bool), st.integers(0, 2)), max_size=14), st.integers(0, 4))
@settings(max_examples=300, deadline=None)
def test_whatever_stock_allows_in_some_order_of_waves_never_goes_short(
    moves: list[tuple[int, int]], there: int
) -> None:
    """Each wave takes no more than there is; every sale is either in a wave or short, and none twice."""
    chains = [Chain(item, "Shelf") for item in ITEMS]
    all_sales = [
        Sale(
            number,
            PosReceipt(f"S-{number}", number, "", [], [], [], [], 0, 0, 0, 0, 0, [(chains[which], qty)], qty < 0),
        )
        for number, (qty, which) in enumerate(moves)
    ]
    placement = place(all_sales, dict.fromkeys(chains, there))
    left = dict.fromkeys(chains, there)
    for wave in placement.waves:
        for sale in wave:
            for chain, qty in sale.receipt.goods:
                left[chain] -= max(qty, 0)
        assert min(left.values()) >= 0
        for sale in wave:
            for chain, qty in sale.receipt.goods:
                left[chain] += max(-qty, 0)
    placed = [sale.sequence for wave in placement.waves for sale in wave]
    assert sorted([*placed, *(short.sale.sequence for short in placement.short)]) == list(range(len(moves)))
    for short in placement.short:
        assert short.chain is not None
        assert short.missing > 0
    if all(sum(max(qty, 0) for qty, which in moves if chains[which] == chain) <= there for chain in chains):
        assert len(placement.waves) <= 1
        assert placement.short == []
