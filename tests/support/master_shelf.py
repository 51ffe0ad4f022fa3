"""Masters on a shelf, for tests of the domain that need no history of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from domain.masters import Item
from worker.messages import decode


class MasterShelf:
    """A book of masters that never change."""

    def __init__(self, company: str, masters: Iterable[dict[str, Any]]) -> None:
        self.company = company
        self.stamp: object = 0
        self._known: dict[tuple[str, str], Any] = {}
        for stated in masters:
            master: Any = decode(json.dumps(stated).encode())
            self._known[stated["type"], master.code if isinstance(master, Item) else master.name] = master

    def get(self, kind: str, name: str) -> object | None:
        """The master of this kind and name."""
        return self._known.get((kind, name))

    def all(self, kind: str) -> list[object]:
        """Every master of this kind."""
        return [master for (own, _), master in self._known.items() if own == kind]

    def changes(self, kind: str, name: str, of: Callable[[object], object]) -> list[tuple[int, object]]:
        """What `of` a master has been: one thing from the first document on."""
        master = self.get(kind, name)
        return [] if master is None else [(0, of(master))]
