"""What is told beside a difference although it explains none of it: reposts that wait, sales open at tills, goods not billed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any, Final

from domain.master_view import MasterView
from domain.reconciliation import CauseKind
from worker.reports.ageing import AGES, age
from worker.store.books.vouchers import voucher_names
from worker.store.database import Rows
from worker.store.reconciliation.information import Waiting, open_sales, waiting_reposts
from worker.store.reconciliation.open_receipts import oldest_open, open_by_day
from worker.store.reconciliation.verdicts import CauseToKeep

OLDEST: Final = 100  # vouchers that are named of what is received and not billed; the report has all


def inform(
    connection: Rows, company: int, view: MasterView, names: Mapping[int, str]
) -> tuple[list[CauseToKeep], dict[str, Any]]:
    """Causes that only inform, and figures for the verdict; amounts are decimal text in the company's currency."""
    zone_ = view.zone
    reposts = waiting_reposts(connection, company)
    sales = open_sales(connection, company)
    named = voucher_names(connection, company, {voucher for one in reposts for voucher in one.first})
    told = [
        _told(one.account, CauseKind.PENDING_REPOST, one.first[0], one.residue, one.since, zone_, _waits(one, named))
        for one in reposts
    ]
    numbers = {name: number for number, name in names.items()}
    for one in sales:
        account = numbers.get(view.present_account(one.warehouse, ""), 0)
        told.append(
            _told(
                account, CauseKind.OPEN_TILL, 0, one.cost, one.since, zone_,
                f"{one.sales} sales at tills wait for their closing ({one.quarantined} quarantined); their goods lie in "
                f"{one.warehouse} in both ledgers until then.",
            )
        )  # fmt: skip
    figures = {
        "pending_reposts": sum(one.documents for one in reposts),
        "open_sales": max((one.sales for one in sales), default=0),
        "quarantined_sales": max((one.quarantined for one in sales), default=0),
        "open_sales_cost": view.currency.show(sum(one.cost for one in sales)),
    }
    return told, figures


def received_not_billed(connection: Rows, company: int, view: MasterView, night: date) -> dict[str, Any]:
    """What is received and not billed, by age on a night in the field's four classes, and the oldest of it; amounts are decimal text."""
    ages = dict.fromkeys(AGES, 0)
    for day, outstanding in open_by_day(connection, company):
        _, name = age(night, day)
        ages[name] += outstanding
    show = view.currency.show
    oldest = [
        {
            "type": one.type, "number": one.number, "posting_date": one.posting_date.isoformat(),
            "age_days": age(night, one.posting_date)[0], "outstanding": show(one.outstanding),
        }
        for one in oldest_open(connection, company, OLDEST)
    ]  # fmt: skip
    return {"as_of": night.isoformat(), **{name: show(amount) for name, amount in ages.items()}, "oldest": oldest}


def _told(
    account: int, kind: CauseKind, voucher: int, figure: int, since: datetime, zone_: tzinfo, message: str
) -> CauseToKeep:
    return CauseToKeep(
        account=account, kind=kind, voucher=voucher, posting_date=None, amount=0, figure=figure, proposal=0, message=message,
        recorded_at=since, first_night=since.astimezone(zone_).date(),
    )  # fmt: skip


def _waits(one: Waiting, named: Mapping[int, str]) -> str:
    documents = ", ".join(named.get(voucher, f"document {voucher}") for voucher in one.first)
    more = f" and {one.documents - len(one.first)} more" if one.documents > len(one.first) else ""
    were = "was" if one.documents == 1 else "were"
    return (
        f"{documents[:1].upper()}{documents[1:]}{more} {were} posted into the past: reposts of {one.chains} "
        f"{'chain' if one.chains == 1 else 'chains'} wait, which move both ledgers alike."
    )
