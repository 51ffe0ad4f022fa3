"""Which method values a chain."""

from __future__ import annotations

from typing import Protocol

from domain.stock_ledger import Balance, Chain
from domain.valuation import fifo, lifo, moving_average, specific


class Method(Protocol):
    """The verbs that every valuation method answers to; see the package's docstring for the shapes."""

    LAYERED: bool
    """Whether it keeps goods of different receipts apart."""

    def covers(self, balance: Balance, qty: int) -> bool:
        """Whether enough layers are loaded."""

    def receive(self, balance: Balance, qty: int, value: int, receipt: int) -> None:
        """Goods come in."""

    def end_rate(self, balance: Balance) -> int:
        """What the last unit would cost."""

    def take(self, balance: Balance, qty: int) -> int:
        """Goods go out."""

    def take_at_rate(self, balance: Balance, qty: int, rate: int) -> int:
        """Goods go out at a stated rate where the method can."""

    def take_back(self, balance: Balance, receipt: int, qty: int, cost: int | None) -> tuple[int, int]:
        """Some of the goods that are there go back: as many as it finds of their own receipt, or for which it goes by their `cost`."""

    def count(self, balance: Balance, qty: int, value: int, receipt: int) -> None:
        """Goods are counted."""

    def add_value(self, balance: Balance, receipt: int, received_qty: int, value: int) -> int:
        """A later cost arrives."""


METHODS: dict[str, Method] = {"fifo": fifo, "lifo": lifo, "moving_average": moving_average, "specific": specific}


def method_of(chain: Chain, item_method: str) -> Method:
    """The method of a chain: specific where a batch or serial number is valued by itself, else the item's."""
    return METHODS["specific" if chain.part else item_method]
