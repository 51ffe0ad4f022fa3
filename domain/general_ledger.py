"""The general ledger: entries, how they merge, and the law that debits equal credits exactly."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from domain.errors import InvariantBroken


class Entry(msgspec.Struct, gc=False):
    """One general ledger entry: `amount` minor units of the company's currency, debit positive, credit negative.

    `against` is the sequence of the voucher that the entry settles or belongs to (receivables, payables); `cause` the
    sequence of the document that made a corrective entry. `currency_amount` is stated where the document's currency differs.
    """

    voucher: int
    account: str
    amount: int
    date: date
    party: str = ""
    cost_center: str = ""
    dimensions: str = ""
    against: int = 0
    cause: int = 0
    currency: str = ""
    currency_amount: int = 0
    is_opening: bool = False


def merge(entries: Iterable[Entry]) -> list[Entry]:
    """Merge entries that differ in amount only, keep first-seen order, drop zeros."""
    merged: dict[tuple[object, ...], Entry] = {}
    for entry in entries:
        key = (
            entry.voucher, entry.account, entry.party, entry.cost_center, entry.dimensions, entry.against, entry.cause,
            entry.date, entry.currency, entry.is_opening,
        )  # fmt: skip
        known = merged.get(key)
        if known is None:
            merged[key] = entry
        else:
            known.amount += entry.amount
            known.currency_amount += entry.currency_amount
    return [entry for entry in merged.values() if entry.amount]


def outstanding(entries: Iterable[Entry], voucher: int) -> list[Entry]:
    """What a voucher has left open: the entries of all vouchers against it, netted per account, party and currency."""
    netted: dict[tuple[str, str, str], Entry] = {}
    for entry in entries:
        if entry.against == voucher and entry.party:
            key = entry.account, entry.party, entry.currency
            known = netted.get(key)
            if known is None:
                netted[key] = Entry(
                    voucher=voucher, account=entry.account, amount=entry.amount, date=entry.date, party=entry.party,
                    against=voucher, currency=entry.currency, currency_amount=entry.currency_amount,
                )  # fmt: skip
            else:
                known.amount += entry.amount
                known.currency_amount += entry.currency_amount
    return [entry for entry in netted.values() if entry.amount or entry.currency_amount]


def require_balanced(entries: Iterable[Entry]) -> None:
    """Law 1: per voucher, cause and date, debits equal credits exactly. Errors: InvariantBroken with the difference."""
    sums: dict[tuple[int, int, date], int] = {}
    for entry in entries:
        key = (entry.voucher, entry.cause, entry.date)
        sums[key] = sums.get(key, 0) + entry.amount
    for (voucher, cause, day), difference in sums.items():
        if difference:
            raise InvariantBroken(
                "Unbalanced",
                f"Voucher {voucher} on {day} does not balance: debits less credits are {difference} minor units.",
                details={"voucher": voucher, "cause": cause, "difference": difference},
            )
