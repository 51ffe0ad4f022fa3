"""What a document would change, printed for a reader: the same for a file that is previewed and for a document sent with the flag."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def print_foreseen(name: str, seen: dict[str, Any]) -> None:
    """Print a preview as the contract words it: accounts by month, vouchers, and how much there is to value again."""
    from worker.cli.output import table_lines
    from worker.reports import Column, Kind

    print(f"{name} would be {seen['would_be']}")
    if seen["accounts"]:
        print("\nboth ledgers, by account and month")
        columns = (Column("account"), Column("month"), Column("change", Kind.AMOUNT))
        changed = [(row["account"], row["month"], Decimal(row["change"])) for row in seen["accounts"]]
        for line in table_lines(columns, changed):
            print(line)
    if seen["vouchers"]:
        print("\nstock value of what was posted before")
        columns = (Column("type"), Column("voucher"), Column("change", Kind.AMOUNT))
        for line in table_lines(
            columns, [(row["type"], row["number"], Decimal(row["change"])) for row in seen["vouchers"]]
        ):
            print(line)
    if seen["rows"]:
        about = "" if seen["complete"] else ", of which the first are shown"
        print(f"\n{seen['rows']} movements to value again{about}, in about {seen['seconds']:.1f} s")
