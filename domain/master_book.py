"""What a decision asks of masters, whoever keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol


class MasterBook(Protocol):
    """Masters as of one document's acceptance: the company's own before shared ones.

    `stamp` changes whenever an answer may differ, so that a view may be kept while it stays.
    """

    company: str
    stamp: object

    def get(self, kind: str, name: str) -> object | None:
        """The master of this kind and name, None where there is none."""

    def all(self, kind: str) -> Iterable[object]:
        """Every master of this kind."""

    def changes(self, kind: str, name: str, of: Callable[[object], object]) -> list[tuple[int, object]]:
        """What `of` a master has been, oldest first, each with the sequence of the first document that it held for (at first 0)."""
