"""Exact decimals as scaled integers: reading, showing, rounding and sharing out, each in one place.

A scaled integer at scale s stands for n / 10**s. Quantities have scale 6; rates, percentages and unrounded values scale 9.
Integers are exact, hash the same everywhere and cost a fraction of `Decimal` in the posting path.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NANO = 1_000_000_000  # scale 9
MICRO = 1_000_000  # scale 6

_LONGEST = 64  # characters; no number of any scale needs more
_POWERS: tuple[int, ...] = tuple(10**exponent for exponent in range(10))
_NUMBER = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?\Z", re.ASCII)


class NumberRefused(ValueError):
    """A number that cannot be held exactly; `code` is the catalogued reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def parse_scaled(text: str, scale: int, limit: int) -> int:
    """Read a decimal number exactly.

    Shapes: `text` as in JSON (sign, digits, point, exponent); the result is scaled by 10**scale.
    Errors: NumberRefused with a readable reason for anything that is not a finite number (NotANumber), has more than
    `scale` decimals (TooManyDecimals), or whose scaled magnitude exceeds `limit` (NumberTooLarge).
    """
    whole, point, fraction = text.partition(".")
    if whole.isdigit() and (fraction.isdigit() or not point) and text.isascii() and len(text) <= 18:
        missing = scale - len(fraction)
        if missing >= 0 and (plain := int(whole + fraction) * _POWERS[missing]) <= limit:
            return plain
    return _parse_any(text, scale, limit)


def _parse_any(text: str, scale: int, limit: int) -> int:
    """The whole grammar, for what the quick look at plain digits did not settle."""
    if len(text) > _LONGEST:
        raise NumberRefused("NumberTooLarge", f"{text[:20]}... is longer than {_LONGEST} characters")
    match = _NUMBER.match(text)
    if match is None or not (match[2] or match[3]):
        raise NumberRefused("NotANumber", f"{text!r} is not a plain decimal number")
    sign, whole, fraction, exponent = match[1], match[2], match[3] or "", int(match[4] or 0)
    shift = exponent + scale - len(fraction)
    digits = int(whole + fraction)
    if digits == 0:
        return 0
    if shift > 40:
        raise NumberRefused("NumberTooLarge", f"{text} is too large")
    if shift >= 0:
        scaled: int = digits * 10**shift
    else:
        scaled, rest = divmod(digits, 10**-shift)
        if rest:
            raise NumberRefused("TooManyDecimals", f"{text} has more than {scale} decimals")
    if scaled > limit:
        raise NumberRefused("NumberTooLarge", f"{text} is too large")
    return -scaled if sign == "-" else scaled


def show(scaled: int, scale: int, least: int = 0) -> str:
    """Show a scaled integer as plain decimal text, without trailing zeros beyond `least` decimals."""
    if scale == 0:
        return str(scaled)
    sign, digits = ("-", -scaled) if scaled < 0 else ("", scaled)
    whole, fraction = divmod(digits, _POWERS[scale])
    if not fraction and not least:
        return f"{sign}{whole}"
    tail = f"{fraction:0{scale}d}".rstrip("0").ljust(least, "0")
    return f"{sign}{whole}.{tail}" if tail else f"{sign}{whole}"


def div_half_up(numerator: int, denominator: int) -> int:
    """Quotient rounded by floor(x + 1/2), for a positive denominator.

    The floor form is the only one that adding whole units leaves unchanged, below zero too (law 2): half-away-from-zero
    would make a value and its complement drift apart by a minor unit.
    """
    return (2 * numerator + denominator) // (2 * denominator)


def div_mirrored(numerator: int, denominator: int) -> int:
    """Quotient rounded half away from zero, for amounts on documents: a full return must equal its original to the cent."""
    if numerator < 0:
        return -((-2 * numerator + denominator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def cumulative_share(total: int, before: int, part: int, whole: int) -> int:
    """The share of `part` in `total` after `before` of `whole` has been shared out: shares of all parts sum to the total.

    Of nothing (a receipt's line that was rejected altogether) there are no shares.
    """
    if not whole:
        return 0
    return div_mirrored(total * (before + part), whole) - div_mirrored(total * before, whole)


def share_given_back(total: int, before: int, part: int, whole: int) -> int:
    """Likewise of what goes back: from the other end, so that what was given back and what was kept add up to the total as well."""
    return cumulative_share(total, whole - before - part, part, whole)


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Share an amount out by weights without losing a unit.

    Each share is rounded by itself and a residue of up to two units falls to the last line, as the field does it; where many
    small lines leave a larger residue, cumulative rounding keeps every share within one unit of its exact part.
    Weights of zero in sum share equally.
    """
    if len(weights) == 1:
        return [amount]
    total = sum(weights)
    if total == 0:
        weights, total = [1] * len(weights), len(weights)
    elif total < 0:
        weights, total = [-weight for weight in weights], -total
    shares = [div_mirrored(amount * weight, total) for weight in weights]
    residue = amount - sum(shares)
    if -2 <= residue <= 2:
        shares[-1] += residue
        return shares
    shares, running, given = [], 0, 0
    for weight in weights:
        running += weight
        upto = div_half_up(amount * running, total)
        shares.append(upto - given)
        given = upto
    return shares
