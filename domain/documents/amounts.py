"""Amounts of a trade document: lines, document discount, taxes, totals; each rounded once, in its own currency.

Inclusive taxes are taken out of the line amounts; what rounding leaves between the stated total and the sum of its
parts is declared as `tax_rounding` and posted to the round-off account, never hidden in a tolerance.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec

from domain.documents.shape import ItemLine, Tax, TradeDocument
from domain.errors import DocumentRejected
from domain.exact import MICRO, NANO, allocate, div_mirrored
from domain.master_view import MasterView
from domain.money import Currency, convert, percent_of


class TaxAmount(msgspec.Struct, gc=False):
    """One tax of a document: its amount in the document's and in the company's currency, and each line's part of it."""

    tax: Tax
    amount: int
    base: int
    by_line: list[int]


class Amounts(msgspec.Struct, gc=False):
    """Everything that a trade document adds up to. `*_base` are in the company's currency, the others in the document's.

    `lines` are the amounts as stated (after line discounts), `nets` without inclusive taxes and document discount.
    """

    currency: Currency
    exchange_rate: int
    lines: list[int]
    nets: list[int]
    nets_base: list[int]
    taxes: list[TaxAmount]
    net_total: int = 0
    grand_total: int = 0
    grand_total_base: int = 0
    discount: int = 0
    tax_rounding: int = 0
    tax_rounding_base: int = 0
    figures: dict[str, object] = {}

    def in_base(self, amount: int, base: Currency) -> int:
        """An amount of the document's currency in the company's, `base`, at the document's rate."""
        return amount if self.currency is base else convert(amount, self.exchange_rate, self.currency, base)

    def rounding_of(self, total: int) -> int:
        """What rounding adds to net amounts and taxes, of taxes that the prices include and of the `total` to be paid itself."""
        return total - self.grand_total + self.tax_rounding


def compute(
    document: TradeDocument,
    lines: Sequence[ItemLine],
    view: MasterView,
    *,
    discounts: Sequence[int | None] = (),
    discount_percent: int | None = None,
    discount_amount: int | None = None,
    buying: bool = False,
) -> Amounts:
    """Add a trade document up.

    Errors: DocumentRejected where an exchange rate is missing, or a stated amount or total does not add up (both figures named).
    """
    base = view.currency
    currency, rate = _currency(document, view)
    stated = [
        _line_amount(line, currency, discounts[index] if discounts else None, index) for index, line in enumerate(lines)
    ]
    taxes = document.taxes
    if not taxes and discount_percent is None and discount_amount is None:
        total = sum(stated)
        nets_base = stated if currency is base else [convert(net, rate, currency, base) for net in stated]
        amounts = Amounts(
            currency, rate, stated, stated, nets_base, [], total, total,
            total if currency is base else sum(nets_base),
        )  # fmt: skip
    else:
        amounts = _with_taxes(lines, stated, taxes, currency, rate, base, discount_percent, discount_amount, buying)
    if document.total is not None:
        _require_total(document.total, amounts, currency)
    show = currency.show
    grand_total = show(amounts.grand_total)
    amounts.figures = {
        "net_total": grand_total if amounts.net_total == amounts.grand_total else show(amounts.net_total),
        "grand_total": grand_total,
        "line_amounts": [show(amount) for amount in stated],
    }
    return amounts


def _currency(document: TradeDocument, view: MasterView) -> tuple[Currency, int]:
    if document.currency is None or document.currency == view.currency.code:
        return view.currency, NANO
    if document.exchange_rate is None:
        raise DocumentRejected(
            "ExchangeRateMissing",
            f"exchange_rate: the document is in {document.currency}, the books in {view.currency.code}. State the rate "
            f"({view.currency.code} per {document.currency}).",
            "exchange_rate",
        )
    return Currency(document.currency), document.exchange_rate


def _line_amount(line: ItemLine, currency: Currency, discount: int | None, index: int) -> int:
    amount = currency.times(line.qty, line.rate)
    if discount:
        off = currency.exact(discount, f"lines[{index}].discount")
        amount = amount + off if line.qty < 0 < off else amount - off
    if line.amount is not None:
        stated = currency.exact(line.amount, f"lines[{index}].amount")
        if stated != amount:
            raise DocumentRejected(
                "AmountMismatch",
                f"lines[{index}].amount: stated {currency.show(stated)}, but quantity x rate less discount is "
                f"{currency.show(amount)}. Correct one of them at the source.",
                f"lines[{index}].amount",
                {"stated": currency.show(stated), "computed": currency.show(amount)},
            )
    return amount


