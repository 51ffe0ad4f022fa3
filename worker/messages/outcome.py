"""What the system says about a document, as the contract words it: the shape behind the outcomes stream's schema."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec


class Fault(msgspec.Struct, kw_only=True):
    """Why a document is rejected, parked or quarantined; `code` is stable and catalogued."""

    code: str
    message: str
    field: str = ""
    details: dict[str, Any] = {}


class Outcome(msgspec.Struct, kw_only=True):
    """What became of one document; an outcome may be told twice, so take the latest."""

    company: str
    type: str
    number: str
    status: Literal["accepted", "posted", "rejected", "parked", "cancelled", "open", "consolidated", "quarantined"]
    sequence: int | None = None
    received_at: datetime | None = None
    posted_at: datetime | None = None
    voucher_no: str | None = None
    error: Fault | None = None
    vouchers: list[str] = []
