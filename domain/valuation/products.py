"""What each product of a manufacture or repack is worth: everything that went in comes out, to the last minor unit."""

from __future__ import annotations

from domain.exact import allocate
from domain.stock_ledger import SCRAP, Movement


def share_out(inputs: int, made: list[Movement]) -> list[int]:
    """The value of each product (minor units): scrap at its stated amount, at most what went in; the rest by weight."""
    left = inputs
    amounts: dict[int, int] = {}
    for movement in made:
        if movement.weight == SCRAP:
            amounts[movement.id] = min(movement.stated, max(left, 0))
            left -= amounts[movement.id]
    finished = [movement for movement in made if movement.weight != SCRAP]
    for movement, share in zip(finished, allocate(left, [m.weight for m in finished]), strict=True):
        amounts[movement.id] = share + movement.stated
    return [amounts[movement.id] for movement in made]