def _require_total(total: int, amounts: Amounts, currency: Currency) -> None:
    stated = currency.exact(total, "total")
    if stated not in (amounts.grand_total, amounts.net_total):
        raise DocumentRejected(
            "TotalMismatch",
            f"total: stated {currency.show(stated)}, but the document adds up to {currency.show(amounts.grand_total)}. "
            "Correct it at the source.",
            "total",
            {"stated": currency.show(stated), "computed": currency.show(amounts.grand_total)},
        )


def _with_taxes(
    lines: Sequence[ItemLine],
    stated: list[int],
    taxes: Sequence[Tax],
    currency: Currency,
    rate: int,
    base: Currency,
    discount_percent: int | None,
    discount_amount: int | None,
    buying: bool,
) -> Amounts:
    for index, tax in enumerate(taxes):
        _require_shape(tax, index)
        if tax.included_in_rate:
            _require_included(taxes, index, buying)
    nets, computed, grand = _added_up(lines, stated, taxes, currency, buying)
    discount = _discount(grand, discount_percent, discount_amount, currency)
    if discount:
        # Taken off the amounts as they are stated, so that a price with its taxes in it is parted once and not twice. What is charged
        # whatever the goods cost, a fixed freight or a levy by the piece, takes no part in it.
        fixed = _added_up(lines, [0] * len(lines), taxes, currency, buying)[2]
        off = div_mirrored(discount * sum(stated), grand - fixed) if grand != fixed else 0
        reduced = [amount - share for amount, share in zip(stated, allocate(off, stated), strict=True)]
        nets, computed, _ = _added_up(lines, reduced, taxes, currency, buying)
        grand -= discount
    in_base = currency is base
    nets_base = nets if in_base else [convert(net, rate, currency, base) for net in nets]
    tax_amounts = [
        TaxAmount(tax, sum(part), sum(part) if in_base else convert(sum(part), rate, currency, base), part)
        for tax, part in zip(taxes, computed, strict=True)
    ]
    grand_base = grand if in_base else convert(grand, rate, currency, base)
    in_total = [tax for tax in tax_amounts if _in_total(tax.tax, buying)]
    counted = sum(nets) + sum(tax.amount for tax in in_total)
    counted_base = sum(nets_base) + sum(tax.base for tax in in_total)
    return Amounts(
        currency,
        rate,
        stated,
        nets,
        nets_base,
        tax_amounts,
        sum(nets),
        grand,
        grand_base,
        discount,
        grand - counted,
        grand_base - counted_base,
    )


def _added_up(
    lines: Sequence[ItemLine], stated: list[int], taxes: Sequence[Tax], currency: Currency, buying: bool
) -> tuple[list[int], list[list[int]], int]:
    """Lines without the taxes that they include, each tax's part of each line, and the grand total."""
    nets = _without_inclusive(lines, stated, taxes, currency)
    computed = _tax_amounts(lines, nets, taxes, currency)
    on_top = sum(
        sum(part)
        for tax, part in zip(taxes, computed, strict=True)
        if _in_total(tax, buying) and not tax.included_in_rate
    )
    return nets, computed, sum(stated) + on_top


def _require_shape(tax: Tax, index: int) -> None:
    wanted = "amount" if tax.charge == "actual" else "rate"
    if getattr(tax, wanted) is None:
        raise DocumentRejected(
            "MissingField",
            f"taxes[{index}].{wanted}: a charge of kind {tax.charge} needs it.",
            f"taxes[{index}].{wanted}",
        )
    if tax.included_in_rate and tax.charge == "actual":
        raise DocumentRejected(
            "ActualTaxIncluded",
            f"taxes[{index}]: a fixed amount can't be included in the rates. State it on top or as a percentage.",
            f"taxes[{index}].included_in_rate",
        )
    if index == 0 and tax.charge in ("percent_of_previous_tax", "percent_of_previous_total"):
        raise DocumentRejected(
            "NoPreviousTax", "taxes[0]: the first tax has none before it to be a percentage of.", "taxes[0].charge"
        )


