"""What a trade document adds up to, with fractions: lines, taxes and charges, discount, total; each rounded once in its own currency."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.support.oracle.pile import half_away, shares_of

Json = dict[str, Any]
F = Fraction

_DECIMALS = {"JPY": 0, "KWD": 3}


@dataclass
class Amounts:
    """Minor units of the document's own currency; `base` holds the same in the company's, each amount converted by itself."""

    nets: list[int]
    taxes: list[int]
    grand: int
    base: Amounts | None = None


def minor_unit(document: Json, own: Fraction) -> Fraction:
    """The minor unit of a document's currency; `own` is that of the company's."""
    return F(1, 10 ** _DECIMALS.get(document["currency"], 2)) if "currency" in document else own


def convert(amount: int, document: Json, minor: Fraction) -> int:
    """Minor units of a document's currency in those of the company's, at the document's rate."""
    return half_away(amount * minor_unit(document, minor) * F(document.get("exchange_rate", "1")) / minor)


def add_up(document: Json, minor: Fraction) -> Amounts:
    """All amounts of a document in its own currency and in the company's, whose minor unit is `minor`."""
    own = minor_unit(document, minor)
    stated = [half_away(F(line["qty"]) * F(line.get("rate", "0")) / own) for line in document["lines"]]
    found = _parted(document, stated, own)
    if "discount_percent" in document:
        off = half_away(found.grand * F(document["discount_percent"]) / 100)
    else:
        off = half_away(F(document.get("discount_amount", "0")) / own)
    if off and found.grand:
        # A discount on the total is one on each line, as it is stated; only what doesn't hang on prices takes no part in it.
        fixed = _parted(document, [0] * len(stated), own).grand
        less = shares_of(half_away(F(off * sum(stated), found.grand - fixed)), stated)
        grand = found.grand - off
        found = _parted(document, [amount - part for amount, part in zip(stated, less, strict=True)], own)
        found.grand = grand
    elif off:
        found.grand -= off

    def base(amount: int) -> int:
        return convert(amount, document, minor)

    found.base = Amounts([base(n) for n in found.nets], [base(t) for t in found.taxes], base(found.grand))
    return found


def is_owed(tax: Json) -> bool:
    """Whether a tax or charge is part of what is owed to the supplier; those of a sale always are."""
    return bool(tax.get("category", "total") != "valuation")


def _parted(document: Json, stated: list[int], own: Fraction) -> Amounts:
    """Line amounts without the taxes that they include, every tax as a whole, and the total."""
    taxes: list[Json] = document.get("taxes", [])
    parts: list[Fraction] = []  # of one net unit, by each tax that is included
    for tax in taxes:
        rate = F(tax.get("rate", "0")) / 100 if tax.get("included_in_rate") else F(0)
        on = {"percent_of_previous_tax": parts[-1:], "percent_of_previous_total": [F(1), *parts]}
        parts.append(rate * sum(on.get(tax["charge"], [F(1)]), F(0)))
    nets = [half_away(amount / (1 + sum(parts, F(0)))) for amount in stated]
    so_far: list[list[Fraction]] = []
    for tax in taxes:
        rate = F(tax.get("rate", "0")) / 100
        match tax["charge"]:
            case "actual":
                by_line = [F(share) for share in shares_of(half_away(F(tax["amount"]) / own), nets)]
            case "percent_of_net_total":
                by_line = [net * rate for net in nets]
            case "percent_of_previous_tax":
                by_line = [part * rate for part in so_far[-1]]
            case "percent_of_previous_total":
                by_line = [(net + sum(part[i] for part in so_far)) * rate for i, net in enumerate(nets)]
            case "per_quantity":
                by_line = [F(line["qty"]) * rate * 100 / own for line in document["lines"]]
        so_far.append(by_line)
    amounts = [half_away(sum(by_line, F(0))) for by_line in so_far]
    on_top = sum(
        amount for tax, amount in zip(taxes, amounts, strict=True) if is_owed(tax) and not tax.get("included_in_rate")
    )
    return Amounts(nets, amounts, sum(stated) + on_top)
