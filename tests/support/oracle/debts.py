"""What documents have left open with a party: settled in parts, in other currencies, by payments, returns and credit notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction

from tests.support.oracle.amounts import Json, convert, minor_unit
from tests.support.oracle.pile import half_away

F = Fraction
EXCHANGE = "Exchange Gain/Loss"

_PAYING = ("Ann",)  # everybody else is paid

# A document's number, an account, an amount in the company's currency (debit positive), and the party where there is one.
Write = Callable[..., None]


class Debts:
    """Per document: what is open in its own currency and in the company's, minor units, debit positive."""

    def __init__(self, write: Write, minor: Fraction) -> None:
        self._write, self._minor = write, minor
        self._open: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self._account: dict[str, str] = {}

    def owe(self, by: str, of: str, account: str, party: str, amount: int, base: int) -> None:
        """A document changes what is open of another, or of itself."""
        self._account[of] = account
        self._open[of][0] += amount
        self._open[of][1] += base
        self._write(by, account, base, party)

    def close(self, by: str, of: str, party: str) -> None:
        """Where nothing is open in the currency of a debt, what is left of it in the company's is gain or loss."""
        left, base = self._open[of]
        if not left and base:
            self.owe(by, of, self._account[of], party, 0, -base)
            self._write(by, EXCHANGE, base)

    def pay(self, payment: Json, documents: dict[str, Json]) -> None:
        """Money settles parts of documents at their own rates; the last part of one takes all that is left of it."""
        number, party = payment["number"], payment["party"]
        unit = minor_unit(payment, self._minor)
        moved, settled = 0, 0
        for part in payment.get("against", ()):
            left, base = self._open[part["number"]]
            amount = half_away(F(part["amount"]) / unit) * (1 if left > 0 else -1)
            worth = base if amount == left else convert(amount, documents[part["number"]], self._minor)
            self.owe(number, part["number"], self._account[part["number"]], party, -amount, -worth)
            moved, settled = moved + amount, settled + worth
        stated = half_away(F(payment["amount"]) / unit)
        comes_in = moved > 0 if moved else party in _PAYING
        money = stated if comes_in else -stated
        rest, worth = money - moved, convert(money, payment, self._minor)
        ahead = convert(rest, payment, self._minor)
        self.owe(number, number, "Debtors" if party in _PAYING else "Creditors", party, -rest, -ahead)
        self._write(number, payment["mode"], worth)
        self._write(number, EXCHANGE, settled + ahead - worth)
