"""Accounting periods: one calendar for stock and accounts together, so the two can never disagree.

A closed or frozen period is a fact. A document dated into it is refused; what a later one would have changed there is posted on the
first open day instead. So a period may be closed only once nothing is on its way into it any more, and is opened again only by those
who may, with a reason that is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from domain.errors import DocumentRejected
from domain.masters import AccountingPeriod, Company

_NAMED = 5  # how many of a kind a reason names; the count says how many there are


def require_open(day: date, document_type: str, periods: Iterable[AccountingPeriod], frozen_upto: date | None) -> None:
    """Refuse a document dated into a closed or frozen period, naming the first date that is open.

    Errors: DocumentRejected PeriodClosed or StockFrozen, with `first_open_day`.
    """
    if not periods and frozen_upto is None:
        return
    opens = first_open_day(day, document_type, periods, frozen_upto)
    if opens == day:
        return
    if frozen_upto is not None and day <= frozen_upto:
        raise DocumentRejected(
            "StockFrozen",
            f"Stock is frozen up to {frozen_upto}: {day} can't be posted into. The first open day is {opens}.",
            "posting_datetime",
            {"first_open_day": opens.isoformat()},
        )
    shut = _shut_by(day, document_type, periods)
    name = shut.name if shut is not None else ""
    raise DocumentRejected(
        "PeriodClosed",
        f"{day} lies in the period {name}, which is closed for {document_type}. The first open day is {opens}.",
        "posting_datetime",
        {"period": name, "first_open_day": opens.isoformat()},
    )


def first_open_day(
    day: date, document_type: str, periods: Iterable[AccountingPeriod], frozen_upto: date | None
) -> date:
    """The day itself where it is open, else the first open one after it. An empty type asks for the periods' own status."""
    if frozen_upto is not None and day <= frozen_upto:
        day = frozen_upto + timedelta(days=1)
    while (period := _shut_by(day, document_type, periods)) is not None:
        day = date.fromisoformat(period.end) + timedelta(days=1)
    return day


def effective_date(
    day: date,
    cause_day: date,
    periods: Iterable[AccountingPeriod],
    frozen_upto: date | None,
    document_type: str = "",
) -> date:
    """When a correction of something dated `day` takes effect: then, or where that is closed, on the first open day not before its cause's.

    `cause_day` is the posting date of the document that makes the correction necessary.
    """
    if first_open_day(day, document_type, periods, frozen_upto) == day:
        return day
    return first_open_day(max(day, cause_day), document_type, periods, frozen_upto)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """What is still on its way into a period, each by the names that a reader knows it by."""

    unposted: tuple[str, ...] = ()
    parked: tuple[str, ...] = ()
    reposts: tuple[str, ...] = ()
    open_sales: tuple[str, ...] = ()
    quarantined_sales: tuple[str, ...] = ()
    unreconciled: tuple[str, ...] = ()


def may_close(unfinished: Unfinished) -> list[str]:
    """Why a period can't be closed yet, one sentence each; empty where it can."""
    said = (
        (unfinished.unposted, "not posted yet"),
        (unfinished.parked, "parked"),
        (unfinished.reposts, "waiting to be reposted"),
        (unfinished.open_sales, "sold at a till that is not closed"),
        (unfinished.quarantined_sales, "in quarantine"),
        (unfinished.unreconciled, "stock accounts that differ from stock"),
    )
    return [f"{len(names)} {what}: {_listed(names)}" for names, what in said if names]


def closes_more(before: AccountingPeriod | None, after: AccountingPeriod) -> bool:
    """Whether a version of a period closes or freezes anything that the one before it left open."""
    if after.status == "open" and all(status == "open" for status in (after.document_types or {}).values()):
        return False
    if before is None:
        return True
    same_days = (before.start, before.end) == (after.start, after.end)
    same_status = (before.status, before.document_types or {}) == (after.status, after.document_types or {})
    return not (same_days and same_status)


def opens_again(before: AccountingPeriod | None, after: AccountingPeriod) -> bool:
    """Whether a version of a period opens anything that the one before it had closed or frozen: for a type, or on a day."""
    if before is None:
        return False
    types = {"", *(before.document_types or {}), *(after.document_types or {})}
    shut = {name for name in types if _status(before, name) != "open"}
    same_days_shut = after.start <= before.start and after.end >= before.end
    return bool(shut) and not (same_days_shut and all(_status(after, name) != "open" for name in shut))


def require_may_reopen(what: str, actor: str | None, reason: str | None, companies: Iterable[Company]) -> None:
    """Reopening is for those whom every company concerned names in `may_reopen_periods`, and says why.

    Errors: DocumentRejected NotPermitted, ReasonMissing.
    """
    for company in companies:
        if actor is None or actor not in company.may_reopen_periods:
            raise DocumentRejected(
                "NotPermitted",
                f"actor: {actor or 'nobody'} may not reopen {what} in {company.name}. Have it done by one of those whom the company "
                f"names in may_reopen_periods ({', '.join(company.may_reopen_periods) or 'nobody so far'}).",
                "actor",
                {"company": company.name, "actor": actor or "", "role": "may_reopen_periods"},
            )
    if not reason:
        raise DocumentRejected(
            "ReasonMissing",
            f"reason: say why {what} is opened again; it is kept with who did it and when.",
            "reason",
        )


def _status(period: AccountingPeriod, document_type: str) -> str:
    """What a period is for a document type; for the empty one, its own status."""
    return (period.document_types or {}).get(document_type, period.status)


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _shut_by(day: date, document_type: str, periods: Iterable[AccountingPeriod]) -> AccountingPeriod | None:
    text = day.isoformat()
    for period in periods:
        if period.start <= text <= period.end and _status(period, document_type) != "open":
            return period
    return None
