"""Short words for tests of acceptance and posting: publish documents, drain the lane, read the books."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from worker.messages import MASTER_TYPES, canonical, content_hash, decode, key_of
from worker.services.posting import Drained, drain
from worker.store.database import Database
from worker.store.intake.acceptance import accept
from worker.store.intake.incoming import Incoming, Receipt
from worker.store.names.companies import company_ids

Json = dict[str, Any]

COMPANY: Json = {"type": "company", "name": "Grocery", "currency": "INR", "time_zone": "Asia/Kolkata"}
STORES: Json = {"type": "warehouse", "company": "Grocery", "name": "Stores"}
RICE: Json = {"type": "item", "company": "Grocery", "code": "Rice"}
TEA: Json = {**RICE, "code": "Tea"}
MASTERS = [COMPANY, STORES, RICE]


def receipt(
    number: str, qty: int = 10, rate: str = "200", *, at: str = "2024-06-15T09:00:00", item: str = "Rice"
) -> Json:
    """A purchase receipt of one line."""
    lines = [{"item": item, "warehouse": "Stores", "qty": qty, "rate": rate}]
    return _document("purchase_receipt", number, at, supplier="Mill", lines=lines)


def delivery(number: str, qty: int = 1, *, at: str = "2024-06-16T09:00:00", item: str = "Rice") -> Json:
    """A delivery note of one line."""
    lines = [{"item": item, "warehouse": "Stores", "qty": qty, "rate": 300}]
    return _document("delivery_note", number, at, customer="Asha", lines=lines)


def cancel(number: str, type_: str, target: str) -> Json:
    """A cancel of another document."""
    return {"type": "cancel", "company": "Grocery", "number": number, "target": {"type": type_, "number": target}}


def incoming(document: Json | bytes) -> Incoming:
    """A message as the intake hands it to the store."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    key = key_of(decode(raw))
    return Incoming(
        company=key.company,
        type=key.type,
        number=key.number,
        payload=raw,
        content_hash=content_hash(raw),
        is_master=key.type in MASTER_TYPES,
    )


def publish(database: Database, documents: Iterable[Json | bytes]) -> list[Receipt]:
    """Accept documents in one transaction."""
    with database.transaction() as connection:
        return accept(connection, [incoming(document) for document in documents], canonical=canonical)


def number_of(database: Database, company: str = "Grocery") -> int:
    """The company's number."""
    with database.transaction() as connection:
        return company_ids(connection, [company])[company]


def post_all(database: Database, company: str = "Grocery", **options: Any) -> Drained:
    """Drain the company's lane."""
    return drain(database, number_of(database, company), **options)


def rows(database: Database, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """What a query answers."""
    with database.transaction() as connection:
        return connection.execute(query, parameters).fetchall()


def dump(database: Database, company: str = "Grocery") -> dict[str, list[tuple[Any, ...]]]:
    """Both ledgers, the balances and what became of each document, without the times of recording."""
    number = number_of(database, company)
    return {
        "documents": rows(
            database,
            "SELECT type, number, sequence, status, voucher_no, error::text FROM books.document_status "
            "WHERE company_id = %s ORDER BY sequence",
            number,
        ),
        "stock": rows(
            database,
            "SELECT movement_id, row_id, voucher, line, item, warehouse, part, posting_at, qty, stock_value_difference, account, contra, "
            "kind, provisional FROM books.stock_ledger WHERE company_id = %s ORDER BY movement_id, row_id",
            number,
        ),
        "ledger": rows(
            database,
            "SELECT entry_id, voucher, account, debit, credit, posting_date, party, cost_center, caused_by "
            "FROM books.general_ledger WHERE company_id = %s ORDER BY entry_id",
            number,
        ),
        "balances": rows(
            database,
            "SELECT i.name, b.qty, b.value, b.state, b.last_at, b.last_sequence FROM balance b JOIN chain c USING (company_id, chain_id) "
            "JOIN term i ON i.company_id = c.company_id AND i.term_id = c.item_id WHERE b.company_id = %s ORDER BY i.name",
            number,
        ),
    }


def _document(type_: str, number: str, at: str, **rest: Any) -> Json:
    return {"type": type_, "company": "Grocery", "number": number, "posting_datetime": at, **rest}
