"""Sales that closings have set aside, and which of those closings have counted their money."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.pos_consolidation import Waiting
from domain.pos_receipt import read
from worker.store.database import Rows


def sales_set_aside(
    connection: Rows, company: int, profile: str, user: str | None, named: Sequence[int] | None, now: Sequence[int]
) -> list[Waiting]:
    """Sales of a till (of one user where stated, of the `named` alone where a closing names its sales) that closings have set aside
    before, and those that one sets aside `now`; as they stand before it.

    What a closing that was cancelled expected does not count. Few sales are ever set aside, so all those of the till are looked at.
    """
    found = connection.execute(
        "WITH ours AS ("
        "  SELECT DISTINCT a.voucher_id FROM pos_set_aside a JOIN pos_invoice s USING (company_id, voucher_id) "
        "  WHERE a.company_id = %(company)s AND s.profile = %(profile)s AND (%(user)s::text IS NULL OR s.user_name = %(user)s) "
        "  AND (%(named)s::bigint[] IS NULL OR a.voucher_id = ANY(%(named)s)) "
        "  UNION SELECT unnest(%(now)s::bigint[])) "
        "SELECT ours.voucher_id, s.status, coalesce(("
        "  SELECT sum(a.expected) FROM pos_set_aside a WHERE a.company_id = %(company)s AND a.voucher_id = ours.voucher_id "
        "  AND NOT EXISTS (SELECT FROM voucher x WHERE x.company_id = a.company_id AND x.reverses = a.closing_id AND x.reverses <> 0)"
        "), 0)::int, r.receipt "
        "FROM ours JOIN pos_invoice s ON s.company_id = %(company)s AND s.voucher_id = ours.voucher_id "
        "JOIN pos_receipt r ON r.company_id = %(company)s AND r.voucher_id = ours.voucher_id ORDER BY 1",
        {
            "company": company, "profile": profile, "user": user, "named": None if named is None else list(named),
            "now": list(now),
        },
    )  # fmt: skip
    return [Waiting(sequence, status, expected, read(receipt)) for sequence, status, expected, receipt in found]


def note_expected(connection: Rows, company: int, closing: int, sales: Iterable[Waiting]) -> None:
    """Keep how often a closing has expected the money of sales apart from taking them up."""
    told = [(sale.sequence, sale.times) for sale in sales]
    if told:
        connection.execute(
            "INSERT INTO pos_set_aside (company_id, voucher_id, closing_id, expected) "
            "SELECT %s, sale, %s, times FROM unnest(%s::bigint[], %s::int[]) AS told (sale, times)",
            [company, closing, [sequence for sequence, _ in told], [times for _, times in told]],
        )
