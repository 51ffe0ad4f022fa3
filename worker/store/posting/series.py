"""Voucher numbers: one series per company, document type and fiscal year, without gaps."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from worker.store.database import Rows

# The view books.voucher says the same in SQL; a test holds the two together.
PREFIXES = {
    "purchase_receipt": "PREC",
    "purchase_invoice": "PINV",
    "delivery_note": "DN",
    "sales_invoice": "SINV",
    "stock_entry": "STE",
    "stock_reconciliation": "RECO",
    "landed_cost_voucher": "LCV",
    "journal_entry": "JV",
    "payment_entry": "PAY",
    "period_closing": "PCV",
    "pos_opening": "POSO",
    "pos_invoice": "POSI",
    "pos_closing": "POSC",
    "purchase_order": "PO",
    "sales_order": "SO",
    "cancel": "CAN",
}


def voucher_no(type_: str, year: int, number: int) -> str:
    """The number as people read it, for instance PREC-2024-00001."""
    return f"{PREFIXES[type_]}-{year}-{number:05d}"


@lru_cache(maxsize=4096)  # many documents share few days
def fiscal_year(day: date, start: str) -> int:
    """The fiscal year of a date, named by the calendar year in which it starts; `start` is month and day, `04-01`."""
    return day.year if (day.month, day.day) >= (int(start[:2]), int(start[3:])) else day.year - 1


class Series:
    """The last number of each series of one company."""

    def __init__(self, company_id: int, last: dict[tuple[str, int], int]) -> None:
        self._company_id = company_id
        self._last = last
        self._moved: set[tuple[str, int]] = set()

    @classmethod
    def load(cls, connection: Rows, company_id: int) -> Series:
        """Read where every series stands; the caller holds the lane."""
        found = connection.execute("SELECT type, year, last_no FROM series WHERE company_id = %s", [company_id])
        return cls(company_id, {(type_, year): last for type_, year, last in found})

    def next(self, type_: str, year: int) -> int:
        """The next number of a series."""
        key = (type_, year)
        self._moved.add(key)
        self._last[key] = number = self._last.get(key, 0) + 1
        return number

    def save(self, connection: Rows) -> None:
        """Write the series that moved."""
        if not self._moved:
            return
        moved = sorted(self._moved)
        connection.execute(
            "INSERT INTO series (company_id, type, year, last_no) SELECT %s, * FROM unnest(%s::text[], %s::int[], %s::int[]) "
            "ON CONFLICT (company_id, type, year) DO UPDATE SET last_no = excluded.last_no",
            [
                self._company_id,
                [type_ for type_, _ in moved],
                [year for _, year in moved],
                [self._last[key] for key in moved],
            ],
        )
        self._moved.clear()
