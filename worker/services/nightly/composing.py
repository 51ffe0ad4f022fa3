"""What the mail about a night says, gathered from what the night's jobs left and from the books as they stand at its end."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from domain.money import Currency
from domain.reconciliation import AccountVerdict, Cause, Proposal, Reconciliation
from scheduler.nights import CLOSINGS, MAIL, RECONCILIATION, REPOSTS
from worker.mail.content import (
    AccountLine,
    AgeLine,
    BlockedLine,
    CauseLine,
    ClosingLine,
    DrawerLine,
    EntryLine,
    FaultLine,
    MonthLine,
    NightMail,
    OpenLine,
    ProposalLine,
    QuarantineLine,
    RunLine,
    SalesLine,
    TrendNight,
    Verdict,
)
from worker.reports.ageing import AGES
from worker.reports.scope import scope_of
from worker.services.nightly.job import Result
from worker.services.present_view import present_view
from worker.services.reconciliation import missing_in
from worker.store.database import Rows
from worker.store.nights.facts import (
    DecidedClosing,
    EndedRun,
    changes_by_month,
    closings_between,
    head_of_chain,
    minor,
    parked_documents,
    quarantined_sales,
    runs_since,
)
from worker.store.nights.slots import NightSlot, night_before
from worker.store.reconciliation.proposals import proposals
from worker.store.reconciliation.verdicts import by_number, trend

# Rows of a kind that a mail keeps, for its workbook; a list that is longer wants a report, not a mail.
MOST_ROWS: Final = 5_000
_JOBS: Final = {
    CLOSINGS: "the closings of tills",
    REPOSTS: "the reposts",
    RECONCILIATION: "the comparison",
    MAIL: "the mail",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A night as its mail is written: the mail's own slot, and what the other jobs came to."""

    company_id: int
    company: str
    slot: NightSlot
    results: dict[str, Result]
    now: datetime


def compose(connection: Rows, night: Ended) -> NightMail:
    """The content of a nightly mail. Errors: those of PostgreSQL."""
    company, day = night.company_id, night.slot.business_date
    scope = scope_of(connection, company)
    assert scope is not None  # noqa: S101 - only companies whose master is known have nights
    looked = night.results.get(RECONCILIATION, {}).get("number")
    seen = by_number(connection, company, looked) if looked is not None else None
    blocked, blocked_count = _blocked(connection, company)
    runs = runs_since(connection, company, _since(connection, night))
    sales = night.results.get(CLOSINGS, {})
    batch_no, head = head_of_chain(connection, company)
    return NightMail(
        company=night.company,
        business_date=day,
        currency=scope.currency.code,
        precision=scope.currency.precision,
        time_zone=scope.time_zone,
        verdict=_verdict(seen, night.results.get(RECONCILIATION, {})),
        ended_at=night.now,
        deadline_at=night.slot.deadline_at,
        accounts=_accounts(seen),
        general_causes=[_cause(cause, seen) for cause in seen.causes_of("")] if seen else [],
        findings=[FaultLine(name=one.code, message=one.message) for one in seen.findings] if seen else [],
        failures=_failures(night),
        proposals=_proposals(connection, night),
        blocked=blocked,
        blocked_count=blocked_count,
        runs=[_run(one) for one in runs],
        months=_months(connection, company, runs),
        reposts_wait=_waiting(night.results.get(REPOSTS, {})),
        closings=_closings(connection, company, sales, scope.currency),
        quarantined=_quarantined(connection, company),
        sales=_sales(sales),
        not_billed=_not_billed(seen),
        oldest_not_billed=_oldest_not_billed(seen),
        trend=_trend(connection, company, day),
        batch_no=batch_no,
        head=head,
    )


def _since(connection: Rows, night: Ended) -> datetime:
    """From when on reposts are told of: the end of the night before, or all of them in a first night."""
    before = night_before(connection, night.company_id, night.slot.business_date)
    return before or datetime.min.replace(tzinfo=night.now.tzinfo)


def _verdict(seen: Reconciliation | None, result: Result) -> Verdict:
    if seen is not None:
        return seen.verdict
    return "not_kept" if result.get("not_kept") else "unknown"


def _accounts(seen: Reconciliation | None) -> list[AccountLine]:
    """Those that differ first, the largest difference before the others."""
    if seen is None:
        return []
    order = sorted(seen.accounts, key=lambda one: (-abs(one.difference), one.account))
    return [_account(one, seen) for one in order]


def _account(verdict: AccountVerdict, seen: Reconciliation) -> AccountLine:
    return AccountLine(
        account=verdict.account,
        warehouses=list(verdict.warehouses),
        stock_value=verdict.stock_value,
        balance=verdict.balance,
        out_of_sync=verdict.out_of_sync,
        since=verdict.parted_at,
        causes=[_cause(cause, seen) for cause in seen.causes_of(verdict.account)],
    )


def _cause(cause: Cause, seen: Reconciliation) -> CauseLine:
    return CauseLine(
        kind=str(cause.kind),
        amount=cause.amount,
        message=cause.message,
        voucher=cause.voucher,
        voucher_type=cause.voucher_type,
        posting_date=cause.posting_date,
        nights=cause.nights(seen.night),
        first_night=cause.first_night,
        figure=cause.figure,
    )


