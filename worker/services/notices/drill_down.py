"""The workbook beside a nightly mail: every row behind its figures, a sheet for each kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.money import Currency
from worker.mail.content import DrawerLine, NightMail
from worker.reports.read_model import Column, Kind, amount
from worker.reports.workbook import Sheet

_A = Kind.AMOUNT
_EVEN: Final = DrawerLine(mode="", difference=0)
_COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "Accounts": (
        Column("account"), Column("warehouses"), Column("stock_value", _A), Column("account_balance", _A), Column("difference", _A),
        Column("out_of_sync"), Column("since", Kind.TIME),
    ),
    "Causes": (
        Column("account"), Column("cause"), Column("voucher_type"), Column("voucher"), Column("posting_date", Kind.DATE),
        Column("amount", _A), Column("figure", _A), Column("nights", Kind.COUNT), Column("first_night", Kind.DATE), Column("message"),
    ),
    "Proposals": (
        Column("proposal", Kind.COUNT), Column("for_account"), Column("kind"), Column("status"), Column("reverses"), Column("account"),
        Column("debit", _A), Column("credit", _A), Column("command"),
    ),
    "Faults": (Column("name"), Column("message")),
    "Waiting documents": (
        Column("type"), Column("number"), Column("since", Kind.TIME), Column("code"), Column("message"),
    ),
    "Reposts": (
        Column("run", Kind.COUNT), Column("status"), Column("documents"), Column("movements", Kind.COUNT),
        Column("differences", Kind.COUNT), Column("message"),
    ),
    "Changed by month": (Column("month", Kind.DATE), Column("account"), Column("changed_by", _A)),
    "Closings": (
        Column("closing"), Column("profile"), Column("status"), Column("sales", Kind.COUNT), Column("quarantined", Kind.COUNT),
        Column("total", _A), Column("mode"), Column("over_or_short", _A), Column("message"),
    ),
    "Set aside": (Column("sale"), Column("profile"), Column("message")),
    "Received not billed": (
        Column("type"), Column("number"), Column("posting_date", Kind.DATE), Column("age_days", Kind.COUNT), Column("outstanding", _A),
    ),
    "Thirty nights": (Column("night", Kind.DATE), Column("difference", _A), Column("verdict")),
}  # fmt: skip


def sheets_of(mail: NightMail) -> Iterator[Sheet]:
    """The sheets that have rows; the accounts' always."""
    for title, rows in _rows(mail).items():
        listed = list(rows)
        if listed or title == "Accounts":
            yield Sheet(title, _COLUMNS[title], listed)


def _rows(mail: NightMail) -> dict[str, Iterable[Sequence[Any]]]:
    currency = Currency(mail.currency, mail.precision)

    def of(minor: int) -> Any:
        return amount(minor, currency)

    def local(moment: datetime | None) -> datetime | None:
        return moment and moment.astimezone(ZoneInfo(mail.time_zone)).replace(tzinfo=None)

    return {
        "Accounts": [
            (
                one.account, ", ".join(one.warehouses), of(one.stock_value), of(one.balance), of(one.difference),
                "yes" if one.out_of_sync else "no", local(one.since),
            )
            for one in mail.accounts
        ],
        "Causes": [
            (
                account, cause.kind, cause.voucher_type, cause.voucher, cause.posting_date, of(cause.amount), of(cause.figure),
                cause.nights, cause.first_night, cause.message,
            )
            for account, causes in [*((one.account, one.causes) for one in mail.accounts), ("", mail.general_causes)]
            for cause in causes
        ],
        "Proposals": [
            (
                one.number, one.account, one.kind, one.status, one.reverses, side.account, of(side.debit), of(side.credit), one.command,
            )
            for one in mail.proposals
            for side in one.entry
        ],
        "Faults": [
            *((one.name, one.message) for one in [*mail.failures, *mail.findings]),
            *(("certificate", closing) for closing in mail.sales.broken),
        ],
        "Waiting documents": [(one.type, one.number, local(one.since), one.code, one.message) for one in mail.blocked],
        "Reposts": [(one.run, one.status, one.documents, one.rows, one.differences, one.message) for one in mail.runs],
        "Changed by month": [(one.month, one.account, of(one.amount)) for one in mail.months],
        "Closings": [
            (
                one.number, one.profile, one.status, one.sales, one.quarantined, of(one.total), drawer.mode,
                of(drawer.difference), one.message,
            )
            for one in mail.closings
            for drawer in (one.drawer or [_EVEN])
        ],
        "Set aside": [(one.number, one.profile, one.message) for one in mail.quarantined],
        "Received not billed": [
            (one.type, one.number, one.posting_date, one.age_days, of(one.amount)) for one in mail.oldest_not_billed
        ],
        "Thirty nights": [(one.night, of(one.difference), one.verdict) for one in mail.trend],
    }  # fmt: skip
