"""Journal entry: amounts between accounts, stated by a person or accepted from a proposal."""

from __future__ import annotations

import msgspec

from domain.books import Books
from domain.documents.plan import Head, Plan, dimensions_of
from domain.documents.shape import Document, Line
from domain.errors import DocumentRejected
from domain.money import Currency, Money, Rate, convert
from domain.shape import Name


class JournalLine(Line, kw_only=True):
    """One side of one account."""

    account: Name
    debit: Money = msgspec.field(default_factory=Money)
    credit: Money = msgspec.field(default_factory=Money)
    party: Name | None = None


class JournalEntry(Document, tag="journal_entry", kw_only=True):
    """Entries that balance; `reference` names what they mend (a reconciliation proposal), or is the publisher's own."""

    lines: list[JournalLine]
    reference: Name | None = None
    currency: Name | None = None
    exchange_rate: Rate | None = None
    is_opening: bool = False


def plan(document: JournalEntry, head: Head, books: Books) -> Plan:  # noqa: ARG001 - the signature of every plan
    """Entries as stated, which must balance.

    Errors: DocumentRejected, DocumentParked.
    """
    view, planned = head.view, Plan()
    currency = view.currency if document.currency is None else Currency(document.currency)
    foreign = currency.code != view.currency.code
    if foreign and document.exchange_rate is None:
        raise DocumentRejected(
            "ExchangeRateMissing", f"exchange_rate: the journal is in {currency.code}; state the rate.", "exchange_rate"
        )
    difference = 0
    for index, line in enumerate(document.lines):
        field = f"lines[{index}]"
        account = view.account(line.account, f"{field}.account")
        stated = currency.exact(line.debit, f"{field}.debit") - currency.exact(line.credit, f"{field}.credit")
        amount = convert(stated, document.exchange_rate or 0, currency, view.currency) if foreign else stated
        difference += stated
        planned.entry(
            head, account, amount, party=line.party or "", cost_center=line.cost_center or "",
            dimensions=dimensions_of(head, line.dimensions, document.dimensions),
            currency=currency.code if foreign else "", currency_amount=stated if foreign else 0,
            is_opening=document.is_opening,
        )  # fmt: skip
    if difference:
        raise DocumentRejected(
            "DebitCreditMismatch",
            f"lines: debits less credits are {currency.show(difference)}; a journal must balance to the cent.",
            "lines",
            {"difference": currency.show(difference)},
        )
    if foreign and (rounding := -sum(entry.amount for entry in planned.entries)):
        planned.entry(head, view.role("round_off"), rounding)
    return planned
