"""A night on which everything happened, as its mail says it; and one on which nothing did; and the time that mails wait."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import psycopg

from tests.support.servers import Database as FreshDatabase
from worker.mail.content import (
    AccountLine,
    AgeLine,
    BlockedLine,
    CauseLine,
    ClosingLine,
    DrawerLine,
    EntryLine,
    MonthLine,
    NightMail,
    OpenLine,
    ProposalLine,
    QuarantineLine,
    RunLine,
    SalesLine,
    TrendNight,
)

DAY = date(2026, 3, 14)
ENDED = datetime(2026, 3, 15, 0, 12, 40, tzinfo=UTC)
DEADLINE = datetime(2026, 3, 15, 5, 0, tzinfo=UTC)


def quiet(company: str = "Corner Shop") -> NightMail:
    """All is well."""
    return NightMail(
        company=company, business_date=DAY, currency="EUR", precision=2, time_zone="Europe/Berlin", verdict="in_sync",
        ended_at=ENDED, deadline_at=DEADLINE,
        accounts=[AccountLine(account="Stock In Hand", warehouses=["Stores"], stock_value=1_234_500, balance=1_234_500)],
        trend=[TrendNight(night=DAY, difference=0, verdict="in_sync")], batch_no=12, head="ab" * 32,
    )  # fmt: skip


def eventful(company: str = "Corner Shop") -> NightMail:
    """Two accounts apart, and everything else that can be told."""
    stores = AccountLine(
        account="Stock In Hand", warehouses=["Stores", "Shop", "Cold Room"], stock_value=48_213_750, balance=48_338_750,
        out_of_sync=True, since=datetime(2026, 3, 12, 14, 3, 9, tzinfo=UTC),
        causes=[
            CauseLine(
                kind="journal_by_hand", amount=-150_000, voucher="JE-2026-0117", voucher_type="journal_entry", nights=3,
                posting_date=date(2026, 3, 12), first_night=date(2026, 3, 12),
                message="The journal entry names the stock account itself: write-down of damaged goods.",
            ),
            CauseLine(
                kind="leg_missing", amount=25_000, voucher="DN-2026-0934", voucher_type="delivery_note", nights=1,
                posting_date=date(2026, 3, 14), first_night=DAY,
                message="It has rows in the general ledger and none in the stock ledger.",
            ),
        ],
    )  # fmt: skip
    wip = AccountLine(
        account="Work In Progress", warehouses=["Work In Progress"], stock_value=1_250_000, balance=1_249_999, out_of_sync=True,
        since=datetime(2026, 3, 14, 9, 41, 0, tzinfo=UTC),
        causes=[
            CauseLine(
                kind="rounding", amount=1, voucher="SE-2026-0203", voucher_type="stock_entry", posting_date=DAY,
                message="One minor unit between its rows.",
            )
        ],
    )  # fmt: skip
    agreeing = AccountLine(
        account="Finished Goods", warehouses=["Finished Goods"], stock_value=9_876_543, balance=9_876_543
    )
    trend = [
        TrendNight(
            night=DAY - timedelta(days=back),
            difference={0: 125_001, 1: 150_000, 2: 150_000, 11: 32_000}.get(back, 0),
            verdict="out_of_sync" if back in (0, 1, 2, 11) else "in_sync",
        )
        for back in range(26, -1, -1)
        if back != 19
    ]
    return NightMail(
        company=company, business_date=DAY, currency="EUR", precision=2, time_zone="Europe/Berlin", verdict="out_of_sync",
        ended_at=ENDED, deadline_at=DEADLINE, accounts=[stores, wip, agreeing],
        proposals=[
            ProposalLine(
                number=7, kind="reversal", account="Stock In Hand", status="proposed", reverses="JE-2026-0117",
                entry=[
                    EntryLine(account="Stock In Hand", credit=150_000), EntryLine(account="Cost of Goods Sold", debit=150_000),
                ],
                command=f"perpetua reconcile accept 7 --company '{company}'",
            ),
            ProposalLine(
                number=8, kind="adjustment", account="Stock In Hand", status="awaiting_second",
                entry=[EntryLine(account="Stock In Hand", debit=25_000), EntryLine(account="Stock Adjustment", credit=25_000)],
                command=f"perpetua reconcile accept 8 --company '{company}'",
            ),
        ],
        blocked=[
            BlockedLine(
                type="delivery_note", number="DN-2026-0940", since=datetime(2026, 3, 14, 15, 20, tzinfo=UTC), code="ValueOutOfSync",
                message="Stock In Hand is out of sync by 1,250.00 EUR: accept proposal 7, or find the cause.",
            ),
            BlockedLine(
                type="purchase_receipt", number="PR-2026-0551", since=datetime(2026, 3, 14, 16, 2, tzinfo=UTC), code="UnknownMaster",
                message="The item Saffron 1 g is not known. Publish its master; the document posts by itself then.",
            ),
        ],
        blocked_count=2,
        runs=[RunLine(run=31, status="published", documents="PR-2026-0498", rows=1_284, differences=96)],
        months=[
            MonthLine(month=date(2026, 2, 1), account="Cost of Goods Sold", amount=84_120),
            MonthLine(month=date(2026, 2, 1), account="Stock In Hand", amount=-84_120),
            MonthLine(month=date(2026, 3, 1), account="Cost of Goods Sold", amount=31_077),
            MonthLine(month=date(2026, 3, 1), account="Stock In Hand", amount=-31_077),
        ],
        closings=[
            ClosingLine(number="Till 1 2026-03-14", profile="Till 1", status="posted", sales=412, quarantined=1, total=1_873_455),
            ClosingLine(
                number="Till 2 2026-03-14", profile="Till 2", status="posted", sales=287, total=904_310,
                drawer=[DrawerLine(mode="Cash", difference=-1_250), DrawerLine(mode="Card", difference=200)],
            ),
        ],
        quarantined=[
            QuarantineLine(number="S-88213", profile="Till 1", message="Short of Oat Milk in Shop by 2 at its place in the day."),
        ],
        sales=SalesLine(received=703, states={"consolidated": 699, "quarantined": 1, "open": 3}),
        not_billed=[
            AgeLine(age=age, amount=amount)
            for age, amount in (("0-30", 1_204_000), ("31-60", 88_150), ("61-90", 0), ("over 90", 45_000))
        ],
        oldest_not_billed=[
            OpenLine(type="purchase_receipt", number="PR-2025-4711", posting_date=date(2025, 11, 3), age_days=131, amount=45_000),
            OpenLine(type="purchase_receipt", number="PR-2026-0021", posting_date=date(2026, 1, 19), age_days=54, amount=88_150),
        ],
        trend=trend, batch_no=18_204, head="9f2c41d07a" * 6 + "b3e1",
    )  # fmt: skip


def let_time_pass(database: FreshDatabase, **ago: timedelta) -> None:
    """Move times of the mails that wait into the past, as their pauses would."""
    with psycopg.connect(database.owner_url) as connection:
        for column, span in ago.items():
            connection.execute(f"UPDATE mail SET {column} = {column} - %s WHERE status = 'waiting'", [span])
