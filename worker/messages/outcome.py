"""What the system says about a document, as the contract words it: the shape behind the outcomes stream's schema."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import msgspec


class Fault(msgspec.Struct, kw_only=True):
    """Why a document is rejected, parked or quarantined; `code` is stable and catalogued."""

    code: str
    message: str
    field: str = ""
    details: dict[str, Any] = {}


class ChangedVoucher(msgspec.Struct, kw_only=True):
    """A voucher whose stock value would change, and by how much (the company's currency)."""

    type: str
    number: str
    change: str


class ChangedAccount(msgspec.Struct, kw_only=True):
    """By how much the balance of an account would change in a month (`2024-06`), debits above zero."""

    account: str
    month: str
    change: str


class Foreseen(msgspec.Struct, kw_only=True):
    """What a document would change, in arrival order and after reposting; nothing of it is written.

    `rows` movements would be valued again, in about `seconds`; where not all were looked at (`complete`) the changes are those of the
    first. `first_open_day` is the document's own day where that is open.
    """

    would_be: Literal["posted", "rejected", "parked"]
    vouchers: list[ChangedVoucher]
    accounts: list[ChangedAccount]
    rows: int
    seconds: float
    complete: bool
    first_open_day: date | None = None


class Outcome(msgspec.Struct, kw_only=True):
    """What became of one document; an outcome may be told twice, so take the latest."""

    company: str
    type: str
    number: str
    status: Literal[
        "accepted", "posted", "rejected", "parked", "cancelled", "open", "consolidated", "quarantined", "previewing", "previewed"
    ]  # fmt: skip
    sequence: int | None = None
    received_at: datetime | None = None
    posted_at: datetime | None = None
    voucher_no: str | None = None
    error: Fault | None = None
    vouchers: list[str] = []
    warning: Fault | None = None
    preview: Foreseen | None = None
