"""Books of a company with any number of documents, written as sets: for looking at how lists read, never at what the rows say.

Every kind of row that a page lists is there in proportion: posted, refused, parked and waiting documents, cancellations, sales at tills,
vouchers with rows in both ledgers, runs, nights, mails, actions of operators, messages refused at the door.
"""

from __future__ import annotations

from typing import Final

import psycopg

from tests.support.lanes import MASTERS, number_of, publish
from worker.store.database import Database
from worker.store.schema.tables import metadata

RARE_CODE: Final = "ExchangeRateMissing"  # one refused document in a thousand; the others lack stock
WAITING: Final = 100  # documents that the lane has yet to decide
_TYPE: Final = (
    "(ARRAY['pos_invoice', 'purchase_receipt', 'purchase_receipt', 'purchase_receipt', 'purchase_receipt', 'purchase_receipt', "
    "'purchase_receipt', 'delivery_note', 'delivery_note', 'delivery_note', 'delivery_note', 'delivery_note', 'delivery_note', "
    "'sales_invoice', 'sales_invoice', 'purchase_invoice', 'journal_entry', 'payment_entry', 'stock_entry', 'delivery_note'])"
    "[1 + s % 20]"
)

# The tables that grow with the documents, each with how it is filled: :company, :count (of documents).
_ROWS: Final[dict[str, str]] = {
    "document": f"""
        SELECT :company, s, s, CASE WHEN s % 5000 = 0 THEN 'pos_closing' WHEN s % 1000 = 999 THEN 'cancel' ELSE {_TYPE} END,
            'D-' || lpad(s::text, 9, '0'), 300, json_build_object('type', 'purchase_receipt', 'number', s, 'lines', repeat('x', 120)),
            decode(md5(s::text), 'hex'), 'webshop', s || '-0', timestamptz '2015-01-01' + s * interval '30 seconds'
        FROM generate_series(1, :count) s""",
    "outcome": f"""
        SELECT :company, s, CASE WHEN s % 5000 = 7 THEN 'parked' ELSE 'rejected' END,
            json_build_object('code', CASE WHEN s % 20000 = 27 THEN '{RARE_CODE}' ELSE 'NegativeStock' END, 'message', 'no', 'field', ''),
            '{{}}', 1, s / 500, timestamptz '2015-01-01' + s * interval '30 seconds', NULL, NULL
        FROM generate_series(7, :count - {WAITING}, 20) s""",
    "voucher": f"""
        SELECT company_id, sequence, type, number, 2024, sequence, received_at, received_at::date,
            CASE WHEN type = 'cancel' THEN sequence - 1 ELSE 0 END, '{{}}', sequence / 500, sequence % 500, received_at
        FROM document WHERE company_id = :company AND sequence % 20 <> 7 AND sequence <= :count - {WAITING}""",
    "stock_movement": """
        SELECT company_id, voucher_id, voucher_id, 1, 1 + voucher_id % 1000, posting_at, posting_date, 1000000, 20000, 1, 1, 2, 0, 0, 0, 0,
            20000, 0, NULL, NULL, false
        FROM voucher WHERE company_id = :company AND type IN ('purchase_receipt', 'delivery_note')""",
    "gl_entry": """
        SELECT company_id, 2 * voucher_id + side, 0, voucher_id, 1 + side, 20000 * side, 20000 * (1 - side), posting_date, 0, 0, 0, 0, 0, 0,
            20000, false
        FROM voucher, generate_series(0, 1) side WHERE company_id = :company""",
    "pos_invoice": """
        SELECT company_id, voucher_id, 1 + voucher_id / 5000, 'Front', 'asha', posting_at,
            CASE WHEN voucher_id <= :count - 20000 THEN 'consolidated' WHEN voucher_id % 100 = 0 THEN 'quarantined' ELSE 'open' END,
            CASE WHEN voucher_id <= :count - 20000 THEN 5000 * (1 + voucher_id / 5000) ELSE 0 END, NULL, ''
        FROM voucher WHERE company_id = :company AND type = 'pos_invoice'""",
    "desk_action": """
        SELECT :company, md5(s::text), step, timestamptz '2015-01-01' + s * interval '5 minutes', 'ada', '127.0.0.1', 'decide anew',
            'delivery_note', 'D-' || lpad((s * 10 - 3)::text, 9, '0'), '{"done": "it is posted"}'
        FROM generate_series(1, :count / 10) s, generate_series(0, 1) step""",
    "publisher_event": """
        SELECT 0, md5(s::text), timestamptz '2015-01-01' + s * interval '5 minutes', CASE WHEN s % 1000 = 0 THEN 'quiet' ELSE 'webshop' END,
            'refused', 'intake', 'Grocery', 'item', 'I-' || s, s || '-1', decode(md5(s::text), 'hex'), '{"code": "WrongSignature"}'
        FROM generate_series(1, :count / 10) s""",
    "refused_message": """
        SELECT CASE WHEN s % 2 = 0 THEN 0 ELSE :company END, 'item', 'I-' || s, decode(md5(s::text), 'hex'), '\\x7b7d',
            CASE WHEN s % 1000 = 0 THEN 'quiet' ELSE 'webshop' END, s || '-1', '{"code": "WrongSignature"}',
            timestamptz '2015-01-01' + s * interval '5 minutes'
        FROM generate_series(1, :count / 10) s""",
    "repost_run": """
        SELECT :company, s, 'published', '{"rows": 1000, "rows_to_go": 0}', 0, 0, s, NULL, NULL, at, at, at, at
        FROM generate_series(1, :count / 100) s, LATERAL (SELECT timestamptz '2015-01-01' + s * interval '50 minutes' AS at) t""",
    "repost_request": """
        SELECT :company, s, 1 + s % 1000, 0, 0, 0, 0, s * 10 + 1, timestamptz '2015-01-01' + s * interval '5 minutes', 1 + s / 10
        FROM generate_series(1, :count / 10) s""",
    "slot": """
        SELECT :company, job, date '2015-01-01' + day, at, at, at, NULL, at, at, NULL, 0, 1, '{}'
        FROM generate_series(0, least(:count / 100, 4000)) day, unnest(ARRAY['close tills', 'repost', 'reconcile', 'mail']) job,
            LATERAL (SELECT timestamptz '2015-01-01' + day * interval '1 day' AS at) t""",
    "reconciliation": """
        SELECT :company, 1 + day, date '2015-01-01' + day, NULL, 'in_sync', false, day, 0, '{}', at, at
        FROM generate_series(0, least(:count / 100, 4000)) day,
            LATERAL (SELECT timestamptz '2015-01-01' + day * interval '1 day' AS at) t""",
    "notice": """
        SELECT :company, day, 'night', date '2015-01-01' + day, 'The night', '{}', timestamptz '2015-01-01' + day * interval '1 day'
        FROM generate_series(1, least(:count / 100, 4000)) day""",
    "mail": """
        SELECT :company, day, 'finance' || copy || '@example.com', 1, 'en', day || '-' || copy || '@perpetua', 'sent', 1, at, at, NULL,
            at, 'ok'
        FROM generate_series(1, least(:count / 100, 4000)) day, generate_series(1, 5) copy,
            LATERAL (SELECT timestamptz '2015-01-01' + day * interval '1 day' AS at) t""",
}  # fmt: skip