def _failures(night: Ended) -> list[FaultLine]:
    return [
        FaultLine(name=_JOBS[job], message=str(result["failed"]))
        for job, result in night.results.items()
        if "failed" in result
    ]


def _blocked(connection: Rows, company: int) -> tuple[list[BlockedLine], int]:
    """Documents that wait for something, the oldest of them, and how many there are."""
    parked, count = parked_documents(connection, company, MOST_ROWS)
    lines = [
        BlockedLine(type=one.type, number=one.number, since=one.received_at, code=one.code, message=one.message)
        for one in parked
    ]
    return lines, count


def _run(run: EndedRun) -> RunLine:
    return RunLine(
        run=run.run,
        status=run.status,
        documents=run.documents,
        rows=run.rows,
        differences=run.differences,
        message=run.message,
    )


def _months(connection: Rows, company: int, runs: list[EndedRun]) -> list[MonthLine]:
    """What published runs changed, by month and account."""
    published = [run.run for run in runs if run.status == "published"]
    return [
        MonthLine(month=one.month, account=one.account, amount=one.amount)
        for one in changes_by_month(connection, company, published, MOST_ROWS)
    ]


def _closings(connection: Rows, company: int, sales: Result, currency: Currency) -> list[ClosingLine]:
    decided = closings_between(connection, company, sales.get("after", 0), sales.get("upto", 0))
    return [_closing(one, currency) for one in decided]


def _quarantined(connection: Rows, company: int) -> list[QuarantineLine]:
    return [
        QuarantineLine(number=one.number, profile=one.profile, message=one.message)
        for one in quarantined_sales(connection, company, MOST_ROWS)
    ]


def _sales(sales: Result) -> SalesLine:
    return SalesLine(
        received=sales.get("received", 0),
        states=sales.get("states", {}),
        astray=sales.get("astray", []),
        broken=sales.get("certificates", {}).get("broken", []),
    )


def _trend(connection: Rows, company: int, day: date) -> list[TrendNight]:
    return [
        TrendNight(night=one.night, difference=one.difference, verdict=one.verdict)
        for one in trend(connection, company, day)
    ]


def _not_billed(seen: Reconciliation | None) -> list[AgeLine]:
    """What is received and not billed, class by class; nothing where nothing is."""
    told = seen.figures.get("received_not_billed", {}) if seen is not None else {}
    if seen is None or not told.get("oldest"):
        return []
    return [AgeLine(age=age, amount=minor(told[age], seen.currency.precision)) for age in AGES]


def _oldest_not_billed(seen: Reconciliation | None) -> list[OpenLine]:
    told = seen.figures.get("received_not_billed", {}) if seen is not None else {}
    return [
        OpenLine(
            type=one["type"], number=one["number"], posting_date=date.fromisoformat(one["posting_date"]),
            age_days=one["age_days"], amount=minor(one["outstanding"], seen.currency.precision),
        )
        for one in told.get("oldest", [])
        if seen is not None
    ]  # fmt: skip


def _proposals(connection: Rows, night: Ended) -> list[ProposalLine]:
    """Open proposals, each with the command that accepts it and with what that must still be told."""
    found = proposals(connection, night.company_id, limit=MOST_ROWS)
    view = present_view(connection, night.company_id) if found else None
    return [_proposal(one, night.company, [] if view is None else missing_in(view, one.sides)) for one in found]


def _proposal(proposal: Proposal, company: str, missing: list[str]) -> ProposalLine:
    command = f"perpetua reconcile accept {proposal.number} --company {shlex.quote(company)}"
    return ProposalLine(
        number=proposal.number,
        kind=str(proposal.kind),
        account=proposal.account,
        status=proposal.status,
        entry=[EntryLine(account=side.account, debit=side.debit, credit=side.credit) for side in proposal.sides],
        command=" ".join([command, *(f"--set {name}=..." for name in missing)]),
        reverses=proposal.reverses,
    )


def _waiting(result: Result) -> str:
    """Why not everything that was posted into the past is valued; empty where all is."""
    if result.get("paused"):
        return "Reposts are paused: perpetua repost resume lets them go on. Until then the books are those of arrival order."
    if result.get("hours"):
        return "Some reposts still wait for the company's own hours. Until then the books are those of arrival order."
    return ""


def _closing(closing: DecidedClosing, currency: Currency) -> ClosingLine:
    figures: dict[str, Any] = closing.figures
    drawer = [
        DrawerLine(mode=one["mode"], difference=minor(one["difference"], currency.precision))
        for one in figures.get("drawer", [])
    ]
    return ClosingLine(
        number=closing.number,
        profile=figures.get("profile", ""),
        status=closing.status,
        sales=figures.get("sales", 0),
        quarantined=figures.get("quarantined", 0),
        total=minor(figures.get("rounded_total"), currency.precision),
        drawer=[one for one in drawer if one.difference],
        message=closing.message,
    )
