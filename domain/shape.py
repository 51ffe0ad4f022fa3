"""The base of every typed shape in the contract, and the kinds of text that it holds."""

from __future__ import annotations

from typing import Annotated

import msgspec

from domain.money import Money

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=140)]  # a key in ledgers and a column in reports
Prose = Annotated[str, msgspec.Meta(max_length=500)]
LineNumber = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]  # counted from 1, as people count


class Shape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Keywords only, unknown fields refused by name."""


class ModeAmount(Shape, kw_only=True):
    """An amount in one mode of payment: a float at opening, a count at closing."""

    mode: Name
    amount: Money
