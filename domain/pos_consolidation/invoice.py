"""A consolidated document: the sales invoice that it is to readers, and what it means for both ledgers."""

from __future__ import annotations

import msgspec

from domain.books import Books
from domain.documents.plan import Head, Plan
from domain.documents.pos import PosClosing
from domain.documents.returns import returned
from domain.documents.sales_cost import deliver_line
from domain.documents.sales_invoice import RoundedTotal, SalesInvoice, SalesLine
from domain.documents.shape import Payment, Tax
from domain.exact import show
from domain.money import Currency, Money, Rate
from domain.pos_consolidation.merging import Consolidated, key_digest
from domain.pos_consolidation.tally import MergedLine
from domain.pos_receipt import Tender
from domain.quantity import Quantity

Taxes = dict[tuple[str, str], int]


def as_invoice(made: Consolidated, number: str, closing: PosClosing, currency: Currency) -> SalesInvoice:
    """The sales invoice that states the sums; it is exempt from adding up, because each receipt was rounded by itself."""
    many = made.sales
    return SalesInvoice(
        company=closing.company,
        number=number,
        posting_datetime=closing.posting_datetime,
        remarks=f"{many} {'sale' if many == 1 else 'sales'} of {closing.pos_profile}, closing {closing.number}"[:500],
        lines=[_line(line, currency) for line in made.lines],
        taxes=[
            Tax(account=account, cost_center=center, amount=Money(currency.value(amount)))
            for (account, center), amount in _taxes_by_account(made).items()
        ],
        customer=made.customer or None,
        is_return=made.is_return,
        update_stock=True,
        is_pos=True,
        payments=[
            Payment(mode=tender.mode, account=tender.account, amount=Money(currency.value(amount)))
            for tender, amount in made.payments.items()
        ],
        change_amount=Money(currency.value(sum(made.change.values()))) if made.change else None,
        rounded_total=RoundedTotal(True, Money(currency.value(made.tally.total)))
        if made.tally.total != made.tally.grand
        else None,
        total=Money(currency.value(made.tally.grand)),
    )


def _line(line: MergedLine, currency: Currency) -> SalesLine:
    key = line.key
    return SalesLine(
        item=key.item,
        qty=Quantity(line.qty),
        rate=Rate(currency.value(abs(key.rate))),
        amount=Money(currency.value(line.net)),
        warehouse=key.warehouse or None,
        uom=key.uom or None,
        conversion_factor=Rate(key.factor) if key.factor else None,
        batch=key.batch or None,
        serials=line.standing_serials or None,
        income_account=key.income,
        expense_account=key.expense or None,
        cost_center=key.cost_center,
        dimensions=msgspec.json.decode(key.dimensions) if key.dimensions else None,
        allow_zero_rate=key.zero_rate,
        cost_rate=None if key.cost_rate is None else Rate(key.cost_rate),
    )


def _taxes_by_account(made: Consolidated) -> Taxes:
    taxes: Taxes = {}
    for key, amount in made.taxes.items():
        place = (key.account, key.cost_center)
        taxes[place] = taxes.get(place, 0) + amount
    return taxes


def plan_invoice(made: Consolidated, invoice: SalesInvoice, head: Head, books: Books) -> Plan:
    """Entries from the sums, and the goods at cost; what comes back does so at the cost share of the line that it had left through.

    Errors: DocumentRejected, Lacking.
    """
    view, planned = head.view, Plan()
    # Goods that come back are there before goods leave.
    for index in sorted(range(len(made.lines)), key=lambda place: made.lines[place].qty > 0):
        line = made.lines[index]
        if not line.qty:
            continue
        original = books.voucher("sales_invoice", line.origin.invoice) if line.origin else None
        back = None
        if original is not None and line.origin is not None:
            back = returned(original, line.origin.line - 1, invoice.lines[index], view, f"lines[{index}]", planned)
            back.link(planned, head, index)
        deliver_line(planned, invoice.lines[index], index, head, line.key.dimensions, back)
    for line in made.lines:
        account = view.account(line.key.income, "income_account")
        planned.entry(head, account, -line.net, cost_center=line.key.cost_center, dimensions=line.key.dimensions)
    for (account, center), amount in _taxes_by_account(made).items():
        planned.entry(head, view.account(account, "taxes.account"), -amount, cost_center=center)
    _settle(planned, made, head)
    return planned


def require_accounts(made: Consolidated, head: Head) -> None:
    """See that what the document settles has accounts to go to. Errors: DocumentRejected, DocumentParked."""
    _settle(Plan(), made, head)


def _settle(planned: Plan, made: Consolidated, head: Head) -> None:
    view = head.view
    for tender, amount in made.payments.items():
        planned.entry(head, _account(head, tender), amount)
    for tender, amount in made.change.items():
        planned.entry(head, _account(head, tender), -amount)
    for customer, amount in made.owed.items():
        planned.entry(head, view.receivable(customer), amount, party=customer, against=head.sequence)
    planned.entry(head, view.role("round_off"), -made.tally.round_off)
    planned.entry(head, view.role("write_off"), made.tally.written_off)


def _account(head: Head, tender: Tender) -> str:
    return head.view.tender_account(tender.account)


def figures_of(made: Consolidated, closing: PosClosing, currency: Currency) -> dict[str, object]:
    """The totals of a consolidated document, each a sum of the receipts' own; taxes item by item."""
    text = currency.show
    return {
        "net_total": text(made.tally.net),
        "grand_total": text(made.tally.grand),
        "rounded_total": text(made.tally.total),
        "rounding_adjustment": text(made.tally.round_off),
        "round_off": text(made.tally.round_off),
        "paid_amount": text(sum(made.payments.values())),
        "change_amount": text(sum(made.change.values())),
        "write_off_amount": text(made.tally.written_off),
        "line_amounts": [text(line.net) for line in made.lines],
        "line_keys": [key_digest(line.key) for line in made.lines],
        "taxes": _tax_figures(made, currency),
        "is_return": made.is_return,
        "customer": made.customer,
        "generated_by": closing.number,
        "sales": made.sales,
    }


def _tax_figures(made: Consolidated, currency: Currency) -> list[dict[str, object]]:
    """One row an account and cost center, as it is booked: its amount by rate, and by item with the rate charged on it."""
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for place, amount in _taxes_by_account(made).items():
        by_rate = {
            f"{key.charge} {show(key.rate, 9)}": currency.show(part)
            for key, part in made.taxes.items()
            if (key.account, key.cost_center) == place
        }
        rows[place] = {
            "account": place[0], "cost_center": place[1], "charge": "actual", "amount": currency.show(amount),
            "by_rate": by_rate, "item_wise": _item_wise(made, place, currency),
        }  # fmt: skip
    return list(rows.values())


def _item_wise(made: Consolidated, place: tuple[str, str], currency: Currency) -> dict[str, list[str]]:
    """Rate and amount for each item; an item sold at several rates shows the last of them and the sum of all."""
    rates: dict[str, str] = {}
    sums: dict[str, int] = {}
    for line in made.lines:
        for key, amount in zip(line.tax_keys, line.taxes, strict=True):
            if (key.account, key.cost_center) == place:
                rates[line.key.item] = show(key.rate, 9)
                sums[line.key.item] = sums.get(line.key.item, 0) + amount
    return {item: [rates[item], currency.show(amount)] for item, amount in sums.items()}
