"""Verdicts as they were recorded: the latest of a company, that of a night, and the difference night by night."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from domain.money import Currency
from domain.reconciliation import AccountVerdict, Cause, CauseKind, Finding, Reconciliation
from worker.store.database import Rows

_LOOK = (
    "SELECT r.reconciliation_id, r.night, r.as_of, r.verdict, r.is_full, r.batch_no, r.rows_read, r.figures, r.started_at, "
    "r.recorded_at, c.name, c.currency, c.precision FROM reconciliation r JOIN books.company c USING (company_id) "
)


class NightTotal(NamedTuple):
    """What all accounts together differed by on a night (minor units, without signs), by the last look of that night."""

    night: date
    difference: int
    verdict: str


def latest(connection: Rows, company: int) -> Reconciliation | None:
    """The last look at a company's present books (one that was asked as of a date is none); None before the first."""
    return _one(
        connection, company, "WHERE r.company_id = %s AND r.as_of IS NULL ORDER BY reconciliation_id DESC LIMIT 1"
    )


def by_number(connection: Rows, company: int, number: int) -> Reconciliation | None:
    """One look by its number."""
    return _one(connection, company, "WHERE r.company_id = %s AND r.reconciliation_id = %s", number)


def of_night(connection: Rows, company: int, night: date) -> Reconciliation | None:
    """The last look of a night."""
    return _one(
        connection,
        company,
        "WHERE r.company_id = %s AND r.night = %s AND r.as_of IS NULL ORDER BY reconciliation_id DESC LIMIT 1",
        night,
    )


def trend(connection: Rows, company: int, upto: date, nights: int = 30) -> list[NightTotal]:
    """The difference of the last so many nights up to one, oldest first; nights without a look are left out."""
    found = connection.execute(
        "SELECT night, coalesce(sum(abs(a.stock_value - a.balance)), 0)::bigint, verdict FROM ("
        "  SELECT DISTINCT ON (night) company_id, night, reconciliation_id, verdict FROM reconciliation "
        "  WHERE company_id = %(company)s AND as_of IS NULL AND night <= %(upto)s AND night > %(upto)s::date - %(nights)s "
        "  ORDER BY night, reconciliation_id DESC"
        ") r LEFT JOIN reconciliation_account a USING (company_id, reconciliation_id) "
        "GROUP BY night, verdict ORDER BY night",
        {"company": company, "upto": upto, "nights": nights},
    )
    return [NightTotal(*row) for row in found]


def _one(connection: Rows, company: int, where: str, *more: Any) -> Reconciliation | None:
    row = connection.execute(_LOOK + where, [company, *more]).fetchone()
    if row is None:
        return None
    (
        number,
        night,
        as_of,
        verdict,
        is_full,
        batch_no,
        rows_read,
        figures,
        started_at,
        recorded_at,
        name,
        code,
        precision,
    ) = row
    return Reconciliation(
        company=name,
        number=number,
        night=night,
        as_of=as_of,
        verdict=verdict,
        is_full=is_full,
        batch_no=batch_no,
        rows_read=rows_read,
        currency=Currency(code, precision),
        started_at=started_at,
        recorded_at=recorded_at,
        accounts=tuple(_accounts(connection, company, number)),
        causes=tuple(_causes(connection, company, number)),
        findings=tuple(_findings(connection, company, number)),
        figures=figures,
    )


def _accounts(connection: Rows, company: int, number: int) -> list[AccountVerdict]:
    found = connection.execute(
        "SELECT t.name, a.warehouses, a.stock_value, a.balance, a.out_of_sync, a.parted_at, a.parted_batch, a.first_night "
        "FROM reconciliation_account a JOIN term t ON t.company_id = a.company_id AND t.term_id = a.account_id "
        "WHERE a.company_id = %s AND a.reconciliation_id = %s ORDER BY t.name",
        [company, number],
    )
    return [
        AccountVerdict(
            account=account, warehouses=tuple(warehouses), stock_value=stock_value, balance=balance,
            out_of_sync=out_of_sync, parted_at=parted_at, parted_batch=batch, first_night=first_night,
        )
        for account, warehouses, stock_value, balance, out_of_sync, parted_at, batch, first_night in found
    ]  # fmt: skip


def _causes(connection: Rows, company: int, number: int) -> list[Cause]:
    found = connection.execute(
        "SELECT coalesce(t.name, ''), kind, amount, message, coalesce(v.type, ''), coalesce(v.number, ''), "
        "  coalesce(books.voucher_no(v.type, v.series_year, v.series_no), ''), c.posting_date, figure, recorded_at, first_night, "
        "  proposal_id "
        "FROM reconciliation_cause c LEFT JOIN term t ON t.company_id = c.company_id AND t.term_id = c.account_id "
        "LEFT JOIN voucher v ON v.company_id = c.company_id AND v.voucher_id = c.voucher_id "
        "WHERE c.company_id = %s AND c.reconciliation_id = %s ORDER BY cause_no",
        [company, number],
    )
    return [
        Cause(
            account=account, kind=CauseKind(kind), amount=amount, message=message, voucher_type=type_, voucher=voucher,
            voucher_no=voucher_no, posting_date=posting_date, figure=figure, recorded_at=recorded_at,
            first_night=first_night, proposal=proposal,
        )
        for account, kind, amount, message, type_, voucher, voucher_no, posting_date, figure, recorded_at, first_night, proposal in found
    ]  # fmt: skip


def _findings(connection: Rows, company: int, number: int) -> list[Finding]:
    found = connection.execute(
        "SELECT code, message, first_night FROM reconciliation_finding WHERE company_id = %s AND reconciliation_id = %s "
        "ORDER BY finding_no",
        [company, number],
    )
    return [Finding(code=code, message=message, first_night=first_night) for code, message, first_night in found]
