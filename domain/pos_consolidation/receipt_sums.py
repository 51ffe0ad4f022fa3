"""What a certificate says of receipts: summed straight from their lines, not by the way of the consolidation.

So the two can't be wrong together.
"""

from __future__ import annotations

import msgspec

from domain.exact import show
from domain.pos_consolidation.summing import join
from domain.pos_receipt import PosReceipt

# "tax VAT percent_of_net_total 9", "tender Cash", "item A", "cost center Main", "total": minor units; "quantity A": millionths.
Sums = dict[str, int]


def is_quantity(name: str) -> bool:
    """Whether a sum is one of quantities."""
    return name.startswith("quantity ")


class ReceiptSums(msgspec.Struct, array_like=True):
    """Sums over receipts in any order: taxes by account and rate, tenders by mode, items' net and quantity, cost centers, the total."""

    taxes: dict[tuple[str, str, int], int] = {}
    tenders: dict[str, int] = {}
    nets: dict[str, int] = {}
    quantities: dict[str, int] = {}
    centers: dict[str, int] = {}
    total: int = 0

    def add(self, receipt: PosReceipt) -> None:
        """Add a receipt."""
        nets, quantities, centers = self.nets, self.quantities, self.centers
        for line in receipt.lines:
            item, center = line.key.item, line.key.cost_center
            nets[item] = nets.get(item, 0) + line.net
            quantities[item] = quantities.get(item, 0) + line.qty
            centers[center] = centers.get(center, 0) + line.net
        for tax in receipt.taxes:
            place = (tax.key.account, tax.key.charge, tax.key.rate)
            self.taxes[place] = self.taxes.get(place, 0) + tax.amount
        for payment in receipt.payments:
            mode = payment.tender.mode
            self.tenders[mode] = self.tenders.get(mode, 0) + payment.amount
        self.total += receipt.total

    def join(self, other: ReceiptSums) -> None:
        """Add the sums over other receipts."""
        join(self.taxes, other.taxes)
        join(self.tenders, other.tenders)
        join(self.nets, other.nets)
        join(self.quantities, other.quantities)
        join(self.centers, other.centers)
        self.total += other.total

    def named(self) -> Sums:
        """The sums by the names under which a certificate shows them."""
        return {
            **{f"tax {account} {charge} {show(rate, 9)}": tax for (account, charge, rate), tax in self.taxes.items()},
            **{f"tender {mode}": amount for mode, amount in self.tenders.items()},
            **{f"item {item}": net for item, net in self.nets.items()},
            **{f"quantity {item}": qty for item, qty in self.quantities.items()},
            **{f"cost center {center}": net for center, net in self.centers.items()},
            "total": self.total,
        }
