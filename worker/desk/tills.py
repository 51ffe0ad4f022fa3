"""Tills: open sessions with their totals by now, closings with their certificates, and sales in quarantine."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import msgspec
from tornado.web import HTTPError

from domain.errors import DocumentRejected
from domain.pos_consolidation.receipt_sums import is_quantity
from domain.quantity import show_quantity
from worker.desk.documents import DocumentAction
from worker.desk.page import Company, DeskHandler, Page, Told
from worker.desk.roles import Role
from worker.reports.pos_sessions import open_sessions
from worker.reports.scope import scope_of
from worker.services.acceptance import take
from worker.services.pos_tallying import tally_in_words
from worker.services.pos_verify import verify_export
from worker.services.till_closing import as_message, closing
from worker.store.database import Rows
from worker.store.desk.closing_pages import closing_number, closing_page, quarantined_sales
from worker.store.pos.export import Export, export_closing
from worker.store.pos.sheets import progress

CLOSINGS: Final = 20


class Tills(Page):
    """What is open, what was closed, what could not be."""

    tab = "tills"
    template = "tills.html"

    def read(self, connection: Rows, company: Company, *_: str) -> dict[str, Any]:
        """Sessions, quarantine and one page of closings."""
        scope = scope_of(connection, company.number)
        before = self.get_query_argument("before", "")
        sessions = [] if scope is None else open_sessions(connection, scope)
        stands = progress(connection, company.number, sorted({str(one["profile"]) for one in sessions}))
        closings = closing_page(
            connection, company.number, before=int(before) if before.isdecimal() else None, limit=CLOSINGS + 1
        )
        return {
            "sessions": sessions,
            "tally": tally_in_words(stands) if stands.done else "",
            "currency": "" if scope is None else scope.currency.code,
            "quarantined": quarantined_sales(connection, company.number),
            "closings": closings[:CLOSINGS],
            "older": self.address_of(before=closings[CLOSINGS - 1].voucher_id) if len(closings) > CLOSINGS else "",
            "first": self.address_of(before=None),
            "is_first": "before" not in self.request.query_arguments,
        }


class CloseTill(DocumentAction):
    """Close a till now."""

    action = "close till"
    writes: ClassVar[Role | None] = Role.OPERATE

    def asked(self, company: int, *_: str) -> dict[str, Any]:  # noqa: ARG002 - the form says which
        """Which till."""
        return {"details": {"profile": self.field("profile")}}

    def act(self, company: int, *_: str) -> Told:
        """Accept the closing and wait for its decision."""
        profile = self.field("profile")
        if not profile:
            raise DocumentRejected("MissingField", "profile: say which till is to be closed.", "profile")
        with self.tools.database.transaction() as connection:
            document = closing(connection, company, profile, actor=self.person)
        (receipt,) = take(self.tools, [as_message(document, self.person)])
        told = self.decided(company, receipt.sequence, self.page(company))
        return told if told.well else told._replace(page=f"/desk/{company}/documents/{receipt.sequence}")

    def page(self, company: int, *_: str) -> str:
        """The page of tills."""
        return f"/desk/{company}/tills"


class Certificate(Page):
    """A closing's certificate, checked: its receipts' hash, and receipts against invoices, figure by figure."""

    tab = "tills"
    template = "certificate.html"

    def read(self, connection: Rows, company: Company, *at: str) -> dict[str, Any]:
        """Check it. Errors: HTTPError 404."""
        export = exported(connection, company.number, int(at[0]))
        scope = scope_of(connection, company.number)
        if scope is None:
            raise HTTPError(404)
        return {
            "certificate": export.certificate,
            "sequence": int(at[0]),
            "invoices": [one.number for one in export.invoices],
            "wrong": verify_export(export),
            "sums": [
                (name, show(receipts), show(invoices), receipts == invoices)
                for name, (receipts, invoices) in export.certificate.sums.items()
                for show in [show_quantity if is_quantity(name) else scope.currency.show]
            ],
            "currency": scope.currency.code,
        }


class CertificateFile(DeskHandler):
    """The same with everything that the check needs, as a file for `perpetua pos verify`."""

    async def get(self, company: str, sequence: str) -> None:
        """Hand it out. Errors: HTTPError 404."""
        content = await self.in_books(self._export, int(company), int(sequence))
        self.set_header("Content-Type", "application/json")
        self.set_header("Content-Disposition", f'attachment; filename="closing-{company}-{sequence}.json"')
        self.write(content)

    def _export(self, company: int, sequence: int) -> bytes:
        with self.tools.database.transaction() as connection:
            return msgspec.json.encode(exported(connection, company, sequence))


def exported(connection: Rows, company: int, sequence: int) -> Export:
    """The export of a closing by its document's sequence. Errors: HTTPError 404 where none stands there."""
    number = closing_number(connection, company, sequence)
    export = None if number is None else export_closing(connection, company, number)
    if export is None:
        raise HTTPError(404, "No closing stands there.")
    return export
