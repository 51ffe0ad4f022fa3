"""What an item asks for where a line says nothing: its own defaults in a company, then those of its groups, from the nearest outwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from domain.masters import Item, ItemDefaults, ItemGroup


class DefaultsOfItems:
    """The defaults of items in one company; `get` finds masters by kind and name."""

    def __init__(self, get: Callable[[str, str], object | None], company: str) -> None:
        self._get = get
        self._company = company
        self._dimensions: dict[str, dict[str, str]] = {}

    def account(self, item: Item, which: str) -> str | None:
        """The first account of this kind (`expense_account`, `income_account`) that is set; None where none is."""
        if not (item.defaults or item.item_group):
            return None
        return next((account for own in self._defaults(item) if (account := getattr(own, which))), None)

    def cost_center(self, item: Item) -> str:
        """The cost center that an item or one of its groups asks for; empty where none does."""
        return next((own.cost_center for own in self._defaults(item) if own.cost_center), "")

    def dimensions(self, item: Item) -> dict[str, str]:
        """The dimensions that an item asks for, over those of its groups."""
        known = self._dimensions.get(item.code)
        if known is None:
            known = {}
            for own in self._defaults(item):
                known = {**(own.dimensions or {}), **known}
            self._dimensions[item.code] = known
        return known

    def places(self, item: Item, which: str) -> tuple[str, ...]:
        """Where a default could be set, in words."""
        groups = (f"item group {group.name}: defaults.{which}" for group in self._groups(item))
        return (f"item {item.code}: defaults.{which}", *groups)

    def _defaults(self, item: Item) -> Iterator[ItemDefaults]:
        stated = [item.defaults, *(group.defaults for group in self._groups(item))]
        for defaults in stated:
            if defaults and (own := defaults.get(self._company) or defaults.get("*")):
                yield own

    def _groups(self, item: Item) -> Iterator[ItemGroup]:
        name, seen = item.item_group, set[str]()
        while name and name not in seen:
            seen.add(name)
            group = self._get("item_group", name)
            if not isinstance(group, ItemGroup):
                return
            yield group
            name = group.parent
