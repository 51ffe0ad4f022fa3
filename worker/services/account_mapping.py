"""What follows from a changed account mapping: a document of our own, right behind the master, that lets the stock on hand follow.

It is accepted in the same transaction as the master, so every document that sees the new mapping is decided after it.
"""

from __future__ import annotations

from datetime import UTC

import msgspec

from domain.masters import Company, Warehouse
from worker.messages import content_hash, decode
from worker.store.database import Rows
from worker.store.intake.acceptance import lock_acceptance
from worker.store.intake.incoming import Incoming
from worker.store.intake.masters import newest_master
from worker.store.names.companies import SHARED, SHARED_COMPANY, all_companies

_encode = msgspec.json.Encoder().encode


def may_remap(incoming: Incoming) -> bool:
    """Whether a message could change which account stock stands in."""
    return incoming.is_master and incoming.error is None and incoming.type in ("warehouse", "company")


def account_transfers(connection: Rows, incoming: Incoming) -> list[Incoming]:
    """The transfers that a master asks for, one a company whose mapping it changes; none where it is new or maps as before.

    Takes the lock of acceptance. Errors: those of PostgreSQL.
    """
    if not may_remap(incoming):
        return []
    number, now = lock_acceptance(connection)
    companies = all_companies(connection)
    master = decode(incoming.payload)
    if isinstance(master, Company):
        affected = [master.name] if master.name in companies else []
    else:
        affected = list(companies) if incoming.company == SHARED else [incoming.company]
    owner = companies.get(incoming.company, SHARED_COMPANY)
    before = newest_master(connection, owner, incoming.type, incoming.number)
    if before is None or not _maps_otherwise(decode(before), master):
        return []
    moment = now.astimezone(UTC).isoformat()
    return [_transfer(company, f"Account transfer {number + 1}", moment, incoming) for company in affected]


def _maps_otherwise(before: object, after: object) -> bool:
    if isinstance(before, Warehouse) and isinstance(after, Warehouse):
        return (before.account, before.parent) != (after.account, after.parent)
    if isinstance(before, Company) and isinstance(after, Company):
        return before.inventory != after.inventory
    return False


def _transfer(company: str, number: str, moment: str, cause: Incoming) -> Incoming:
    document = {
        "type": "stock_entry",
        "company": company,
        "number": number,
        "posting_datetime": moment,
        "purpose": "account_transfer",
        "lines": [],
        "remarks": f"The {cause.type} {cause.number[:100]} has another stock account: stock on hand follows.",
    }
    payload = _encode(document)
    return Incoming(
        company=company,
        type="stock_entry",
        number=number,
        payload=payload,
        content_hash=content_hash(payload),
        publisher=cause.publisher,
    )
