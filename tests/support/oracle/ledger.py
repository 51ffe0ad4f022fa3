"""The general ledger that an accountant would write for accepted documents, when all is known: voucher by voucher, without the engine.

What stock books is taken from the oracle of stock; its other side, and everything about money, is written here from the documents.
Each voucher is added up: what stock gave or took must be what the rules say of the other accounts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from tests.support.oracle.amounts import Json, is_owed, minor_unit
from tests.support.oracle.debts import EXCHANGE, Debts
from tests.support.oracle.gaps import Gap
from tests.support.oracle.pile import half_away, share_after, share_given_back
from tests.support.oracle.prices import UNBILLED
from tests.support.oracle.stock import ADJUSTMENT, COST, VARIANCE, Oracle, counted_against

F = Fraction
Posted = tuple[str, str, str]  # document number, account, party
INCOME, RECEIVABLE, PAYABLE, ROUND_OFF, WRITE_OFF = "Sales", "Debtors", "Creditors", "Round Off", "Write Off"
PROVISIONAL, EARNED = "Provisional Expenses", "Retained Earnings"
_BALANCE_SHEET = {
    "Stock In Hand", "Stores", "Finished Goods", RECEIVABLE, PAYABLE, UNBILLED, PROVISIONAL, EARNED, "Temporary Opening", "VAT", "Bank",
    "Cash", "Card", "Service Tax",
}  # fmt: skip
EXPENSE = COST  # of services, and of goods under periodic inventory, where nothing else is named


class Ledger:
    """`booked` per document number, account and party, minor units, debit positive; `accounts` are the stock accounts of warehouses."""

    def __init__(
        self, oracle: Oracle, accounts: dict[str, str], *, perpetual: bool = True, provisional: bool = False
    ) -> None:
        self.oracle, self.prices, self.minor = oracle, oracle.prices, oracle.minor
        self.accounts, self.perpetual, self.provisional = accounts, perpetual, provisional
        self.booked: dict[Posted, int] = defaultdict(int)
        self._debts = Debts(self._write, self.minor)
        self._returned: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
        self._documents: dict[str, Json] = {}

    def tell(self, documents: Iterable[Json]) -> None:
        """Write everything; documents in the order of acceptance, none of them cancelled. What is open goes by that order as well."""
        told = list(documents)
        self._documents = {document["number"]: document for document in told}
        if self.perpetual:
            self._stock()
            for document in sorted(told, key=lambda d: str(d["posting_datetime"])):
                self._goods(document)
        for document in told:
            self._money(document)
        for number in self._documents:
            apart = sum(amount for (own, _, _), amount in self.booked.items() if own == number)
            assert not apart, f"the oracle's own entries of {number} don't balance by {apart}: {self.of(number)}"

    def close(self, number: str, before: Ledger) -> None:
        """A year's closing: all that income and expenses had come to before it is earned."""
        for (_, account, _), amount in before.booked.items():
            if account not in _BALANCE_SHEET:
                self._write(number, account, -amount)
                self._write(number, EARNED, amount)

    def of(self, number: str) -> dict[str, int]:
        """A voucher's entries by account."""
        totals: dict[str, int] = defaultdict(int)
        for (own, account, _), amount in self.booked.items():
            totals[account] += amount if own == number else 0
        return {account: amount for account, amount in totals.items() if amount}

    def _write(self, number: str, account: str, amount: int, party: str = "") -> None:
        self.booked[number, account, party] += amount

    # -- goods --------------------------------------------------------------------------------------------------------

    def _stock(self) -> None:
        """Stock accounts as stock was booked; what a receipt adds to the cost of earlier issues is borne by their accounts."""
        for (number, (_, warehouse, _)), (_, amount) in self.oracle.booked.items():
            self._write(number, self.accounts[warehouse], amount)
        for (number, contra), amount in self.oracle.true_ups.items():
            self._write(number, contra, -amount)

    def _rest_to(self, number: str, account: str) -> None:
        """One account takes the other side of all that stands in a voucher so far."""
        self._write(number, account, -sum(self.of(number).values()))

    def _goods(self, document: Json) -> None:
        number, kind = document["number"], document["type"]
        moves = kind != "sales_invoice" or document.get("update_stock")
        if kind in ("purchase_receipt", "purchase_invoice"):
            self._bought(document)
        elif kind in ("delivery_note", "sales_invoice") and moves:
            for (own, account), amount in self.oracle.costs.items():
                self._write(number, account, amount if own == number else 0)
        elif kind == "stock_reconciliation":
            self._rest_to(number, counted_against(document))
        elif kind == "stock_entry":
            for cost in document.get("additional_costs", ()):
                self._write(number, cost["account"], -self.prices.charged(cost))
            if document["purpose"] in ("material_receipt", "material_issue"):
                self._rest_to(number, document.get("difference_account", ADJUSTMENT))

    def _bought(self, document: Json) -> None:
        """What a purchase owes for goods until they are billed, what bears the charges on them, and what they cost more later."""
        number, billed = document["number"], document["type"] == "purchase_invoice"
        if billed and not document.get("update_stock"):
            if document.get("return_against"):
                self._debited(document)
            else:
                self._cleared(document)
            return
        if document.get("is_return"):
            self._sent_back(document)
            return
        for tax, shares in self.prices.charges(document):
            self._write(number, tax["account"], -sum(shares))
        for place, line in enumerate(document["lines"]):
            for account, amount in self.prices.laid[number, place]:
                self._write(number, account, -amount)
            if billed:
                continue
            if not self.prices.is_stock(line["item"]):
                self._accrue(number, self.prices.nets(document)[place] - self._released(document, place))
            else:
                self._write(number, UNBILLED, -self.prices.nets(document)[place])
                gap = self.prices.gap(document, place)
                if self.prices.rate_difference == "revalue":
                    self._write(number, UNBILLED, gap.price)
                    gap = Gap(gap.exchange, 0)
                self._part(number, gap)

    def _accrue(self, number: str, net: int) -> None:
        """A service received and not billed, where the company shows such."""
        if self.provisional:
            self._write(number, EXPENSE, net)
            self._write(number, PROVISIONAL, -net)

    def _released(self, receipt: Json, place: int) -> int:
        """What bills have taken of a service received, at the most all of it."""
        billed = sum(
            (
                F(line["qty"])
                for bill in self._documents.values()
                if bill["type"] == "purchase_invoice"
                for line in bill["lines"]
                if line.get("against_receipt") == {"number": receipt["number"], "line": place + 1}
            ),
            F(0),
        )
        whole = F(receipt["lines"][place]["qty"])
        return share_after(self.prices.nets(receipt)[place], F(0), min(billed, whole), whole)

    def _part(self, number: str, gap: Gap) -> None:
        """What a document that clears another says beyond its share: exchange gain or loss, and variance where that is the policy."""
        # A company that refuses other prices still has what rounding leaves between parts of the same price.
        price = gap.price if self.prices.rate_difference in ("variance", "refuse") else 0
        for account, amount in ((EXCHANGE, gap.exchange), (VARIANCE, price)):
            self._write(number, UNBILLED, amount)
            self._write(number, account, -amount)

    def _cleared(self, bill: Json) -> None:
        for place in range(len(bill["lines"])):
            gap = self._gap(bill, place)
            self._part(bill["number"], Gap(-gap.exchange, -gap.price))

    def _gap(self, bill: Json, place: int) -> Gap:
        return self.prices.clearings.bills.get((bill["number"], place), Gap(0, 0))

    def _debited(self, note: Json) -> None:
        """What a bill put into each account goes back from there; a note of another price, or exchange rate, has the rest of it there."""
        number = note["number"]
        for place, net in enumerate(self.prices.nets(note)):
            if not self.prices.is_stock(note["lines"][place]["item"]):
                continue
            owed, exchange = self.prices.clearings.notes[number, place]
            self._write(number, UNBILLED, -owed)
            self._write(number, EXCHANGE, -exchange)
            self._write(number, VARIANCE, net + owed + exchange)

    def _sent_back(self, document: Json) -> None:
        """The supplier of a receipt, and the accounts of charges, get their shares of the original back; `_money` sees to bills."""
        number, of_receipt = document["number"], document["type"] == "purchase_receipt"
        original = self._documents.get(document.get("return_against", ""))
        for place, line in enumerate(document["lines"]):
            share = -self.prices.nets(document)[place]
            if original is not None:
                of = line["return_of"] - 1
                key = original["number"], of
                before, part, whole = self._returned[key], self.prices.qty(line), self.prices.qty(original["lines"][of])
                self._returned[key] += part
                share = share_given_back(self._stands_for(original, of), before, part, whole)
                share += self._of_bills(original, of, before, part, whole)
                if of_receipt:
                    exchange = self.prices.gap(original, of).exchange
                    self._write(number, EXCHANGE, share_given_back(exchange, before, part, whole))
                for tax, shares in self.prices.charges(original):
                    self._write(number, tax["account"], share_given_back(shares[of], before, part, whole))
            if of_receipt and self.prices.is_stock(line["item"]):
                self._write(number, UNBILLED, share)
            elif of_receipt:
                self._accrue(number, -share)
        if of_receipt:
            self._rest_to(number, VARIANCE)

    def _stands_for(self, document: Json, place: int) -> int:
        """What a line has between receipt and bills by itself: its price, less what of that is elsewhere."""
        gap = self.prices.gap(document, place)
        elsewhere = 0 if self.prices.rate_difference == "leave" else gap.price
        return self.prices.nets(document)[place] - gap.exchange - elsewhere

    def _of_bills(self, receipt: Json, place: int, before: Fraction, part: Fraction, whole: Fraction) -> int:
        """What bills and notes have made of it since: first what is not billed goes back, and then what is."""
        key = receipt["number"], place
        waiting, again = self.prices.clearings.waiting(key)
        added = sum(amount for account, amount in self.prices.laid[key] if account == UNBILLED) - again
        back = 0
        for amount, start, upto in ((again, F(0), waiting), (added, waiting, whole)):
            first, last = (min(max(one, start), upto) - start for one in (before, before + part))
            back += share_after(amount, first, last - first, upto - start) if upto > start else 0
        return back

    # -- money --------------------------------------------------------------------------------------------------------

    def _money(self, document: Json) -> None:
        kind = document["type"]
        if kind == "purchase_invoice":
            self._bill(document)
        elif kind == "sales_invoice":
            self._invoice(document)
        elif kind == "payment_entry":
            self._debts.pay(document, self._documents)
        elif kind == "journal_entry":
            for line in document["lines"]:
                amount = F(line.get("debit", "0")) - F(line.get("credit", "0"))
                self._write(document["number"], line["account"], half_away(amount / self.minor))

    def _bill(self, document: Json) -> None:
        """What the supplier is owed: goods that came or will come by receipts, services, charges; goods sent back, at what is granted."""
        number, party, base = document["number"], document["supplier"], self.prices.base(document)
        of = str(document.get("return_against", number))
        # Lines alone are owed as each of them converts; with taxes the total converts, and what rounding leaves is declared.
        grand = base.grand if document.get("taxes") else sum(base.nets)
        self._debts.owe(number, of, PAYABLE, party, -self.prices.amounts(document).grand, -grand)
        owed = [
            (tax, amount) for tax, amount in zip(document.get("taxes", ()), base.taxes, strict=True) if is_owed(tax)
        ]
        for tax, amount in owed:
            self._write(number, tax["account"], amount)
        self._write(number, ROUND_OFF, grand - sum(base.nets) - sum(amount for _, amount in owed))
        moves = document.get("update_stock")
        for line, net in zip(document["lines"], base.nets, strict=True):
            if not (self.perpetual and self.prices.is_stock(line["item"])):
                self._write(number, EXPENSE, net)
            elif not (moves or of != number):
                self._write(number, UNBILLED, net)
        if moves and document.get("is_return") and self.perpetual:
            self._rest_to(number, VARIANCE)
        if of != number:
            self._debts.close(number, of, party)

    def _invoice(self, document: Json) -> None:
        """What the customer owes, for what; what of it is paid at once, given back as change, rounded or written off."""
        number, party, base = document["number"], document["customer"], self.prices.base(document)
        of = str(document.get("return_against", number))
        standing = 0

        def owe(amount: int) -> int:
            nonlocal standing
            before, standing = standing, standing + amount
            worth = self.prices.convert(standing, document) - self.prices.convert(before, document)
            self._debts.owe(number, of, RECEIVABLE, party, amount, worth)
            return worth

        total, own = self.prices.amounts(document).grand, minor_unit(document, self.minor)
        if document.get("rounded_total"):
            total = half_away(total * own) * round(1 / own)
        for net in base.nets:
            self._write(number, INCOME, -net)
        for tax, amount in zip(document.get("taxes", ()), base.taxes, strict=True):
            self._write(number, tax["account"], -amount)
        self._write(number, ROUND_OFF, sum(base.nets) + sum(base.taxes) - owe(total))
        payments = [(part["mode"], half_away(F(part["amount"]) / own)) for part in document.get("payments", ())]
        paid = sum(amount for _, amount in payments)
        for mode, amount in payments:
            self._write(number, mode, -owe(-amount))
        short = total - paid
        if payments and short < 0 and document.get("is_pos") and not document.get("is_return"):
            self._write(number, payments[-1][0], -owe(-short))
            short = 0
        if payments and short and document.get("auto_write_off"):
            self._write(number, WRITE_OFF, -owe(-short))
        if of != number:
            self._debts.close(number, of, party)
