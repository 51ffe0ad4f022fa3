"""Payment entry: money received or paid, against documents."""

from __future__ import annotations

from domain.documents.shape import Document, Shape
from domain.money import Money, Rate


class Settlement(Shape, kw_only=True):
    """The part of a payment that settles one document."""

    type: str
    number: str
    amount: Money


class PaymentEntry(Document, tag="payment_entry", kw_only=True):
    """Money moved in one mode between a party and us."""

    party: str
    mode: str
    amount: Money
    account: str | None = None
    against: list[Settlement] = []
    currency: str | None = None
    exchange_rate: Rate | None = None
