"""A small shop with a till, in short words: masters, receipts, sales, closings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

Json = dict[str, Any]

SHOP = "Corner Shop"


def masters(company: str = SHOP, *, items: tuple[str, ...] = ("Apple", "Bread"), **profile: Any) -> list[Json]:
    """The shop, its shelf, its items and its till."""
    return [
        {"type": "company", "name": company, "currency": "EUR", "time_zone": "Europe/Berlin"},
        {"type": "warehouse", "company": company, "name": "Shelf"},
        *({"type": "item", "company": company, "code": item} for item in items),
        {
            "type": "pos_profile", "company": company, "name": "Till", "warehouse": "Shelf", "customer_default": "Walk-in",
            "payment_modes": [{"mode": "Cash", "account": "Cash", "default": True}, {"mode": "Card", "account": "Card"}],
            **profile,
        },
    ]  # fmt: skip


def receipt(
    number: str, *lines: tuple[str, int | str, int | str], company: str = SHOP, at: str = "2026-03-01T08:00"
) -> Json:
    """Goods come in: item, quantity, rate."""
    return {
        "type": "purchase_receipt", "company": company, "number": number, "posting_datetime": at, "supplier": "Farm",
        "lines": [{"item": item, "warehouse": "Shelf", "qty": qty, "rate": rate} for item, qty, rate in lines],
    }  # fmt: skip


def sale(
    number: str,
    *lines: tuple[str, int, int | str],
    paid: int | str | None = None,
    mode: str = "Cash",
    company: str = SHOP,
    at: str = "2026-03-01T10:00",
    **more: Any,
) -> Json:
    """A sale at the till, paid in full in one mode unless said otherwise."""
    asked = sum(qty * Decimal(rate) for _, qty, rate in lines) if paid is None else paid
    return {
        "type": "pos_invoice", "company": company, "number": number, "posting_datetime": at, "pos_profile": "Till",
        "lines": [{"item": item, "qty": qty, "rate": rate} for item, qty, rate in lines],
        "payments": [{"mode": mode, "amount": str(asked)}], **more,
    }  # fmt: skip


def back(number: str, against: str, *lines: tuple[str, int, int | str], **more: Any) -> Json:
    """Goods come back to the till, and the money with them."""
    taken = [(item, -qty, rate) for item, qty, rate in lines]
    return sale(number, *taken, is_return=True, return_against=against, **more)


def closing(number: str, *, company: str = SHOP, at: str = "2026-03-01T20:00", **more: Any) -> Json:
    """The till closes."""
    return {
        "type": "pos_closing",
        "company": company,
        "number": number,
        "posting_datetime": at,
        "pos_profile": "Till",
        **more,
    }


def cancel(number: str, type_: str, target: str, company: str = SHOP) -> Json:
    """A document is taken back."""
    return {"type": "cancel", "company": company, "number": number, "target": {"type": type_, "number": target}}
