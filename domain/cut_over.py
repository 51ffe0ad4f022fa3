"""The cut-over from periodic to perpetual inventory: from which instant stock has entries, and what the opening entry stands for.

Stock that moved before the cut-over has no entries of its own: one opening entry stands for all of it, dated the cut-over's day. It
stands too for what was dated later but posted before the migration. So whatever is posted, cancelled or valued anew about such a
voucher later on changes the opening entry, by a difference that names its cause.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.masters import Master
from domain.posting_time import instant
from domain.shape import Name


class CutOver(Master, tag="cut_over", kw_only=True):
    """A company's migration; the system writes it, never a publisher. `name` is the company's.

    `day`: the last day of periodic inventory; `until`: the first instant of perpetual inventory (microseconds since 1970);
    `opening`: the sequence of the opening entry's voucher; `accounts`: the stock accounts that it covers. The other side is the expense
    account of each item where that is one of `expense_accounts`, else `expense_account`; for what moved before `year_from`
    (microseconds) it is `equity_account` where one was chosen. `ended`: the migration was rolled back.
    """

    day: date
    until: int
    opening: int
    expense_account: Name
    expense_accounts: list[Name] = []
    accounts: list[Name] = []
    year_from: int = 0
    equity_account: Name | None = None
    ended: bool = False

    def stands_for(self, voucher: int, at: int) -> bool:
        """Whether the opening entry stands for a voucher (its sequence and posting time)."""
        return voucher != self.opening and (voucher < self.opening or at < self.until)


def first_instant(day: date, zone: ZoneInfo) -> int:
    """The instant at which a day begins in a company's time zone (microseconds since 1970)."""
    return instant(datetime.combine(day, time(), zone))


def first_day_of_year(day: date, year_start: str) -> date:
    """The first day of the fiscal year that a day lies in; `year_start` is the month and day, for instance `04-01`."""
    month, first = (int(part) for part in year_start.split("-"))
    begun = (day.month, day.day) >= (month, first)
    # A year that begins on 29 February begins on 1 March where there is none.
    return date(day.year if begun else day.year - 1, month, 1) + timedelta(days=first - 1)