def _require_included(taxes: Sequence[Tax], index: int, buying: bool) -> None:
    """What a price is said to hold is owed with it, and can only be parted from it where all that it is a percentage of is in it too."""
    if not _in_total(taxes[index], buying):
        raise DocumentRejected(
            "ValuationTaxIncluded",
            f"taxes[{index}]: a charge that is only of the goods' value is not owed to the supplier, so no rate of the supplier's can "
            "include it. State it on top, or as valuation_and_total.",
            f"taxes[{index}].included_in_rate",
        )
    charge = taxes[index].charge
    first = index - 1 if charge == "percent_of_previous_tax" else 0 if charge == "percent_of_previous_total" else index
    for base in range(first, index):
        if not taxes[base].included_in_rate:
            raise DocumentRejected(
                "TaxOnTopIncluded",
                f"taxes[{index}]: said to be included in the rates, but it is a percentage of taxes[{base}], which comes on top. "
                "Include that one too, or state this one on top.",
                f"taxes[{index}].included_in_rate",
                {"included": taxes[index].account, "on_top": taxes[base].account},
            )


def _in_total(tax: Tax, buying: bool) -> bool:
    return not buying or tax.category != "valuation"


def _discount(grand: int, percent: int | None, amount: int | None, currency: Currency) -> int:
    if amount is not None:
        return currency.exact(amount, "discount_amount")
    return percent_of(grand, percent) if percent else 0


def _without_inclusive(
    lines: Sequence[ItemLine], stated: list[int], taxes: Sequence[Tax], currency: Currency
) -> list[int]:
    if not any(tax.included_in_rate for tax in taxes):
        return stated
    nets: list[int] = []
    for line, amount in zip(lines, stated, strict=True):
        fractions: list[Fraction] = []
        fixed = Fraction(0)
        for tax in taxes:
            rate = Fraction(tax.rate or 0, 100 * NANO)
            if not tax.included_in_rate:
                fractions.append(Fraction(0))
            elif tax.charge == "per_quantity":
                fixed += Fraction((tax.rate or 0) * line.qty, MICRO * currency.unit)
                fractions.append(Fraction(0))
            elif tax.charge == "percent_of_previous_tax":
                fractions.append(rate * fractions[-1])
            elif tax.charge == "percent_of_previous_total":
                fractions.append(rate * (1 + sum(fractions)))
            else:
                fractions.append(rate)
        net = (amount - fixed) / (1 + sum(fractions))
        nets.append(div_mirrored(net.numerator, net.denominator))
    return nets


def _tax_amounts(
    lines: Sequence[ItemLine], nets: list[int], taxes: Sequence[Tax], currency: Currency
) -> list[list[int]]:
    """Each tax's part of each line, in minor units: the tax is rounded once, as a whole, and shared out losslessly."""
    exact: list[list[Fraction]] = []
    shares: list[list[int]] = []
    for index, tax in enumerate(taxes):
        if tax.charge == "actual":
            amount = currency.exact(tax.amount or 0, f"taxes[{index}].amount")
            part = allocate(amount, nets)
            exact.append([Fraction(share) for share in part])
            shares.append(part)
            continue
        rate = Fraction(tax.rate or 0, 100 * NANO)
        if tax.charge == "percent_of_net_total":
            own = [net * rate for net in nets]
        elif tax.charge == "percent_of_previous_tax":
            own = [part * rate for part in exact[-1]]
        elif tax.charge == "percent_of_previous_total":
            own = [(net + sum(before[i] for before in exact)) * rate for i, net in enumerate(nets)]
        else:
            own = [Fraction((tax.rate or 0) * line.qty, MICRO * currency.unit) for line in lines]
        total = sum(own, Fraction(0))
        amount = div_mirrored(total.numerator, total.denominator)
        exact.append(own)
        shares.append(_spread(amount, own))
    return shares


def _spread(amount: int, exact: list[Fraction]) -> list[int]:
    shares = [div_mirrored(part.numerator, part.denominator) for part in exact]
    residue = amount - sum(shares)
    if residue and shares:
        largest = max(range(len(exact)), key=lambda i: abs(exact[i]))
        shares[largest] += residue
    return shares
