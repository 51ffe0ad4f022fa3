"""What is told beside a difference although it explains none of it: reposts that wait, sales open at tills, goods not billed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from domain.master_view import MasterView
from domain.reconciliation import CauseKind
from worker.store.database import Rows
from worker.store.reconciliations import CauseToKeep
from worker.store.sync_information import open_sales, waiting_reposts
from worker.store.vouchers import voucher_names


def inform(
    connection: Rows, company: int, view: MasterView, names: Mapping[int, str]
) -> tuple[list[CauseToKeep], dict[str, Any]]:
    """Causes that only inform, and figures for the verdict; amounts are decimal text in the company's currency."""
    zone_ = view.zone
    reposts = waiting_reposts(connection, company)
    sales = open_sales(connection, company)
    named = voucher_names(connection, company, {one.voucher for one in reposts})
    told = [
        _told(
            one.account, CauseKind.PENDING_REPOST, one.voucher, one.residue, one.since, zone_,
            f"{_begin(named.get(one.voucher, f'document {one.voucher}'))} was posted into the past; a repost of "
            f"{one.chains} {'chain' if one.chains == 1 else 'chains'} waits, which moves both ledgers alike.",
        )
        for one in reposts
    ]  # fmt: skip
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
        "pending_reposts": len(reposts),
        "open_sales": max((one.sales for one in sales), default=0),
        "quarantined_sales": max((one.quarantined for one in sales), default=0),
        "open_sales_cost": view.currency.show(sum(one.cost for one in sales)),
    }
    return told, figures


def _told(
    account: int, kind: CauseKind, voucher: int, figure: int, since: datetime, zone_: tzinfo, message: str
) -> CauseToKeep:
    return CauseToKeep(
        account=account, kind=kind, voucher=voucher, posting_date=None, amount=0, figure=figure, proposal=0, message=message,
        recorded_at=since, first_night=since.astimezone(zone_).date(),
    )  # fmt: skip


def _begin(text: str) -> str:
    return text[:1].upper() + text[1:]
