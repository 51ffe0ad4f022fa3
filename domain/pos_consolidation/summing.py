"""Sums by key: how parts become a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Key = TypeVar("Key")


def join(sums: dict[Key, int], others: Mapping[Key, int]) -> None:
    """Add the sums of other things to these, key by key."""
    for key, amount in others.items():
        sums[key] = sums.get(key, 0) + amount