MANY_ROWS: Final = frozenset(_ROWS) - {"slot", "reconciliation", "notice"}  # nights are few beside documents

# Where the lane stands, and the names that rows refer to.
_REST: Final = (
    f"""UPDATE lane SET decided_sequence = :count - {WAITING}, batch_no = :count / 500, published_batch = :count / 500,
        vouchers = (SELECT count(*) FROM voucher WHERE company_id = :company),
        parked = (SELECT count(*) FROM outcome WHERE company_id = :company AND status = 'parked')
        WHERE company_id = :company""",
    "UPDATE intake_counter SET last_sequence = :count WHERE company_id = :company",
    """INSERT INTO term (company_id, term_id, kind, name)
        VALUES (:company, 1, 'account', 'Stock In Hand'), (:company, 2, 'account', 'Creditors') ON CONFLICT DO NOTHING""",
    "INSERT INTO term (company_id, term_id, kind, name) SELECT :company, 100 + s, 'item', 'Item ' || s FROM generate_series(1, 1000) s",
    """INSERT INTO chain (company_id, chain_id, item_id, warehouse_id, part_id) SELECT :company, s, 100 + s, 1, 0
        FROM generate_series(1, 1000) s""",
)


def write_many(database: Database, owner_url: str, count: int) -> int:
    """Give the company so many documents, with statistics as after years of work; returns its number."""
    publish(database, MASTERS)
    company = number_of(database)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for table, rows in _ROWS.items():
            with connection.transaction():
                _fill(connection, table, _of(rows, company, count))
        with connection.transaction():
            for statement in _REST:
                connection.execute(_of(statement, company, count))
        connection.execute("VACUUM ANALYZE")
    return company


def _of(statement: str, company: int, count: int) -> bytes:
    return statement.replace(":company", str(company)).replace(":count", str(count)).encode()


def _fill(connection: psycopg.Connection, table: str, rows: bytes) -> None:
    """Write a table's rows without its indexes and guards, which are there again afterwards."""
    keys = connection.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('p', 'u')",
        [table],
    ).fetchall()
    indexes = connection.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %(table)s::regclass "
        "AND indexrelid NOT IN (SELECT conindid FROM pg_constraint WHERE conrelid = %(table)s::regclass)",
        {"table": table},
    ).fetchall()
    columns = ", ".join(metadata.tables[table].columns.keys())
    drop = [f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name, _ in keys] + [
        f"DROP INDEX {name}" for name, _ in indexes
    ]
    make = [f"ALTER TABLE {table} ADD CONSTRAINT {name} {of}" for name, of in keys] + [of for _, of in indexes]
    for statement in (*drop, f"ALTER TABLE {table} DISABLE TRIGGER USER"):
        connection.execute(statement.encode())
    connection.execute(f"INSERT INTO {table} ({columns}) ".encode() + rows)
    for statement in (f"ALTER TABLE {table} ENABLE TRIGGER USER", *make):
        connection.execute(statement.encode())
