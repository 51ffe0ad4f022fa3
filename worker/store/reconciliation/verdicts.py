"""Verdicts: recorded for good, and read back: the latest of a company, that of a night, and the difference night by night."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec

from domain.money import Currency
from domain.reconciliation import AccountVerdict, Cause, CauseKind, Finding, Reconciliation
from worker.store.database import Rows

_json = msgspec.json.Encoder().encode

_LOOK = (
    "SELECT r.reconciliation_id, r.night, r.as_of, r.verdict, r.is_full, r.batch_no, r.rows_read, r.figures, r.started_at, "
    "r.recorded_at, c.name, c.currency, c.precision FROM reconciliation r JOIN books.company c USING (company_id) "
)


class AccountRow(NamedTuple):
    """An account as a look records it: numbers for names, minor units."""

    account: int
    warehouses: list[str]
    stock_value: int
    balance: int
    out_of_sync: bool
    parted_at: datetime | None
    parted_batch: int
    first_night: date | None


class CauseToKeep(NamedTuple):
    """A cause as a look records it: numbers for names, minor units."""

    account: int
    kind: str
    voucher: int
    posting_date: date | None
    amount: int
    figure: int
    proposal: int
    message: str
    recorded_at: datetime | None
    first_night: date


class FindingToKeep(NamedTuple):
    """A law that does not hold, as a look records it, and of what: a chain, a voucher, or neither (0). The next look asks of it again."""

    code: str
    message: str
    chain: int = 0
    voucher: int = 0


@dataclass(slots=True, kw_only=True)
class Look:
    """Everything that one look at a company's books came to."""

    night: date
    as_of: date | None
    verdict: str
    is_full: bool
    batch_no: int
    rows_read: int
    figures: dict[str, Any]
    started_at: datetime
    accounts: list[AccountRow]
    causes: list[CauseToKeep]
    findings: list[FindingToKeep]


class NightTotal(NamedTuple):
    """What all accounts together differed by on a night (minor units, without signs), by the last look of that night."""

    night: date
    difference: int
    verdict: str


def record(connection: Rows, company: int, look: Look) -> int:
    """Write a look for good and give its number; the caller holds the company's lane.

    What the look before has found as well keeps the first night that it was seen on.
    """
    row = connection.execute(
        "INSERT INTO reconciliation (company_id, reconciliation_id, night, as_of, verdict, is_full, batch_no, rows_read, figures, "
        "started_at, recorded_at) "
        "SELECT %(company)s, coalesce(max(reconciliation_id), 0) + 1, %(night)s, %(as_of)s, %(verdict)s, %(is_full)s, "
        "%(batch_no)s, %(rows_read)s, %(figures)s, %(started_at)s, clock_timestamp() FROM reconciliation WHERE company_id = %(company)s "
        "RETURNING reconciliation_id",
        {
            "company": company, "night": look.night, "as_of": look.as_of, "verdict": look.verdict, "is_full": look.is_full,
            "batch_no": look.batch_no, "rows_read": look.rows_read, "figures": _json(look.figures).decode(),
            "started_at": look.started_at,
        },
    ).fetchone()  # fmt: skip
    assert row is not None  # noqa: S101 - an aggregate always gives a row
    number: int = row[0]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO reconciliation_account (company_id, reconciliation_id, account_id, warehouses, stock_value, balance, out_of_sync, "
            "parted_at, parted_batch, first_night) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [(company, number, *account) for account in look.accounts],
        )
        cursor.executemany(
            "INSERT INTO reconciliation_cause (company_id, reconciliation_id, cause_no, account_id, kind, voucher_id, posting_date, "
            "amount, figure, proposal_id, message, recorded_at, first_night) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [(company, number, place, *cause) for place, cause in enumerate(look.causes, start=1)],
        )
        cursor.executemany(
            "INSERT INTO reconciliation_finding "
            "(company_id, reconciliation_id, finding_no, code, message, chain_id, voucher_id, first_night) "
            "SELECT %(company)s, %(number)s, %(place)s, %(code)s, %(message)s, %(chain)s, %(voucher)s, coalesce("
            "  (SELECT min(first_night) FROM reconciliation_finding f WHERE f.company_id = %(company)s "
            "   AND f.reconciliation_id = %(number)s - 1 AND f.code = %(code)s "
            "   AND f.chain_id = %(chain)s AND f.voucher_id = %(voucher)s), %(night)s)",
            [
                {"company": company, "number": number, "place": place, "night": look.night, **finding._asdict()}
                for place, finding in enumerate(look.findings, start=1)
            ],
        )  # fmt: skip
    return number


def last_findings(connection: Rows, company: int) -> list[FindingToKeep]:
    """What did not hold when somebody last looked, as of whatever date."""
    found = connection.execute(
        "SELECT code, message, chain_id, voucher_id FROM reconciliation_finding WHERE company_id = %(company)s AND reconciliation_id = ("
        "  SELECT max(reconciliation_id) FROM reconciliation WHERE company_id = %(company)s) ORDER BY finding_no",
        {"company": company},
    )
    return [FindingToKeep(*row) for row in found]


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


def trend(connection: Rows, company: int, upto: date | None = None, nights: int = 30) -> list[NightTotal]:
    """The difference of the last so many nights up to one, or to the last, oldest first; nights without a look are left out."""
    found = connection.execute(
        "WITH upto AS (SELECT coalesce(%(upto)s::date, (SELECT max(night) FROM reconciliation WHERE company_id = %(company)s)) AS night), "
        "looks AS ("
        "  SELECT DISTINCT ON (r.night) r.night, r.reconciliation_id, r.verdict FROM reconciliation r, upto "
        "  WHERE r.company_id = %(company)s AND r.as_of IS NULL AND r.night <= upto.night AND r.night > upto.night - %(nights)s::int "
        "  ORDER BY r.night, r.reconciliation_id DESC"
        ") SELECT night, coalesce(sum(abs(a.stock_value - a.balance)), 0)::bigint, verdict FROM looks "
        "LEFT JOIN reconciliation_account a ON a.company_id = %(company)s AND a.reconciliation_id = looks.reconciliation_id "
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
        "SELECT coalesce(t.name, ''), c.kind, c.amount, c.message, coalesce(v.type, ''), coalesce(v.number, ''), "
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
