"""Accounting periods: one calendar for stock and accounts together, so the two can never disagree."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from domain.errors import DocumentRejected
from domain.masters import AccountingPeriod


def require_open(day: date, document_type: str, periods: Iterable[AccountingPeriod], frozen_upto: date | None) -> None:
    """Refuse a document dated into a closed or frozen period, naming the first date that is open.

    Errors: DocumentRejected PeriodClosed or StockFrozen, with `first_open_day`.
    """
    if frozen_upto is not None and day <= frozen_upto:
        opens = frozen_upto + timedelta(days=1)
        raise DocumentRejected(
            "StockFrozen",
            f"Stock is frozen up to {frozen_upto}: {day} can't be posted into. The first open day is {opens}.",
            "posting_datetime",
            {"first_open_day": opens.isoformat()},
        )
    shut = _closing(day, document_type, periods)
    if shut is None:
        return
    opens = day
    while (period := _closing(opens, document_type, periods)) is not None:
        opens = date.fromisoformat(period.end) + timedelta(days=1)
    raise DocumentRejected(
        "PeriodClosed",
        f"{day} lies in the period {shut.name}, which is closed for {document_type}. The first open day is {opens}.",
        "posting_datetime",
        {"period": shut.name, "first_open_day": opens.isoformat()},
    )


def _closing(day: date, document_type: str, periods: Iterable[AccountingPeriod]) -> AccountingPeriod | None:
    text = day.isoformat()
    for period in periods:
        if period.start <= text <= period.end:
            status = (period.document_types or {}).get(document_type, period.status)
            if status != "open":
                return period
    return None
