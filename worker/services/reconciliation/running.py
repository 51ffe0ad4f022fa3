"""A look at a company's books: add up what has come in, find what differs and why, record the verdict, let go what is mended.

The long part, adding up and checking, runs beside the lane, so posting goes on. Then the lane is held for a moment: what was posted
meanwhile is added, and causes, accounts, proposals and the verdict are written together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from domain.master_view import MasterView
from domain.reconciliation import CauseKind, Reconciliation, Step, classify, is_beyond, parted, still_open
from domain.sync_gate import place_of_account
from worker.bells import Lane
from worker.services.out_of_sync import Settlement, settle, warehouses_of
from worker.services.present_view import present_view
from worker.services.reconciliation.adding import add_up
from worker.services.reconciliation.anew import EVER, Tell, begin_look, chunk_ahead, go_on, start_anew
from worker.services.reconciliation.checking import check_balances, check_moved, check_rows
from worker.services.reconciliation.informing import inform, received_not_billed
from worker.services.reconciliation.wording import in_words
from worker.services.tools import Tools
from worker.store.books.vouchers import voucher_names
from worker.store.database import Database, Rows
from worker.store.names.terms import term_names
from worker.store.posting.lanes import wait_for_lane
from worker.store.posting.outcomes import release_waiting
from worker.store.reconciliation.anew import take_pass, take_place
from worker.store.reconciliation.bisection import last_agreement, steps
from worker.store.reconciliation.causes import CauseRow, causes, legs_of, name_kinds, prove
from worker.store.reconciliation.ledger_sums import (
    AccountSum,
    balances_as_of,
    full_look_is_due,
    present_mark,
    set_mark,
    take_mark,
)
from worker.store.reconciliation.out_of_sync import AccountState, states
from worker.store.reconciliation.verdicts import (
    AccountRow,
    CauseToKeep,
    FindingToKeep,
    Look,
    by_number,
    last_findings,
    record,
)

CLASSIFIED_AT_ONCE = 1_000


def run(
    tools: Tools,
    lane: Lane,
    *,
    night: date | None = None,
    as_of: date | None = None,
    full: bool = False,
    tell: Tell | None = None,
) -> Reconciliation:
    """Look at a company's books and ring for its lane, in case documents that waited may go on. Errors: as `reconcile`."""
    seen = reconcile(tools.database, lane.company_id, night=night, as_of=as_of, full=full, tell=tell)
    tools.bells.ring([lane])
    return seen


def reconcile(
    database: Database,
    company: int,
    *,
    night: date | None = None,
    as_of: date | None = None,
    full: bool = False,
    tell: Tell | None = None,
) -> Reconciliation:
    """Look at a company's books, of all posting dates or up to one; gives the verdict as it was recorded.

    `night` is the business date that it is for (today in the company's time zone). `full` adds everything up anew, in chunks that are
    committed (`tell` hears where that stands), as is done in the course of a week anyway; a full look that the nights have got through
    takes effect in the next look. Proposals and what posting knows always follow the books of all dates.

    Errors: DocumentParked where the company has no master yet; Unavailable; psycopg's LockNotAvailable where another look is under way
    or the lane is not free in time.
    """
    if full:
        start_anew(database, company)
    else:
        with database.transaction() as connection:
            if not full_look_is_due(connection, company):
                return _Run(connection, company, night, as_of).run()
    go_on(database, company, tell=tell)
    with database.transaction() as connection:
        return _Run(connection, company, night, as_of).run()


class _Ahead(NamedTuple):
    """What has changed the differences of accounts that differed at a batch."""

    upto: int
    steps: dict[int, list[Step]]


