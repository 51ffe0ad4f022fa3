"""Posting against the floor: PostgreSQL copying the very same rows, with the same commits."""

from __future__ import annotations

import gc
import json
import time
from typing import Any

import pytest

from tests.support.servers import Database as FreshDatabase
from worker.messages import canonical
from worker.services.acceptance import Message, read
from worker.services.posting import drain
from worker.store.database import Database, Rows
from worker.store.intake.acceptance import accept
from worker.store.names.companies import company_ids

ITEMS = 200
BATCH = 500
ROUNDS = 12
WARM = 2
COMPANY = "Bench"
LEDGERS = ("voucher", "stock_movement", "gl_entry", "balance")

Json = dict[str, Any]


def masters(method: str = "fifo") -> list[Json]:
    """A company, a warehouse and the items of the benchmark, valued by one method (`specific`: each in a batch at its own cost)."""
    own: list[Json] = [
        {"type": "company", "name": COMPANY, "currency": "EUR", "time_zone": "Europe/Berlin"},
        {"type": "warehouse", "company": COMPANY, "name": "Stores"},
    ]
    codes = [f"Item {place}" for place in range(ITEMS)]
    if method != "specific":
        return own + [{"type": "item", "code": code, "valuation_method": method} for code in codes]
    own += [{"type": "item", "code": code, "has_batch": True, "batch_wise_valuation": True} for code in codes]
    return own + [{"type": "batch", "name": f"Batch of {code}", "item": code} for code in codes]


def of_company(method: str, document: Json) -> Json:
    """The same document, of the company that values its goods so."""
    document = {**document, "company": method}
    if method != "specific":
        return document
    return {**document, "lines": [{**line, "batch": f"Batch of {line['item']}"} for line in document["lines"]]}


def receipt(place: int, lines: int) -> Json:
    """Purchase receipt number `place`, one second after the one before."""
    second = (place + 1) % 86_400
    return {
        "type": "purchase_receipt",
        "company": COMPANY,
        "number": f"PR-{place}",
        "supplier": "Mill",
        "posting_datetime": f"2024-01-{1 + place // 86_400:02d}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}",
        "lines": [
            {"item": f"Item {(place * 7 + line) % ITEMS}", "warehouse": "Stores", "qty": "3", "rate": "2.50"}
            for line in range(lines)
        ],
    }


def delivery(place: int, lines: int) -> Json:
    """Delivery note number `place`, after the receipts."""
    document = receipt(place, lines)
    customer = {"type": "delivery_note", "number": f"DN-{place}", "customer": "Asha"}
    document = {name: value for name, value in document.items() if name != "supplier"} | customer
    for line in document["lines"]:
        line["qty"] = "1"
    document["posting_datetime"] = document["posting_datetime"].replace("2024-01", "2024-02")
    return document


def submit(database: Database, documents: list[Json]) -> None:
    """Accept documents in one transaction, as the intake does."""
    messages = [Message(json.dumps(document).encode()) for document in documents]
    accept_all(database, messages)


def accept_all(database: Database, messages: list[Message]) -> None:
    """Read and store messages in one transaction."""
    with database.transaction() as connection:
        accept(connection, [read(message) for message in messages], canonical=canonical)


def the_company(database: Database) -> int:
    """The benchmark company's number."""
    with database.transaction() as connection:
        return company_ids(connection, [COMPANY])[COMPANY]


