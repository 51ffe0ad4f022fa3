"""The gate before a period closes: asked when its master is accepted, so that nothing can slip into it afterwards.

The lock of acceptance is held while the gate looks. Whatever is accepted later sees the period closed; whatever was accepted before is
posted, or on the list of reasons.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from domain.accounting_period import Unfinished, closes_more, may_close, opens_again, require_may_reopen
from domain.cut_over import CutOver
from domain.documents import Cancel, Document
from domain.errors import DocumentRejected
from domain.exact import NANO
from domain.masters import AccountingPeriod, Company
from domain.posting_time import instant, zone
from worker.messages import decode, decode_master
from worker.reports import REPORTS
from worker.reports.scope import scope_of
from worker.store.database import Rows
from worker.store.intake.acceptance import lock_acceptance
from worker.store.intake.incoming import Incoming
from worker.store.intake.masters import newest_master
from worker.store.names.companies import SHARED, SHARED_COMPANY, all_companies, company_ids
from worker.store.posting.unfinished import (
    Undecided,
    has_stock_or_purchases,
    pending_reposts,
    undecided_documents,
    unfinished_sales,
)


def asks_at_the_gate(incoming: Incoming) -> bool:
    """Whether a message may close something, and so needs a transaction of its own: what came before it is accepted by then."""
    return incoming.is_master and incoming.error is None and incoming.type in ("accounting_period", "company")


def guard_the_gate(connection: Rows, incoming: Incoming) -> None:
    """Give a master that would close what is not finished its refusal. Errors: those of PostgreSQL."""
    lock_acceptance(connection)
    try:
        master = decode(incoming.payload)
        if isinstance(master, AccountingPeriod):
            _ask_for_period(connection, incoming, master)
        elif isinstance(master, Company):
            _ask_for_method(connection, master)
            _ask_for_freeze(connection, master)
    except DocumentRejected as refusal:
        incoming.error = refusal.as_outcome()


def _ask_for_period(connection: Rows, incoming: Incoming, period: AccountingPeriod) -> None:
    shared = incoming.company == SHARED
    companies = all_companies(connection) if shared else company_ids(connection, [incoming.company])
    owner = SHARED_COMPANY if shared else companies.get(incoming.company, SHARED_COMPANY)
    newest = _newest(connection, owner, "accounting_period", incoming.number)
    before = newest if isinstance(newest, AccountingPeriod) else None
    known = {name: _newest(connection, company, "company", name) for name, company in companies.items()}
    settings = {name: company for name, company in known.items() if isinstance(company, Company)}
    if opens_again(before, period):
        require_may_reopen(f"the period {period.name}", period.actor, period.reason, settings.values())
    if not closes_more(before, period):
        return
    reasons = [
        reason
        for name, own in settings.items()
        for reason in may_close(_unfinished(connection, companies[name], own, period))
    ]
    if reasons:
        raise DocumentRejected(
            "PeriodNotFinished",
            f"{period.name} can't be closed: {'; '.join(reasons)}. Settle that and publish the period again.",
            "status",
            {"reasons": reasons},
        )


def _ask_for_freeze(connection: Rows, after: Company) -> None:
    """A freeze of stock waits for reposts before it: what they find must still go where it belongs. It is lifted by those who may."""
    company = company_ids(connection, [after.name]).get(after.name)
    if company is None:
        return
    before = _newest(connection, company, "company", after.name)
    frozen = before.stock_frozen_upto if isinstance(before, Company) else None
    if isinstance(before, Company) and frozen is not None and (after.stock_frozen_upto or "") < frozen:
        require_may_reopen(f"what is frozen up to {frozen}", after.actor, after.reason, [before])
    if after.stock_frozen_upto is None or frozen == after.stock_frozen_upto:
        return
    waiting = pending_reposts(connection, company, _end_of(after.stock_frozen_upto, after))
    if waiting:
        raise DocumentRejected(
            "PendingReposting",
            f"stock_frozen_upto: stock can't be frozen up to {after.stock_frozen_upto} while reposts before it are pending: "
            f"{', '.join(waiting[:5])}. Run them and publish the company again.",
            "stock_frozen_upto",
            {"waiting": waiting},
        )


def _ask_for_method(connection: Rows, after: Company) -> None:
    """Perpetual inventory is turned on by a migration where there is anything that it would have booked, and off only by its rollback."""
    company = company_ids(connection, [after.name]).get(after.name)
    before = None if company is None else _newest(connection, company, "company", after.name)
    if company is None or not isinstance(before, Company) or before.perpetual_inventory == after.perpetual_inventory:
        return
    if has_stock_or_purchases(connection, company):
        wanted, now, how = (
            ("on", "off", "Go over by perpetua migrate plan")
            if after.perpetual_inventory
            else ("off", "on", "A migration is taken back by perpetua migrate rollback")
        )
        raise DocumentRejected(
            "InventoryMethodStands",
            f"perpetual_inventory: {after.name} has stock or purchases, so a master can't turn perpetual inventory {wanted}. "
            f"{how}; publish the master with perpetual inventory {now} meanwhile.",
            "perpetual_inventory",
        )


def _unfinished(connection: Rows, company: int, settings: Company, period: AccountingPeriod) -> Unfinished:
    waiting = [u for u in undecided_documents(connection, company) if _falls_into(u, settings, period)]
    return Unfinished(
        unposted=_names(u for u in waiting if u.status != "parked"),
        parked=_names(u for u in waiting if u.status == "parked"),
        reposts=tuple(pending_reposts(connection, company, _end_of(period.end, settings))),
        open_sales=tuple(unfinished_sales(connection, company, _end_of(period.end, settings), "open")),
        quarantined_sales=tuple(unfinished_sales(connection, company, _end_of(period.end, settings), "quarantined")),
        unreconciled=_unreconciled(connection, company, settings, period),
    )


def _names(waiting: Iterable[Undecided]) -> tuple[str, ...]:
    return tuple(f"{u.type.replace('_', ' ')} {u.number}" for u in waiting)


def _falls_into(waiting: Undecided, settings: Company, period: AccountingPeriod) -> bool:
    """Whether a document is dated into the period, or could be: a cancel takes effect where its target lies."""
    try:
        document = decode(waiting.payload)
    except DocumentRejected:
        return False  # its shape is refused, so it never posts
    if isinstance(document, Cancel) or not isinstance(document, Document):
        return True
    _, day = document.posting_datetime.at(zone(settings.time_zone))
    return period.start <= day.isoformat() <= period.end


def _unreconciled(connection: Rows, company: int, settings: Company, period: AccountingPeriod) -> tuple[str, ...]:
    """Stock accounts that differ from stock at the period's end, where the company blocks on that."""
    scope = scope_of(connection, company, end=date.fromisoformat(period.end))
    if scope is None or settings.on_out_of_sync == "warn" or not settings.perpetual_inventory:
        return ()
    cut_over = _newest(connection, company, "cut_over", settings.name)
    if isinstance(cut_over, CutOver) and not cut_over.ended and date.fromisoformat(period.end) < cut_over.day:
        return ()  # stock had no entries yet
    tolerance = Decimal(settings.sync_tolerance) / NANO
    return tuple(
        f"{row['account']} by {abs(row['difference'])}"
        for row in REPORTS["stock-account-comparison"].dicts(connection, scope)
        if abs(row["difference"]) > tolerance
    )


def _end_of(day: str, settings: Company) -> int:
    after = date.fromisoformat(day) + timedelta(days=1)
    return instant(datetime.combine(after, time(), zone(settings.time_zone)))


def _newest(connection: Rows, company: int, kind: str, name: str) -> object | None:
    known = newest_master(connection, company, kind, name)
    return None if known is None else decode_master(kind, known)
