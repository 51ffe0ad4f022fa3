"""The masters of a company for work that no document of its own asks for: as the last decided document saw them, or the newest."""

from __future__ import annotations

from domain.master_view import MasterView
from worker.services.master_book import MasterBook
from worker.store.database import Rows
from worker.store.intake.masters import last_decided_acceptance, newest_acceptance
from worker.store.names.companies import company_name

_NEWEST = 2**62  # after every place in the order of acceptance


def present_view(connection: Rows, company: int) -> MasterView:
    """The company's masters as they hold in its lane now. Errors: DocumentParked where the company has no master yet."""
    book = MasterBook(company_name(connection, company), company)
    book.begin(connection, tuple)
    book.at(last_decided_acceptance(connection, company))
    if book.get("company", book.company) is None:
        # Nothing was decided yet, or only what had waited for this very master: what the next document will see holds.
        book.at(newest_acceptance(connection))
    return MasterView(book)


def newest_view(connection: Rows, company: int) -> MasterView:
    """The company's masters as the next document will see them. Errors: DocumentParked where the company has no master yet."""
    book = MasterBook(company_name(connection, company), company)
    book.begin(connection, tuple)
    book.at(_NEWEST)
    return MasterView(book)
