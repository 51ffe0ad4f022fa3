"""Sales at tills within one batch of a lane: the session each belongs to, and what they come to reserve."""

from __future__ import annotations

from collections.abc import Iterable

from domain.books import Posting
from domain.documents import AnyDocument, PosInvoice, PosOpening
from domain.documents.pos import profile_of
from domain.errors import DocumentRejected
from domain.stock_ledger import Chain
from worker.pos_subledger import entry_of
from worker.services.lane_memory import LaneMemory
from worker.services.results import Sold
from worker.store.database import Rows
from worker.store.pos.sales import NewSale, append_sales, cancel_sales
from worker.store.pos.sessions import Session, open_sessions, save_session
from worker.store.posting.lanes import LaneRow


class Tills:
    """What a batch does at the tills of its company.

    It is written in two steps: `flush` what reads must see; and at the end, once chains have got their numbers, `save` what is reserved.
    """

    def __init__(self, connection: Rows, lane: LaneRow, memory: LaneMemory) -> None:
        self._connection = connection
        self._lane = lane
        self._memory = memory
        self._moved: dict[int, Session] = {}
        self._sales: list[NewSale] = []
        self._sold: list[Sold] = []
        self._cancelled: list[int] = []
        self._gone: set[int] = set()
        self._touched: set[Chain] = set()

    def require_closed(self, document: PosOpening) -> None:
        """A till is opened once for each user; one that only its first sale has opened may be. Errors: DocumentRejected."""
        session = self._open().get((document.pos_profile, document.user or ""))
        if session is not None and session.opening:
            raise DocumentRejected(
                "TillAlreadyOpen",
                f"{document.pos_profile} is open already{f' for {document.user}' if document.user else ''}, since "
                f"{session.opening}. Close it first, or go on selling.",
                "pos_profile",
                {"opening": session.opening},
            )

    def take(self, posting: Posting, document: AnyDocument) -> None:
        """Take in what a posting means for the tills."""
        sequence = posting.voucher.sequence
        if isinstance(document, PosOpening):
            self._opened(sequence, document)
        elif posting.receipt is not None and isinstance(document, PosInvoice):
            session = self._session(sequence, document.pos_profile, document.user or "")
            receipt = posting.receipt
            self._sales.append(NewSale(sequence, session.id, session.profile, session.user, receipt))
            # What it adds is told now, while the receipt is fresh in the processor's memory; a batch later that takes longer.
            self._sold.append(Sold(sequence, session.id, entry_of(receipt)))
            self.touch([chain for chain, _ in receipt.goods])
        elif posting.released is not None:
            self._cancelled.append(posting.voucher.reverses)
            self._gone.add(posting.voucher.reverses)
            self.touch(chain for chain, _ in posting.released.goods)

    def touch(self, chains: Iterable[Chain]) -> None:
        """Note that what is reserved of these chains has changed."""
        self._touched.update(chains)

    def left_open(self, changed: Iterable[int]) -> list[Sold]:
        """The sales that the batch has decided and left open; `changed` are those that closings took up."""
        gone = self._gone.union(changed)
        return [sale for sale in self._sold if sale.sequence not in gone] if gone else self._sold

    def flush(self) -> None:
        """Write sessions and sales. Errors: those of PostgreSQL."""
        for session in self._moved.values():
            save_session(self._connection, self._lane.company_id, session, self._lane.now)
        append_sales(self._connection, self._lane.company_id, self._sales)
        cancel_sales(self._connection, self._lane.company_id, self._cancelled)
        self._moved.clear()
        self._sales.clear()
        self._cancelled.clear()

    def forget_sessions(self) -> None:
        """Read sessions anew: a closing has changed them in the store."""
        self._memory.sessions = None

    def give_numbers(self) -> None:
        """See that the chains that are reserved have numbers. Errors: those of PostgreSQL."""
        self._memory.reserved.give_numbers(self._connection, self._touched)

    def save(self) -> None:
        """Write what is reserved by now; all is flushed, and the chains have their numbers. Errors: those of PostgreSQL."""
        self._memory.reserved.save(self._connection, self._touched)

    def _open(self) -> dict[tuple[str, str], Session]:
        sessions = self._memory.sessions
        if sessions is None:
            found = open_sessions(self._connection, self._lane.company_id)
            sessions = self._memory.sessions = {(session.profile, session.user): session for session in found}
        return sessions

    def _session(self, sequence: int, profile: str, user: str) -> Session:
        sessions = self._open()
        session = sessions.get((profile, user))
        if session is None:
            session = sessions[profile, user] = Session(sequence, profile, user, floats=self._floats(profile))
            self._moved[session.id] = session
        return session

    def _floats(self, name: str) -> dict[str, int]:
        view = self._memory.books.view
        return {
            entry.mode: view.currency.exact(entry.amount, "pos_profile.opening_float")
            for entry in profile_of(view, name).opening_float
        }

    def _opened(self, sequence: int, document: PosOpening) -> None:
        session = self._session(sequence, document.pos_profile, document.user or "")
        session.opening = document.number
        if document.balances:
            currency = self._memory.books.view.currency
            session.floats = {entry.mode: currency.exact(entry.amount, "balances") for entry in document.balances}
        self._moved[session.id] = session
