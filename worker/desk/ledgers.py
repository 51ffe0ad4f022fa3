"""Ledgers: vouchers, and of each its rows in both ledgers with the explanation of its costs."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from tornado.web import HTTPError

from worker.desk.page import PAGE_ROWS, Company, Page, page_after
from worker.desk.words import cells
from worker.reports.scope import scope_of
from worker.services.explaining import COST_EXPLANATION, explain
from worker.store.database import Rows
from worker.store.desk.document_pages import held_document
from worker.store.desk.ledger_pages import entry_rows, one_voucher, stock_rows, voucher_page, vouchers_named

MOST_ROWS: Final = 1000
MOST_EXPLAINED: Final = 200


class Ledgers(Page):
    """Vouchers, newest first, or those searched for."""

    tab = "ledgers"
    template = "ledgers.html"

    def read(self, connection: Rows, company: Company, *_: str) -> dict[str, Any]:
        """One page of vouchers."""
        searched = self.get_query_argument("number", "").replace("\0", "")[:300]
        if searched:
            rows, last = vouchers_named(connection, company.number, searched), None
        else:
            before = self.get_query_argument("before", "")
            rows = voucher_page(
                connection, company.number, before=int(before) if before.isdecimal() else None, limit=PAGE_ROWS + 1
            )
            last = page_after(rows, lambda row: row.voucher_id)
        return {
            "rows": rows[:PAGE_ROWS],
            "searched": searched,
            "older": self.address_of(before=last) if last else "",
            "first": self.address_of(before=None),
            "is_first": "before" not in self.request.query_arguments,
        }


class VoucherView(Page):
    """One voucher: its document, both ledgers' rows, where its costs come from."""

    tab = "ledgers"
    template = "voucher.html"

    def read(self, connection: Rows, company: Company, *at: str) -> dict[str, Any]:
        """The voucher. Errors: HTTPError 404."""
        voucher = one_voucher(connection, company.number, int(at[0]))
        held = held_document(connection, company.number, int(at[0]))
        scope = scope_of(connection, company.number)
        if voucher is None or held is None or scope is None:
            raise HTTPError(404, "There is no such voucher: only posted documents have one.")
        stock = stock_rows(connection, company.number, voucher.voucher_id, MOST_ROWS)
        entries = entry_rows(connection, company.number, voucher.voucher_id, MOST_ROWS)
        explained = islice(explain(connection, scope, voucher.voucher_id), MOST_EXPLAINED) if stock else ()
        columns = COST_EXPLANATION.columns_of(scope)
        lines = [(min(int(row[0]), 3), cells(columns[1:], row[1:])) for row in explained]
        # Amounts are to be seen without moving the page: what says nothing of this voucher takes no room.
        said = [place for place in range(len(columns) - 1) if any(line[place].text for _, line in lines)]
        return {
            "voucher": voucher,
            "held": held,
            "currency": scope.currency.code,
            "stock": stock,
            "entries": entries,
            "debits": sum(row.debit for row in entries),
            "credits": sum(row.credit for row in entries),
            "moved": sum(row.amount for row in stock),
            "columns": [columns[1:][place].name for place in said],
            "explained": [(depth, [line[place] for place in said]) for depth, line in lines],
            "most": MOST_ROWS,
            "most_explained": MOST_EXPLAINED,
        }
