"""Settling: from the documents whose rows differ to the accounts that do, and the proposals that would mend them.

Both who finds differences, the nightly look and posting itself, keep causes; what follows from them is worked out here alone. Whoever
calls holds the company's lane.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from domain.errors import DocumentRejected
from domain.master_view import MasterView
from domain.masters import Warehouse
from domain.out_of_sync import Side
from domain.reconciliation import (
    CauseKind,
    OpenCause,
    OpenProposal,
    ProposalKind,
    adjustment,
    is_beyond,
    plan_proposals,
    reversal,
)
from domain.reconciliation.planning import MOST_REVERSALS
from worker.store.database import Rows
from worker.store.names.terms import term_names
from worker.store.reconciliation.causes import CauseRow, assign, causes
from worker.store.reconciliation.out_of_sync import AccountState, save_states, states
from worker.store.reconciliation.proposals import entries_of_journal, open_rows, propose, withdraw

Balances = Mapping[int, tuple[int, int]]


@dataclass(slots=True)
class Settlement:
    """What is told of accounts: `balances` and `since` where they are known, `night` where it is one's look."""

    now: datetime
    balances: Balances
    since: Mapping[int, datetime]
    night: date | None = None


class Settled(NamedTuple):
    """Accounts by name: those that hold nothing up (any more), and those that do."""

    in_sync: set[str]
    apart: set[str]


def settle(
    connection: Rows, company: int, view: MasterView, settlement: Settlement, accounts: Collection[int] | None = None
) -> Settled:
    """Work out accounts and proposals anew, all that differ or differed, or only these."""
    found: defaultdict[int, list[CauseRow]] = defaultdict(list)
    for cause in causes(connection, company, accounts):
        found[cause.account].append(cause)
    before = states(connection, company)
    affected = set(found) | set(before) if accounts is None else set(accounts)
    names = term_names(connection, company, affected)
    differences = {account: sum(cause.amount for cause in found[account]) for account in affected}
    standing = [
        _state(view, names[account], account, differences[account], before.get(account), found[account], settlement)
        for account in sorted(affected)
        if differences[account]
    ]
    save_states(connection, company, [a for a in affected & set(before) if not differences[a]], standing)
    tolerance = view.company.sync_tolerance
    apart = {account for account in affected if is_beyond(differences[account], tolerance, view.currency)}
    _Proposing(connection, company, view, names, settlement.now).settle(
        affected, {account: found[account] for account in sorted(apart)}
    )
    return Settled({names[account] for account in affected - apart}, {names[account] for account in apart})


def _state(
    view: MasterView, name: str, account: int, difference: int, before: AccountState | None, rows: list[CauseRow],
    settlement: Settlement,
) -> AccountState:  # fmt: skip
    stock_value, balance = settlement.balances.get(account, (None, None))
    since = settlement.since.get(account) or (before.since if before else max(cause.recorded_at for cause in rows))
    return AccountState(
        account=account,
        warehouses=warehouses_of(view, name),
        difference=difference,
        stock_value=stock_value,
        balance=balance,
        since=since,
        first_night=(before.first_night if before else None) or settlement.night,
    )


def warehouses_of(view: MasterView, account: str) -> list[str]:
    """The warehouses whose stock stands in an account now."""
    return sorted(
        warehouse.name
        for warehouse in view.book.all("warehouse")
        if isinstance(warehouse, Warehouse)
        and not (warehouse.is_group or warehouse.disabled)
        and view.present_account(warehouse.name, "") == account
    )


class _Proposing:
    """Brings a company's proposals to where its causes are."""

    def __init__(
        self, connection: Rows, company: int, view: MasterView, names: Mapping[int, str], now: datetime
    ) -> None:
        self._connection, self._company, self._view, self._names, self._now = connection, company, view, names, now
        self._open = {row.number: row for row in open_rows(connection, company)}
        self._assigned: dict[int, int] = {}

    def settle(self, affected: Collection[int], apart: Mapping[int, list[CauseRow]]) -> None:
        """Keep what fits, withdraw what does not, propose what is missing; `apart` are the causes of accounts that are out of sync."""
        kept = {
            number for number, row in self._open.items() if row.status == "submitted" or row.account not in affected
        }
        for account, rows in apart.items():
            reversible = self._reversible(account, rows)
            parts = [
                OpenCause(
                    row.voucher,
                    CauseKind(row.kind),
                    row.amount,
                    self._assigned.get(row.voucher, row.proposal),
                    row.voucher in reversible,
                )
                for row in rows
            ]
            known = [
                OpenProposal(row.number, ProposalKind(row.kind), row.difference, row.status == "submitted")
                for row in self._open.values()
            ]
            planned = plan_proposals(parts, known)
            kept |= planned.kept
            for voucher in planned.reversals:
                amount = sum(part.amount for part in parts if part.voucher == voucher)
                number = self._propose(account, ProposalKind.REVERSAL, voucher, amount, reversible[voucher])
                self._assigned[voucher] = number
                assign(self._connection, self._company, list(self._names), [voucher], number)
                kept.add(number)
            if planned.adjustment:
                sides = adjustment(self._names[account], planned.adjustment, self._contra())
                number = self._propose(account, ProposalKind.ADJUSTMENT, 0, planned.adjustment, sides)
                assign(self._connection, self._company, [account], planned.adjusted, number)
                kept.add(number)
        withdraw(self._connection, self._company, sorted(self._open.keys() - kept))

    def _propose(self, account: int, kind: ProposalKind, voucher: int, difference: int, sides: Iterable[Side]) -> int:
        number = propose(self._connection, self._company, account, kind, voucher, difference, sides, self._now)
        self._open = {row.number: row for row in open_rows(self._connection, self._company)}
        return number

    def _reversible(self, account: int, rows: list[CauseRow]) -> dict[int, tuple[Side, ...]]:
        """Journals by hand that can be taken back as they were booked, each with the entry that does it."""
        by_hand = {row.voucher for row in rows if row.kind == CauseKind.JOURNAL_BY_HAND}
        if len(by_hand) > MOST_REVERSALS:
            return {}
        found = {}
        for voucher in sorted(by_hand):
            sides = reversal(entries_of_journal(self._connection, self._company, voucher))
            amount = sum(row.amount for row in rows if row.voucher == voucher)
            booked = sum(side.amount for side in sides if side.account == self._names[account])
            if sides and booked == amount and sum(side.amount for side in sides) == 0:
                found[voucher] = sides
        return found

    def _contra(self) -> str:
        """Stock adjustment; empty where the company's chart has none, to be set by whoever accepts."""
        try:
            return self._view.role("stock_adjustment")
        except DocumentRejected:
            return ""
