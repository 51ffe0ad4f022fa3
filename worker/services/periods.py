"""Accounting periods as an operator sees and changes them: each change is a new version of the period's master."""

from __future__ import annotations

from typing import Literal, cast

import msgspec

from domain.errors import DocumentRejected
from domain.masters import AccountingPeriod
from worker.messages import decode
from worker.services.acceptance import Message, take
from worker.services.tools import Tools
from worker.store.database import Rows
from worker.store.intake.masters import names_of_kind, versions
from worker.store.names.companies import SHARED, SHARED_COMPANY, company_name

Status = Literal["open", "closed", "frozen"]
STATUSES: tuple[Status, ...] = ("open", "closed", "frozen")


def periods(connection: Rows, company: int) -> list[AccountingPeriod]:
    """The periods that hold for a company, its own before shared ones of the same name, newest first."""
    found = versions(
        connection,
        company,
        [("accounting_period", name) for name in names_of_kind(connection, company, "accounting_period")],
    )
    found.sort(key=lambda version: (version.company_id != SHARED_COMPANY, version.acceptance))
    newest = {version.name: cast("AccountingPeriod", decode(version.payload)) for version in found}
    return sorted(newest.values(), key=lambda period: period.start, reverse=True)


def set_period(
    tools: Tools, company: int, name: str, *, start: str, end: str, status: str, actor: str, reason: str | None = None
) -> None:
    """Add a period, or open, close or freeze one. A shared period stays shared.

    Opening again takes a reason, and an actor whom the company names for it. Errors: DocumentRejected where the gate says why not.
    """
    with tools.database.transaction() as connection:
        known = next((period for period in periods(connection, company) if period.name == name), None)
        owner = known.company if known is not None else company_name(connection, company)
    content = {"start": start, "end": end} if known is None else {"start": known.start, "end": known.end}
    if known is not None and known.document_types:
        content["document_types"] = known.document_types  # type: ignore[assignment]
    message = {"type": "accounting_period", "company": owner, "name": name, **content, "status": status, "actor": actor}
    if reason:
        message["reason"] = reason
    if owner == SHARED:
        del message["company"]
    (receipt,) = take(tools, [Message(msgspec.json.encode(message), actor)])
    if receipt.error is not None:
        raise DocumentRejected(
            str(receipt.error["code"]), str(receipt.error["message"]), str(receipt.error.get("field", ""))
        )