class _Run:
    def __init__(self, connection: Rows, company: int, night: date | None, as_of: date | None) -> None:
        self.connection, self.company, self.as_of = connection, company, as_of
        self.started_at: datetime = begin_look(connection)
        self.view: MasterView = present_view(connection, company)
        self.night = night or self.started_at.astimezone(self.view.zone).date()
        self.mark = take_mark(connection, company)
        self.rows = 0
        self.apart: list[AccountSum] = []  # documents whose rows differ
        self.is_full = False

    def run(self) -> Reconciliation:
        """Look, and give the verdict as it was recorded."""
        connection, company = self.connection, self.company
        found_before = self._take_full_look()
        findings = self._take_in(found_before)
        kinds = _classified(connection, company, {(one.account, one.voucher) for one in self.apart})
        ahead = self._steps(_differing(balances_as_of(connection, company, None)))
        lane = wait_for_lane(connection, company)
        if present_mark(connection, company) != self.mark:
            findings = list(dict.fromkeys([*findings, *self._take_in()]))
        set_mark(connection, company, self.mark, is_full=self.is_full)
        prove(connection, company, self.apart, self.night, is_full=self.is_full)
        name_kinds(connection, company, kinds)
        unnamed = {(cause.account, cause.voucher) for cause in causes(connection, company) if not cause.kind}
        name_kinds(connection, company, _classified(connection, company, unnamed))
        balances = balances_as_of(connection, company, None)
        parted_at = self._parted(_differing(balances), ahead)
        settlement = Settlement(
            now=lane.now, balances=balances, since={a: at for a, (at, _) in parted_at.items()}, night=self.night
        )
        settled = settle(connection, company, self.view, settlement)
        number = record(connection, company, self._look(balances, parted_at, findings))
        names = term_names(connection, company, balances)
        agreeing = sorted(f"in_sync:{name}" for name in names.values() if name and name not in settled.apart)
        release_waiting(connection, company, agreeing)
        seen = by_number(connection, company, number)
        assert seen is not None  # noqa: S101 - it was recorded a moment ago
        return seen

    def _take_full_look(self) -> list[FindingToKeep]:
        """Let the sums of a full look that is through take the place of those in use; gives what it, or else the last look, has found."""
        anew = take_pass(self.connection, self.company)
        if anew is None or not anew.is_complete:
            return last_findings(self.connection, self.company)
        self.is_full, self.mark, self.rows = True, anew.mark, anew.rows
        self.apart += take_place(self.connection, self.company)
        return anew.findings

    def _take_in(self, found_before: Collection[FindingToKeep] = ()) -> list[FindingToKeep]:
        """Add up what came in since the mark, and set the mark there; gives what does not hold of it.

        What was found before is asked again, wherever it lies: no finding goes by itself. However much came in, no statement reads more
        than a chunk of it.
        """
        connection, company, view = self.connection, self.company, self.view
        again = {one.voucher for one in found_before if one.voucher}
        moved: dict[int, datetime] = {}
        findings = []
        while (upto := chunk_ahead(connection, company, self.mark)) != self.mark or again:
            begun, self.mark = self.mark, upto
            added = add_up(connection, company, view, begun, self.mark)
            self.rows += added.rows
            self.apart += added.apart
            moved.update({chain: min(since, moved.get(chain, since)) for chain, since in added.moved.items()})
            findings += check_rows(connection, company, view, begun, self.mark, again)
            again = set()
        moved |= dict.fromkeys((one.chain for one in found_before if one.chain), EVER)
        return [
            *findings,
            *check_balances(connection, company, view.currency, self.mark, None if self.is_full else list(moved)),
            *check_moved(connection, company, view, self.mark, moved),
        ]

    def _steps(self, accounts: Collection[int]) -> _Ahead:
        """What has changed accounts' differences up to the mark, looked for before the lane is held: it may be far to read."""
        found = {}
        for account in accounts:
            # A full look may have found what was altered long ago, so what earlier looks saw counts for nothing.
            after = 0 if self.is_full else last_agreement(self.connection, self.company, account)
            found[account] = steps(self.connection, self.company, account, after, self.mark.batch_no)
        return _Ahead(self.mark.batch_no, found)

    def _parted(self, accounts: Collection[int], ahead: _Ahead) -> dict[int, tuple[datetime, int]]:
        """For each account that differs: when it and its stock parted, and the batch that was posted then."""
        found = {}
        for account in accounts:
            before = ahead.steps.get(account, [])  # none: it agreed then
            step = parted([*before, *steps(self.connection, self.company, account, ahead.upto, self.mark.batch_no)])
            if step is not None:
                found[account] = (step.at, step.batch)
        return found

    # -- the verdict --------------------------------------------------------------------------------------------------

    def _look(
        self,
        present: dict[int, tuple[int, int]],
        parted_at: dict[int, tuple[datetime, int]],
        findings: list[FindingToKeep],
    ) -> Look:
        connection, company = self.connection, self.company
        balances = present if self.as_of is None else balances_as_of(connection, company, self.as_of)
        names = term_names(connection, company, balances)
        kept = states(connection, company)
        accounts = [
            self._account(account, names[account], figures, parted_at.get(account), kept.get(account))
            for account, figures in sorted(balances.items(), key=lambda item: names[item[0]])
        ]
        informing, figures = inform(connection, company, self.view, names)
        figures["received_not_billed"] = received_not_billed(connection, company, self.view, self.night)
        told = [*informing, *self._causes(names)]
        verdict = "out_of_sync" if any(a.out_of_sync for a in accounts) else "faulty" if findings else "in_sync"
        return Look(
            night=self.night, as_of=self.as_of, verdict=verdict, is_full=self.is_full, batch_no=self.mark.batch_no,
            rows_read=self.rows, figures=figures, started_at=self.started_at, accounts=accounts, causes=told,
            findings=findings,
        )  # fmt: skip

    def _account(
        self, account: int, name: str, figures: tuple[int, int], parted_at: tuple[datetime, int] | None,
        kept: AccountState | None,
    ) -> AccountRow:  # fmt: skip
        stock_value, balance = figures
        differs = stock_value != balance
        at, batch = parted_at or (None, 0)
        return AccountRow(
            account=account,
            warehouses=warehouses_of(self.view, name),
            stock_value=stock_value,
            balance=balance,
            out_of_sync=is_beyond(stock_value - balance, self.view.company.sync_tolerance, self.view.currency),
            parted_at=at if differs else None,
            parted_batch=batch if differs else 0,
            first_night=(kept.first_night if kept else None) or (self.night if differs else None),
        )

    def _causes(self, names: dict[int, str]) -> list[CauseToKeep]:
        """Causes that are open as of the date asked for, the greatest part of each account first."""
        by_account: defaultdict[int, list[CauseRow]] = defaultdict(list)
        for cause in causes(self.connection, self.company):
            if self.as_of is None or cause.day <= self.as_of:
                by_account[cause.account].append(cause)
        opened = [
            cause
            for account in sorted(by_account, key=lambda number: names.get(number, ""))
            for cause in sorted(still_open(by_account[account]), key=lambda one: -abs(one.amount))
        ]
        named = voucher_names(self.connection, self.company, {cause.voucher for cause in opened})
        return [
            CauseToKeep(
                account=cause.account, kind=cause.kind, voucher=cause.voucher, posting_date=cause.day, amount=cause.amount,
                figure=0, proposal=cause.proposal,
                message=in_words(CauseKind(cause.kind), named.get(cause.voucher, f"document {cause.voucher}")),
                recorded_at=cause.recorded_at, first_night=cause.first_night or self.night,
            )
            for cause in opened
        ]  # fmt: skip


def _differing(balances: dict[int, tuple[int, int]]) -> list[int]:
    return [account for account, (stock_value, balance) in balances.items() if stock_value != balance]


def _classified(connection: Rows, company: int, keys: Collection[tuple[int, int]]) -> list[tuple[int, int, str]]:
    """Why documents' rows differ: account, voucher, kind."""
    wanted, kinds = sorted(keys), []
    for start in range(0, len(wanted), CLASSIFIED_AT_ONCE):
        for one in legs_of(connection, company, wanted[start : start + CLASSIFIED_AT_ONCE]):
            document = None if one.payload is None else msgspec.json.decode(one.payload)
            names_account = bool(place_of_account(one.account_name, document))
            kinds.append((one.account, one.voucher, str(classify(one.legs._replace(names_account=names_account)))))
    return kinds
