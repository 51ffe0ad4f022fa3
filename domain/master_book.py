"""What a decision asks of masters, whoever keeps them, and how it says that one is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from domain.errors import DocumentParked


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


def unknown_master(kind: str, name: str, field: str) -> DocumentParked:
    """The parking of a document that names a master we have not heard of."""
    return DocumentParked(
        "UnknownMaster",
        f"{field}: the {kind.replace('_', ' ')} {name} is not known yet. Publish it and the document posts by itself.",
        (f"{kind}:{name}",),
        field,
        {"kind": kind, "name": name},
    )
