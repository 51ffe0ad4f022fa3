"""What can be said about a message without knowing any master or balance: signs, empty lists, repeated serials, settings.

One function per shape, found by type. Each reads top to bottom in the order of the fields, so the first fault in reading order is
the one that is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

from babel.core import Locale, UnknownLocaleError

from domain.documents import (
    DeliveryNote,
    JournalEntry,
    LandedCostVoucher,
    PaymentEntry,
    PosClosing,
    PosInvoice,
    PosOpening,
    PurchaseInvoice,
    PurchaseOrder,
    PurchaseReceipt,
    SalesInvoice,
    SalesOrder,
    StockEntry,
    StockReconciliation,
)
from domain.documents.purchase_receipt import PurchaseReceiptLine
from domain.documents.shape import Document, ItemLine, TradeDocument
from domain.errors import DocumentRejected
from domain.masters import SHARED, AccountingPeriod, Company, Item, Master, PosProfile, Recipient, is_mail_address
from domain.posting_time import zone
from domain.quantity import QUANTITY_SCALE
from scheduler.windows import window_of
from worker.messages.refusal import empty_document

SCHEMA_VERSION = 1

_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d\Z")
_AGAIN = "Correct it at the source and send it again."


def check(message: Document | Master | Item) -> None:
    """Refuse a message that cannot be right whatever the books say. Errors: DocumentRejected."""
    if message.schema != SCHEMA_VERSION:
        raise _refused(
            "SchemaVersion", "schema", f"version {message.schema} is not known here; this system reads {SCHEMA_VERSION}"
        )
    if isinstance(message, Document) and message.company == SHARED:
        raise _refused("SharedCompany", "company", "'*' stands for shared masters; a document belongs to one company")
    if isinstance(message, _AT_TILLS) and message.preview:
        raise _refused(
            "NotPreviewed",
            "preview",
            "a till's documents change the ledgers with its closing, so there is nothing to foresee",
        )
    if (rule := _RULES.get(type(message))) is not None:
        rule(message)


_AT_TILLS = (PosOpening, PosInvoice, PosClosing)


def _refused(code: str, field: str, reason: str) -> DocumentRejected:
    return DocumentRejected(code, f"{field}: {reason}. {_AGAIN}", field)


def _check_trade(document: TradeDocument, lines: Sequence[ItemLine]) -> None:
    """Purchases, sales, orders and POS invoices."""
    _check_exchange_rate(document.exchange_rate, "exchange_rate")
    _check_currency(document.currency, "currency")
    if not lines:
        raise empty_document("lines")
    is_return = document.is_return
    for index, line in enumerate(lines):
        if (line.qty >= 0) if is_return else (line.qty <= 0):
            _refuse_quantity(line, f"lines[{index}]", is_return)
        if line.rate < 0:
            raise _refused(
                "NegativeRate", f"lines[{index}].rate", "a rate is never negative; returns have negative qty"
            )
        if line.conversion_factor is not None and line.conversion_factor <= 0:
            raise _refused("NotPositive", f"lines[{index}].conversion_factor", "a conversion factor is above zero")
        if line.serials is not None:
            _check_serials(line.serials, f"lines[{index}].serials")


def _refuse_quantity(line: ItemLine, path: str, is_return: bool) -> None:
    if isinstance(line, PurchaseReceiptLine) and line.qty == 0 and line.rejected_qty:
        return  # everything was rejected: nothing comes into the accepted warehouse
    if line.qty == 0:
        raise _refused("ZeroQuantity", f"{path}.qty", "a line without quantity moves nothing")
    if is_return:
        raise _refused("PositiveReturn", f"{path}.qty", "quantities of a return are negative")
    raise _refused("NegativeQuantity", f"{path}.qty", "only a return (is_return) has negative quantities")


def _check_serials(serials: Sequence[str], path: str) -> None:
    if not serials:
        raise empty_document(path)
    if len(set(serials)) != len(serials):
        twice = next(serial for serial in serials if serials.count(serial) > 1)
        raise _refused("DuplicateSerial", path, f"serial {twice!r} is named twice")


def _check_exchange_rate(rate: int | None, path: str) -> None:
    if rate is not None and rate <= 0:
        raise _refused("NotPositive", path, "an exchange rate is above zero")


def _check_currency(code: str | None, path: str) -> None:
    if code is not None and not _CURRENCY.match(code):
        raise _refused(
            "BadCurrency", path, f"{code!r} is not a currency code of three capital letters, for instance EUR"
        )


def _purchase_receipt(document: PurchaseReceipt) -> None:
    _check_trade(document, document.lines)
    for index, line in enumerate(document.lines):
        rejected = line.rejected_qty
        if rejected is not None and (rejected > 0 if document.is_return else rejected < 0):
            raise _refused(
                "NegativeQuantity", f"lines[{index}].rejected_qty", "it has the sign of the accepted quantity"
            )


def _stock_entry(document: StockEntry) -> None:
    if document.purpose == "account_transfer":
        if document.lines:
            raise _refused("OutOfRange", "lines", "an account transfer takes all stock to the account of its warehouse")
        return
    if not document.lines:
        raise empty_document("lines")
    for index, line in enumerate(document.lines):
        path = f"lines[{index}]"
        if line.qty is not None and line.qty <= 0:
            code = "NegativeQuantity" if line.qty else "ZeroQuantity"
            raise _refused(code, f"{path}.qty", "goods move from `from` to `to`: the quantity is above zero")
        if line.rate is not None and line.rate < 0:
            raise _refused("NegativeRate", f"{path}.rate", "a rate is never negative")
        if line.conversion_factor is not None and line.conversion_factor <= 0:
            raise _refused("NotPositive", f"{path}.conversion_factor", "a conversion factor is above zero")
        if line.source is not None and line.source == line.target:
            raise _refused("SameWarehouse", f"{path}.to", f"goods already lie in {line.target!r}")
        if line.serials is not None:
            _check_serials(line.serials, f"{path}.serials")
    for index, charge in enumerate(document.additional_costs):
        _check_exchange_rate(charge.exchange_rate, f"additional_costs[{index}].exchange_rate")


def _stock_reconciliation(document: StockReconciliation) -> None:
    if not document.lines:
        raise empty_document("lines")
    for index, line in enumerate(document.lines):
        if line.qty is not None and line.qty < 0:
            raise _refused("NegativeQuantity", f"lines[{index}].qty", "a count is zero or more")
        if line.rate is not None and line.rate < 0:
            raise _refused("NegativeRate", f"lines[{index}].rate", "a rate is never negative")
        if line.serials is not None:
            _check_serials(line.serials, f"lines[{index}].serials")


def _landed_cost_voucher(document: LandedCostVoucher) -> None:
    if not document.charges:
        raise empty_document("charges")
    if not document.receipts and not document.receipt_lines:
        raise empty_document("receipts")
    for index, charge in enumerate(document.charges):
        _check_currency(charge.currency, f"charges[{index}].currency")
        _check_exchange_rate(charge.exchange_rate, f"charges[{index}].exchange_rate")


def _journal_entry(document: JournalEntry) -> None:
    if not document.lines:
        raise empty_document("lines")
    _check_currency(document.currency, "currency")
    _check_exchange_rate(document.exchange_rate, "exchange_rate")
    for index, line in enumerate(document.lines):
        for side, amount in (("debit", line.debit), ("credit", line.credit)):
            if amount < 0:
                raise _refused(
                    "NegativeAmount", f"lines[{index}].{side}", "a negative amount belongs on the other side"
                )
        if (line.debit == 0) == (line.credit == 0):
            raise _refused("OneSidedLine", f"lines[{index}]", "a line has either a debit or a credit")


def _payment_entry(document: PaymentEntry) -> None:
    _check_currency(document.currency, "currency")
    _check_exchange_rate(document.exchange_rate, "exchange_rate")
    if document.amount == 0 and not document.against:
        raise _refused("NotPositive", "amount", "a payment of nothing settles nothing")
    if document.amount < 0 and document.against:
        raise _refused("NegativeAmount", "amount", "the documents it settles say whether money comes in or goes out")
    for index, settlement in enumerate(document.against):
        if settlement.amount <= 0:
            raise _refused(
                "NotPositive", f"against[{index}].amount", "a settlement is above zero, of a credit note or a bill too"
            )


def _lines_of_trade(
    document: (DeliveryNote | PosInvoice | PurchaseInvoice | PurchaseOrder | SalesInvoice | SalesOrder),
) -> None:
    _check_trade(document, document.lines)


def _company(company: Company) -> None:
    _check_currency(company.currency, "currency")
    try:
        zone(company.time_zone)
    except ValueError as error:
        raise _refused("BadTimeZone", "time_zone", str(error)) from error
    if company.currency_precision is not None and not 0 <= company.currency_precision <= 4:
        raise _refused("OutOfRange", "currency_precision", "a currency has 0 to 4 decimals")
    if company.quantity_precision is not None and not 0 <= company.quantity_precision <= QUANTITY_SCALE:
        raise _refused("OutOfRange", "quantity_precision", f"quantities have 0 to {QUANTITY_SCALE} decimals")
    if company.smallest_currency_fraction is not None and company.smallest_currency_fraction <= 0:
        raise _refused("NotPositive", "smallest_currency_fraction", "the smallest coin is worth something")
    if company.sync_tolerance < 0:
        raise _refused("NegativeAmount", "sync_tolerance", "a tolerance is zero or more")
    try:
        window_of(company.repost)
    except ValueError as error:
        raise _refused("BadTime", "repost", str(error)) from error
    for field, clock in (("night_begins", company.night_begins), ("night_ends", company.night_ends)):
        _check_clock(clock, field)
    if company.night_begins == company.night_ends:
        raise _refused("BadTime", "night_ends", "a night begins and ends at different times")
    _check_day(f"2000-{company.fiscal_year_start}", "fiscal_year_start", "month and day, for instance 04-01")
    if company.stock_frozen_upto is not None:
        _check_day(company.stock_frozen_upto, "stock_frozen_upto", "a day, for instance 2024-03-31")


def _check_day(text: str, path: str, wanted: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _refused("BadTime", path, f"it is {wanted}") from None


def _item(item: Item) -> None:
    for unit, factor in (item.uoms or {}).items():
        if factor <= 0:
            raise _refused("NotPositive", f"uoms.{unit}", "a conversion factor is above zero")
    for field, rate in (("valuation_rate", item.valuation_rate), ("standard_rate", item.standard_rate)):
        if rate is not None and rate < 0:
            raise _refused("NegativeRate", field, "a rate is never negative")
    if item.bundle is None:
        return
    if not item.bundle:
        raise empty_document("bundle")
    for component, quantity in item.bundle.items():
        if quantity <= 0:
            raise _refused("NotPositive", f"bundle.{component}", "a bundle holds more than zero of each component")
        if component == item.code:
            raise _refused("BundleHoldsItself", f"bundle.{component}", "an item cannot be part of itself")


def _pos_profile(profile: PosProfile) -> None:
    for field, clock in (("opens_at", profile.opens_at), ("closes_at", profile.closes_at)):
        if clock is not None:
            _check_clock(clock, field)


def _check_clock(clock: str, path: str) -> None:
    if not _CLOCK.match(clock):
        raise _refused("BadTime", path, f"{clock!r} is not a time of day such as 08:30")


def _accounting_period(period: AccountingPeriod) -> None:
    start = _check_day(period.start, "start", "the first day, for instance 2024-01-01")
    if _check_day(period.end, "end", "the last day, for instance 2024-12-31") < start:
        raise _refused("BadTime", "end", "a period does not end before it starts")


def _recipient(recipient: Recipient) -> None:
    if not is_mail_address(recipient.email):
        raise _refused("BadMailAddress", "email", f"{recipient.email!r} is not a mail address")
    try:
        Locale.parse(recipient.locale.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        raise _refused(
            "UnknownLocale", "locale", f"{recipient.locale!r} is not a language and country such as de_DE or en"
        ) from None


# Keyed by exact type, so a rule only ever meets the shape in its signature.
_RULES: dict[type, Callable[..., None]] = {
    PurchaseReceipt: _purchase_receipt,
    PurchaseInvoice: _lines_of_trade,
    DeliveryNote: _lines_of_trade,
    SalesInvoice: _lines_of_trade,
    PosInvoice: _lines_of_trade,
    PurchaseOrder: _lines_of_trade,
    SalesOrder: _lines_of_trade,
    StockEntry: _stock_entry,
    StockReconciliation: _stock_reconciliation,
    LandedCostVoucher: _landed_cost_voucher,
    JournalEntry: _journal_entry,
    PaymentEntry: _payment_entry,
    Company: _company,
    Item: _item,
    PosProfile: _pos_profile,
    AccountingPeriod: _accounting_period,
    Recipient: _recipient,
}