@pytest.mark.bench
@pytest.mark.parametrize("batch", [200, BATCH])
@pytest.mark.parametrize(("lines", "most"), [(1, 3.0), (5, 2.5)])
@pytest.mark.parametrize("kind", [receipt, delivery], ids=["receipts", "deliveries"])
def test_posting_stays_near_raw_copy(
    database: FreshDatabase, ratios: Any, lines: int, batch: int, most: float, kind: Any
) -> None:
    with Database(database.worker_url) as service, Database(database.owner_url) as raw:
        submit(service, masters())
        if kind is delivery:
            stock = [receipt(place, 5) for place in range(4_000)]
            submit(service, stock)
            drain(service, the_company(service))
        submit(service, [kind(-1, lines)])
        company = the_company(service)
        drain(service, company)
        with raw.transaction() as connection:
            names = {table: columns(connection, table) for table in ("document", *LEDGERS)}
        ours, floor = [], []
        for turn in range(WARM + ROUNDS):
            messages = [
                Message(json.dumps(kind(place, lines)).encode()) for place in range(turn * batch, (turn + 1) * batch)
            ]
            gc.collect()
            begin = time.perf_counter()
            accept_all(service, messages)
            drained = drain(service, company, limit_documents=batch)
            took = time.perf_counter() - begin
            assert drained.posted == batch
            rows = same_rows(raw, company, turn)
            begin = time.perf_counter()
            copy_raw(raw, rows, names)
            if turn >= WARM:
                floor.append(time.perf_counter() - begin)
                ours.append(took)
        name = f"{'receipts' if kind is receipt else 'deliveries, FIFO'}, {lines} line(s), {batch} at once, against raw COPY"
        ratios.compare(name, ours, floor, most=most, unit=batch)


@pytest.mark.bench
def test_every_method_posts_about_as_fast(database: FreshDatabase, ratios: Any) -> None:
    batch, took = 300, {method: list[float]() for method in ("fifo", "lifo", "moving_average", "specific")}
    with Database(database.worker_url) as service:
        companies = {}
        for method in took:
            named = [
                {**master, "name": method} if master["type"] == "company" else master for master in masters(method)
            ]
            own = [
                {**master, "company": method} if master["type"] in ("warehouse", "item", "batch") else master
                for master in named
            ]
            submit(service, own + [of_company(method, receipt(place, 5)) for place in range(2_000)])
            with service.transaction() as connection:
                companies[method] = company_ids(connection, [method])[method]
            drain(service, companies[method])
        for turn in range(WARM + ROUNDS):
            for method, company in companies.items():
                places = range(turn * batch, (turn + 1) * batch)
                told = [of_company(method, delivery(place, 5)) for place in places]
                messages = [Message(json.dumps(document).encode()) for document in told]
                gc.collect()
                begin = time.perf_counter()
                accept_all(service, messages)
                assert drain(service, company, limit_documents=batch).posted == batch
                if turn >= WARM:
                    took[method].append(time.perf_counter() - begin)
    for method in ("lifo", "moving_average", "specific"):
        ratios.compare(f"deliveries, {method}, 5 lines against FIFO", took[method], took["fifo"], most=2, unit=batch)


def same_rows(raw: Database, company: int, turn: int) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the newest batch, under the number of a company that is nobody's, as a client that copies rows holds them."""
    vouchers = "SELECT voucher_id FROM voucher WHERE company_id = %(company)s AND batch_no = %(batch)s"
    moved = f"SELECT chain_id FROM stock_movement WHERE company_id = %(company)s AND voucher_id IN ({vouchers})"
    keys = {"document": "sequence", "balance": "chain_id"}
    rows: dict[str, list[tuple[Any, ...]]] = {}
    with raw.transaction() as connection:
        batch = connection.execute("SELECT max(batch_no) FROM voucher WHERE company_id = %s", [company]).fetchone()
        named = {"company": company, "batch": batch[0] if batch else 0}
        for table in ("document", *LEDGERS):
            chosen = moved if table == "balance" else vouchers
            found = connection.execute(
                f"SELECT {columns(connection, table)} FROM {table} "
                f"WHERE company_id = %(company)s AND {keys.get(table, 'voucher_id')} IN ({chosen})",
                named,
            )
            rows[table] = [
                (10_000 + turn, *(json.dumps(cell) if isinstance(cell, dict | list) else cell for cell in row[1:]))
                for row in found
            ]
    return rows


def columns(connection: Rows, table: str) -> str:
    """A table's stored columns, the company first."""
    found = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' "
        "ORDER BY attname <> 'company_id', attnum",
        [table],
    )
    return ", ".join(name for (name,) in found)


def copy_raw(raw: Database, rows: dict[str, list[tuple[Any, ...]]], names: dict[str, str]) -> None:
    """What the service must write at the least: the documents and a commit, then both ledgers and the balances and a commit."""
    for tables in (("document",), LEDGERS):
        with raw.transaction() as connection:
            for table in tables:
                with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names[table]}) FROM STDIN") as copy:
                    for row in rows[table]:
                        copy.write_row(row)
