"""An accountant's way to tell a story on paper: documents as short as they can be said, ledgers as figures in the currency."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from domain.books import Posting
from domain.errors import DocumentRejected
from domain.master_view import MasterView
from tests.support.paper_company import PaperCompany


class Accountant:
    """Keeps the books of one company; documents get the next minute as their time unless they say otherwise.

    Reposts run after each document while `repost` says so.
    """

    def __init__(self, currency: str = "EUR", **settings: Any) -> None:
        self.paper = PaperCompany("Paper")
        self.know("company", name="Paper", currency=currency, **settings)
        self.know("warehouse", company="Paper", name="Stores")
        self.know("item", code="Apple")
        self.know("item", code="Advice", is_stock_item=False)
        self._minute = 0
        self.repost = True

    def know(self, kind: str, **content: Any) -> None:
        """Take in a master."""
        self.paper.master(json.dumps({"type": kind, **content}).encode())

    def says(self, type_: str, number: str, **content: Any) -> Any:
        """Submit a document; gives its posting, or the error that refused or parked it."""
        self._minute += 1
        head = {
            "type": type_,
            "company": "Paper",
            "number": number,
            "posting_datetime": f"2024-06-15T{8 + self._minute // 60:02d}:{self._minute % 60:02d}:00Z",
        }
        return self.paper.submit(json.dumps(head | content).encode(), repost=self.repost)

    def posts(self, type_: str, number: str, **content: Any) -> Posting:
        """Submit a document that is to be posted."""
        answer = self.says(type_, number, **content)
        assert isinstance(answer, Posting), answer
        return answer

    def is_refused(self, type_: str, number: str, **content: Any) -> DocumentRejected:
        """Submit a document that is to be refused; both ledgers stay as they were."""
        before = len(self.paper.entries), len(self.paper.movements), len(self.paper.differences)
        answer = self.says(type_, number, **content)
        assert isinstance(answer, DocumentRejected), answer
        assert before == (len(self.paper.entries), len(self.paper.movements), len(self.paper.differences))
        return answer

    def cancels(self, type_: str, number: str) -> Posting:
        """Cancel a posted document."""
        return self.posts("cancel", f"Cancel {number}", target={"type": type_, "number": number})

    def ledger(self, number: str) -> dict[str, str]:
        """A voucher's general ledger: net debit per account, in the currency (credit negative)."""
        return self._figures(entry for entry in self.paper.entries if self._number(entry.voucher) == number)

    def accounts(self) -> dict[str, str]:
        """Every account that is not zero."""
        return self._figures(self.paper.entries)

    def open(self, type_: str, number: str) -> str:
        """What a document has left open, in the company's currency; empty where it is settled."""
        voucher = self.paper.voucher(type_, number)
        assert voucher is not None
        return " ".join(self._show(entry.amount) for entry in voucher.outstanding)

    def _figures(self, entries: Any) -> dict[str, str]:
        totals: dict[str, int] = defaultdict(int)
        for entry in entries:
            totals[entry.account] += entry.amount
        return {account: self._show(amount) for account, amount in sorted(totals.items()) if amount}

    def _number(self, sequence: int) -> str:
        return self.paper.postings[sequence].voucher.number

    def _show(self, amount: int) -> str:
        return MasterView(self.paper.masters).currency.show(amount)
