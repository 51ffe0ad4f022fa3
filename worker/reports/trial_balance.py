"""Trial balance: every account's opening, turnover and closing; the sums of both sides are equal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from worker.reports.read_model import Column, Kind, Report, Row, Scope, amount, stream
from worker.reports.visible import with_entries

_COLUMNS: Final = (
    Column("account"),
    *(
        Column(f"{part}{side}", Kind.AMOUNT, summed=True)
        for part in ("opening_", "", "closing_")
        for side in ("debit", "credit")
    ),
)

_SQL: Final = """
    SELECT a.name,
           coalesce(sum(debit - credit) FILTER (WHERE posting_date < %(start)s), 0),
           coalesce(sum(debit) FILTER (WHERE %(start)s::date IS NULL OR posting_date >= %(start)s), 0),
           coalesce(sum(credit) FILTER (WHERE %(start)s::date IS NULL OR posting_date >= %(start)s), 0)
      FROM entries JOIN terms a ON a.term_id = account_id
     WHERE %(account)s::text IS NULL OR a.name = %(account)s
     GROUP BY a.name ORDER BY a.name
"""


def _read(connection: Connection[Any], scope: Scope) -> Iterator[Row]:
    for account, opening, debit, credit in stream(connection, with_entries(_SQL), scope.parameters()):
        closing = int(opening) + int(debit) - int(credit)
        figures = (*_sides(int(opening)), int(debit), int(credit), *_sides(closing))
        yield (account, *(amount(figure, scope.currency) for figure in figures))


def _sides(balance: int) -> tuple[int, int]:
    return max(balance, 0), max(-balance, 0)


REPORT: Final = Report(
    name="trial-balance",
    title="Trial balance",
    options=frozenset({"start", "end", "known_at", "account"}),
    columns_of=lambda _scope: _COLUMNS,
    read=_read,
)
