"""Sales as a closing reads them, one after the other: summed where nothing about them needs a look of its own, kept where something does.

Almost every sale is plain. What needs a look is a return, a sale of goods that are short or of unknown cost, and an unsound one; so a
closing of any size has few sales in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from domain.master_view import MasterView
from domain.masters import PosProfile
from domain.pos_consolidation.grouping import tally_of
from domain.pos_consolidation.merging import Sale
from domain.pos_consolidation.sheet import Sheet, is_plain
from domain.pos_consolidation.soundness import Soundness, Unsound
from domain.stock_ledger import Chain


class Gathering:
    """Takes sales in any order, and sheets of them. `plain` is the sheet of all plain ones, `kept` are sales to look at.

    A sale that takes of a chain of `watched` is kept.
    """

    def __init__(self, view: MasterView, profile: PosProfile, watched: Set[Chain] = frozenset()) -> None:
        self._soundness = Soundness(view)
        self._profile = profile
        self._watched = watched
        self.plain = Sheet(profile.consolidate_by)
        self.kept: list[Sale] = []
        self.unsound: list[Unsound] = []

    def take(self, sale: Sale) -> None:
        """Take a sale in."""
        receipt = sale.receipt
        trouble = self._soundness.trouble(receipt)
        if trouble is not None:
            self.unsound.append(Unsound(sale.sequence, trouble))
        elif not is_plain(receipt) or self._is_watched(receipt.goods):
            self.kept.append(sale)
        else:
            self.plain.add(tally_of(receipt, self._profile), sale.sequence, receipt)

    def take_sheet(self, sheet: Sheet) -> bool:
        """Take a sheet in; False where any of its sales may need a look, or go elsewhere now: they have to be read one by one then."""
        if (
            sheet.by != self.plain.by
            or self._is_watched(sheet.goods)
            or any(map(self._soundness.is_troubled, sheet.tallies.values()))
        ):
            return False
        self.plain.join(sheet)
        return True

    @property
    def taken(self) -> dict[Chain, int]:
        """What plain sales take of each chain; of chains that they only name, or that only kept sales do, as well."""
        taken = {chain: 0 for sale in self.kept for chain, _ in sale.receipt.goods}
        for tally in self.plain.tallies.values():
            for chain in tally.goods:
                taken[chain] = taken.get(chain, 0) + tally.taken.get(chain, 0)
        return taken

    def _is_watched(self, goods: Iterable[tuple[Chain, int]]) -> bool:
        return bool(self._watched) and any(chain in self._watched for chain, _ in goods)
