"""Sales at tills, counted for the night: each that came in is consolidated, quarantined, open, cancelled, refused or still waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from worker.store.database import Rows

_NAMED = 20


def undecided_closings(connection: Rows, company: int) -> list[str]:
    """Numbers of closings that are accepted and not decided."""
    found = connection.execute(
        "SELECT d.number FROM lane l JOIN document d ON d.company_id = l.company_id AND d.sequence > l.decided_sequence "
        "WHERE l.company_id = %(company)s AND d.type = 'pos_closing' "
        "UNION ALL SELECT d.number FROM outcome o JOIN document d USING (company_id, sequence) "
        "WHERE o.company_id = %(company)s AND o.moment IS NOT NULL AND d.type = 'pos_closing' ORDER BY 1",
        {"company": company},
    )
    return [number for (number,) in found]


@dataclass(frozen=True, slots=True)
class Counted:
    """How far a night has counted: up to one sequence, and from another on there were sales that were not at their end."""

    upto: int = 0
    standing_from: int = 0


def last_counted(connection: Rows, company: int, day: date) -> Counted:
    """How far the nights before a business date have counted."""
    row = connection.execute(
        "SELECT coalesce((result ->> 'upto')::bigint, 0), coalesce((result ->> 'standing_from')::bigint, 0) FROM slot "
        "WHERE company_id = %s AND job = 'closings' AND business_date < %s AND finished_at IS NOT NULL "
        "ORDER BY business_date DESC LIMIT 1",
        [company, day],
    ).fetchone()
    return Counted() if row is None else Counted(*row)


def certificates_again(connection: Rows, company: int, day: date) -> int:
    """The last of the older closings whose certificates the night before a business date checked again; 0 to begin anew."""
    row = connection.execute(
        "SELECT coalesce((result -> 'certificates' ->> 'again')::bigint, 0) FROM slot "
        "WHERE company_id = %s AND job = 'closings' AND business_date < %s AND finished_at IS NOT NULL "
        "ORDER BY business_date DESC LIMIT 1",
        [company, day],
    ).fetchone()
    return 0 if row is None else int(row[0])


@dataclass(frozen=True, slots=True)
class SalesCount:
    """Sales among the documents after one sequence and up to another, by what became of each; those that are nowhere by number.

    `earlier` are sales that an earlier night had counted and that stand open still, or have gone astray since. The oldest sale that is
    not at its end came at `standing_from`.
    """

    after: int
    upto: int
    states: dict[str, int]
    earlier: dict[str, int]
    astray_numbers: list[str]
    standing_from: int

    @property
    def received(self) -> int:
        """How many sales came in."""
        return sum(self.states.values())

    @property
    def astray(self) -> int:
        """How many of them are in no state that a sale may be in."""
        return self.states.get("astray", 0) + self.earlier.get("astray", 0)

    @property
    def holds(self) -> bool:
        """The law: received = consolidated + quarantined + open, and what was cancelled, refused or still waits."""
        return not self.astray

    def as_result(self) -> dict[str, Any]:
        """For the slot."""
        return {
            "after": self.after,
            "upto": self.upto,
            "received": self.received,
            "states": self.states,
            "earlier": self.earlier,
            "standing_from": self.standing_from,
            "astray": self.astray_numbers,
        }


# A sale is consolidated only where its closing and its invoice are posted; the receipt of every one that was decided is a fact.
_STATES = """
    WITH came AS (
        SELECT sequence, number FROM document
         WHERE company_id = %(company)s AND sequence >= %(since)s AND sequence <= %(upto)s AND type = 'pos_invoice'
    ), stands AS (
        SELECT came.number, came.sequence, CASE
            WHEN v.voucher_id IS NULL THEN CASE WHEN o.moment IS NOT NULL THEN 'accepted' ELSE coalesce(o.status, 'accepted') END
            WHEN r.voucher_id IS NULL THEN 'astray'
            WHEN s.status IN ('open', 'quarantined', 'cancelled') THEN s.status
            WHEN s.status = 'consolidated' AND closing.voucher_id IS NOT NULL AND invoice.voucher_id IS NOT NULL THEN s.status
            ELSE 'astray' END AS state
          FROM came
          LEFT JOIN voucher v ON v.company_id = %(company)s AND v.voucher_id = came.sequence
          LEFT JOIN outcome o ON o.company_id = %(company)s AND o.sequence = came.sequence
          LEFT JOIN pos_receipt r ON r.company_id = %(company)s AND r.voucher_id = came.sequence
          LEFT JOIN pos_invoice s ON s.company_id = %(company)s AND s.voucher_id = came.sequence
          LEFT JOIN voucher closing ON closing.company_id = %(company)s AND closing.voucher_id = s.closing_id
          LEFT JOIN voucher invoice ON invoice.company_id = %(company)s AND invoice.number = s.invoice AND invoice.type = 'sales_invoice'
    )
    SELECT sequence > %(after)s, state, count(*), min(sequence), CASE WHEN state = 'astray' THEN array_agg(number ORDER BY number) END
      FROM stands GROUP BY 1, 2
"""
_STANDING = frozenset({"open", "quarantined", "accepted", "parked"})


def account_for_sales(connection: Rows, company: int, last: Counted) -> SalesCount:
    """What became of the sales that came in since the last count, up to what is decided by now, and of those that stood then."""
    row = connection.execute("SELECT decided_sequence FROM lane WHERE company_id = %s", [company]).fetchone()
    upto = 0 if row is None else int(row[0])
    parameters = {"company": company, "after": last.upto, "since": min(last.standing_from, last.upto + 1), "upto": upto}
    fresh, earlier = dict[str, int](), dict[str, int]()
    astray: list[str] = []
    standing_from = _oldest_waiting(connection, company) or upto + 1
    for is_fresh, state, count, first, numbers in connection.execute(_STATES.encode(), parameters):
        if is_fresh:
            fresh[state] = count
        elif state in _STANDING or state == "astray":
            earlier[state] = count
        if state in _STANDING:
            standing_from = min(standing_from, first)
        astray += numbers or []
    return SalesCount(last.upto, upto, fresh, earlier, sorted(astray)[:_NAMED], standing_from)


def _oldest_waiting(connection: Rows, company: int) -> int | None:
    """The oldest sale that waits for a closing; one whose closing was cancelled may be older than all that the last night saw waiting."""
    row = connection.execute(
        "SELECT min(voucher_id) FROM pos_invoice WHERE company_id = %s AND status IN ('open', 'quarantined')", [company]
    ).fetchone()
    return None if row is None else row[0]
