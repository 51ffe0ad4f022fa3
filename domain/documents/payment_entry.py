"""Payment entry: money received or paid, against documents."""

from __future__ import annotations

from domain.documents.shape import Document
from domain.money import Money, Rate
from domain.shape import Name, Shape


class Settlement(Shape, kw_only=True):
    """The part of a payment that settles one document."""

    type: Name
    number: Name
    amount: Money


class PaymentEntry(Document, tag="payment_entry", kw_only=True):
    """Money moved in one mode between a party and us."""

    party: Name
    mode: Name
    amount: Money
    account: Name | None = None
    against: list[Settlement] = []
    currency: Name | None = None
    exchange_rate: Rate | None = None
