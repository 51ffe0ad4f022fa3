"""Where the desk begins: the page asked for, of the company that was looked at last."""

from __future__ import annotations

from typing import Final

from worker.desk.page import COMPANY_COOKIE, DeskHandler

PAGES: Final = ("documents", "ledgers", "reposts", "tills", "reconciliation", "schedule", "publishers", "activity")


class Start(DeskHandler):
    """Finds a company to show."""

    async def get(self, page: str | None) -> None:
        """Go to a company's page, or say that there is none yet."""
        companies = await self.in_books(self.companies)
        if not companies:
            self.show("start.html", tab=page or "", companies={}, company=None)
            return
        stated = self.get_query_argument("company", "") or self.get_cookie(COMPANY_COOKIE) or ""
        numbers = {str(number) for number in companies.values()}
        number = stated if stated in numbers else str(next(iter(companies.values())))
        self.redirect(f"/desk/{number}/{page if page in PAGES else PAGES[0]}")
