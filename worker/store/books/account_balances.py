"""What accounts add up to between two posting dates, for closing a period."""

from __future__ import annotations

from datetime import date

from domain.general_ledger import Entry
from worker.store.books.vouchers import VISIBLE
from worker.store.database import Rows


def balances_between(connection: Rows, company: int, first: date, last: date) -> list[Entry]:
    """The entries of these posting dates, netted per account, cost center and dimensions; zeros are left out.

    Differences of repost runs count once their run is published. Sums over many documents may be more than any one of them may state.
    """
    found = connection.execute(
        "SELECT account.name, coalesce(center.name, ''), coalesce(dimensions.name, ''), e.amount FROM ("
        "  SELECT company_id, account_id, cost_center_id, dimensions_id, sum(debit - credit) AS amount FROM gl_entry e "
        f" WHERE company_id = %s AND posting_date BETWEEN %s AND %s AND {VISIBLE.format('e')} "
        "  GROUP BY company_id, account_id, cost_center_id, dimensions_id"
        ") e JOIN term account ON account.company_id = e.company_id AND account.term_id = e.account_id "
        "LEFT JOIN term center ON center.company_id = e.company_id AND center.term_id = e.cost_center_id "
        "LEFT JOIN term dimensions ON dimensions.company_id = e.company_id AND dimensions.term_id = e.dimensions_id "
        "WHERE e.amount <> 0 ORDER BY account.name, center.name, dimensions.name",
        [company, first, last],
    )
    return [
        Entry(voucher=0, account=account, amount=int(amount), date=last, cost_center=center, dimensions=dimensions)
        for account, center, dimensions, amount in found
    ]
