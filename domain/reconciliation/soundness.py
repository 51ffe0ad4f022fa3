"""Soundness of a chain's state: what must hold of it whatever was posted."""

from __future__ import annotations

from collections.abc import Iterator

from domain.money import Currency
from domain.quantity import show_quantity
from domain.stock_ledger import Balance


def unsound(balance: Balance, currency: Currency) -> Iterator[tuple[str, str]]:
    """What does not hold of a balance whose layers are all there, as a code and in words."""
    layers = [*balance.layers, *balance.newest]
    held = sum(layer.qty for layer in layers) - sum(short.qty for short in balance.shortages)
    worth = sum(layer.value for layer in layers) - sum(short.value for short in balance.shortages)
    if held != balance.qty:
        yield "LayersMismatch", f"its layers hold {show_quantity(held)}, the balance {show_quantity(balance.qty)}"
    if worth != balance.value:
        shown, stated = currency.show(currency.amount(worth)), currency.show(currency.amount(balance.value))
        yield "LayersMismatch", f"its layers are worth {shown}, the balance {stated}"
    if balance.batches and sum(balance.batches.values()) != balance.qty:
        counted = show_quantity(sum(balance.batches.values()))
        yield "LayersMismatch", f"its batches hold {counted}, the balance {show_quantity(balance.qty)}"
    if balance.qty == 0 and balance.value:
        yield "NegativeValue", f"nothing lies there, and it is worth {currency.show(currency.amount(balance.value))}"
    if balance.qty > 0 and currency.amount(balance.value) < 0:
        yield (
            "NegativeValue",
            f"{show_quantity(balance.qty)} lie there, worth {currency.show(currency.amount(balance.value))}",
        )
