"""One example of every message, for the exported contract: a small shop that buys, moves, sells and counts."""

from __future__ import annotations

from typing import Any


def _document(kind: str, number: str, hour: int, **fields: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "company": "Corner Shop",
        "number": number,
        "posting_datetime": f"2024-06-15T{hour:02}:00:00",
        **fields,
    }


def _master(kind: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "company": "Corner Shop", "name": name, **fields}


_FREIGHT = {
    "account": "Freight and Forwarding Charges",
    "category": "valuation",
    "charge": "actual",
    "amount": "250.00",
    "cost_center": "Main",
}
_VAT = {"account": "VAT", "charge": "percent_of_net_total", "rate": "20"}
_SOLD = {"item": "RM0001", "warehouse": "Stores", "qty": "5", "rate": "300"}
_TILL = {"pos_profile": "Till 1", "user": "ada"}

_DOCUMENTS = (
    _document(
        "purchase_receipt",
        "PR-1",
        9,
        supplier="Mill",
        taxes=[_FREIGHT],
        lines=[{"item": "RM0001", "warehouse": "Stores", "qty": "10", "rate": "200", "amount": "2000.00"}],
    ),
    _document(
        "purchase_invoice",
        "PI-1",
        10,
        supplier="Mill",
        lines=[{"item": "RM0001", "qty": "10", "rate": "200", "against_receipt": {"number": "PR-1", "line": 1}}],
    ),
    _document("delivery_note", "DN-1", 11, customer="Ms Moss", lines=[_SOLD]),
    _document(
        "sales_invoice",
        "SI-1",
        12,
        customer="Ms Moss",
        taxes=[_VAT],
        rounded_total=True,
        lines=[{"item": "RM0001", "qty": "5", "rate": "300", "against_delivery": {"number": "DN-1", "line": 1}}],
    ),
    _document(
        "stock_entry",
        "SE-1",
        13,
        purpose="material_transfer",
        lines=[{"item": "RM0001", "from": "Stores", "to": "Finished Goods", "qty": "2"}],
    ),
    _document(
        "stock_reconciliation", "SR-1", 14, lines=[{"item": "RM0001", "warehouse": "Stores", "qty": "3", "rate": "225"}]
    ),
    _document(
        "landed_cost_voucher",
        "LC-1",
        15,
        receipts=["PR-1"],
        charges=[{"account": "Customs Duty", "amount": "40.00"}],
        distribute_by="qty",
    ),
    _document(
        "journal_entry",
        "JE-1",
        16,
        lines=[{"account": "Cash", "debit": "100.00"}, {"account": "Bank", "credit": "100.00"}],
    ),
    _document(
        "payment_entry",
        "PE-1",
        16,
        party="Ms Moss",
        mode="Cash",
        amount="1800.00",
        against=[{"type": "sales_invoice", "number": "SI-1", "amount": "1800.00"}],
    ),
    _document("period_closing", "PC-1", 23, period="2024"),
    _document("pos_opening", "PO-1", 8, **_TILL, balances=[{"mode": "Cash", "amount": "50.00"}]),
    _document("pos_invoice", "POS-1", 9, **_TILL, lines=[_SOLD], payments=[{"mode": "Cash", "amount": "1500.00"}]),
    _document(
        "pos_closing",
        "PX-1",
        20,
        **_TILL,
        opening="PO-1",
        counted=[{"mode": "Cash", "amount": "1550.00"}],
        invoices="all_open",
    ),
    _document("purchase_order", "PU-1", 7, party="Mill", lines=[{"item": "RM0001", "qty": "10", "rate": "200"}]),
    _document("sales_order", "SO-1", 7, party="Ms Moss", lines=[_SOLD]),
    _document("cancel", "X-1", 17, target={"type": "sales_invoice", "number": "SI-1"}, reason="billed twice"),
)

_MASTERS = (
    {"type": "company", "name": "Corner Shop", "currency": "EUR", "time_zone": "Europe/Berlin"},
    _master("account", "Customs Duty", parent="Expenses", root_type="expense"),
    _master("warehouse", "Stores", account="Stores"),
    {"type": "item", "code": "RM0001", "valuation_method": "fifo", "stock_uom": "Nos"},
    _master("batch", "B-2024-06", item="RM0001"),
    _master("item_group", "Raw Material"),
    _master("customer", "Ms Moss"),
    _master("supplier", "Mill"),
    _master("cost_center", "Main"),
    _master(
        "pos_profile",
        "Till 1",
        warehouse="Stores",
        customer_default="Walk-in",
        payment_modes=[{"mode": "Cash", "account": "Cash", "default": True}],
        opens_at="08:00",
        closes_at="20:00",
    ),
    _master("accounting_period", "2024", start="2024-01-01", end="2024-12-31"),
    _master("recipient", "Books", email="books@example.org", mails=["nightly"]),
    _master("publisher", "till-app", companies=["Corner Shop"], document_types=["pos_invoice"]),
)

EXAMPLES: dict[str, dict[str, Any]] = {example["type"]: example for example in (*_DOCUMENTS, *_MASTERS)}

OUTCOME_EXAMPLE: dict[str, Any] = {
    "company": "Corner Shop",
    "type": "delivery_note",
    "number": "DN-1",
    "status": "rejected",
    "sequence": 3,
    "received_at": "2024-06-15T09:00:00.120000Z",
    "posted_at": None,
    "voucher_no": None,
    "error": {
        "code": "NegativeStock",
        "message": "5 of RM0001 are not in Stores at 2024-06-15 11:00: short by 2. Receive them first, or deliver fewer.",
        "field": "lines[0].qty",
        "details": {"item": "RM0001", "warehouse": "Stores", "short_by": "2"},
    },
    "vouchers": [],
}
