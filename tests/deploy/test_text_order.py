"""Books in a database that sorts by the rules of a language: they are listed, found and kept as in one that sorts by code points."""

from __future__ import annotations

import re
import secrets
from functools import partial
from typing import Any

import psycopg

from tests.support.lanes import MASTERS, delivery, number_of, post_all, publish, receipt, rows
from tests.support.own_postgres import cluster_running, debians_postgres, make_cluster, set_up_books
from tests.support.own_servers import server_folder
from tests.support.ports import free_port
from worker.store.database import Database
from worker.store.databases import migrate
from worker.store.databases.text_order import order_by_code_points
from worker.store.desk.document_lists import Wanted, documents_by_number
from worker.store.desk.ledger_pages import vouchers_named
from worker.store.verify import verify

BY_CODE_POINTS, BY_LANGUAGE = "LOCALE_PROVIDER libc LOCALE 'C'", "LOCALE_PROVIDER icu ICU_LOCALE 'de-AT'"
# A language puts these into quite another order, and some of them level with others.
NUMBERS = ["a-1", "a1", "A-1", "a_1", "Z-1", "z-1", "Äa-1", "ä-1", "a-1-1", "a 1", "é-1", "a-10", "a-2"]
_SCHEMA = """
SELECT 'view ' || c.relname, pg_get_viewdef(c.oid) || array(SELECT acl::text FROM unnest(c.relacl) acl ORDER BY 1)::text
FROM pg_class c WHERE c.relnamespace = 'books'::regnamespace AND c.relkind = 'v'
UNION ALL SELECT 'index ' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'column ' || attrelid::regclass || '.' || attname, format_type(atttypid, atttypmod) || attnotnull::text
FROM pg_attribute WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace IN ('books'::regnamespace, 'public'::regnamespace))
    AND NOT attisdropped
ORDER BY 1
"""
_UNSTATED = """
SELECT attrelid::regclass::text, attname::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i') AND attcollation = 'pg_catalog.default'::regcollation
    AND attnum > 0 AND NOT attisdropped
"""


def test_a_database_that_sorts_by_a_language_holds_the_same_books() -> None:
    port, password = free_port(), secrets.token_urlsafe()
    seen: list[dict[str, Any]] = []
    with server_folder() as folder:
        programs = debians_postgres("ICU")
        make_cluster(programs, folder / "data")
        with cluster_running(programs, folder / "data", port, {}) as socket:
            for order in (BY_CODE_POINTS, BY_LANGUAGE):
                with psycopg.connect(socket, autocommit=True) as admin:
                    admin.execute("DROP DATABASE IF EXISTS perpetua")
                urls = set_up_books(socket, port, password, options=f"TEMPLATE template0 ENCODING 'UTF8' {order}")
                seen.append(kept(urls["worker"]) | {"schema": schema(urls["owner"])})
            assert rows_as(urls["owner"], "SELECT 'a' < 'Z'") == [(True,)]
            # Every column says so by itself, and every index but one of what is looked up as a whole: an error's code.
            assert rows_as(urls["owner"], _UNSTATED) == [("outcome_code", "expr")]
            assert_later_columns_follow(urls["owner"])
            assert_found_along_an_index(urls["worker"])
    by_code_points, by_language = seen
    assert by_language == by_code_points
    assert by_language["numbers"] == [number for number in sorted(NUMBERS) if number.startswith("a")]


def kept(url: str) -> dict[str, Any]:
    """The books of a shop with odd numbers and names, as they are listed page by page, searched and reported."""
    with Database(url) as books:
        accounts = [{"type": "warehouse", "company": "Grocery", "name": name} for name in ("stores-2", "Äpfel", "zoo")]
        publish(books, [*MASTERS, *accounts, *(receipt(number) for number in NUMBERS), delivery("DN-1", 5)])
        post_all(books)
        with books.transaction() as connection:
            company = number_of(books)
            assert verify(connection, company) == []
            find = partial(documents_by_number, connection, company, limit=2)
            numbers, page = [], find(Wanted(number="a"))
            while page.further is not None:
                numbers += [row.number for row in page.rows]
                page = find(Wanted(number="a"), after=page.further)
            return {
                "numbers": numbers + [row.number for row in page.rows],
                "vouchers": {
                    begins: [voucher.number for voucher in vouchers_named(connection, company, begins)]
                    for begins in ("", "a", "a-", "A", "ä", "Ä", "é", "PR-2024-00003")
                },
                "ledger": rows(
                    books,
                    "SELECT voucher, account, debit, credit FROM books.general_ledger ORDER BY voucher, account, debit",
                ),
            }


def schema(url: str) -> dict[str, str]:
    """Views, their readers, indexes and columns as PostgreSQL words them, but for the order of text."""
    return {name: re.sub(r'\s+COLLATE "C"', "", wording) for name, wording in rows_as(url, _SCHEMA)}


def rows_as(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def assert_later_columns_follow(owner_url: str) -> None:
    """What a later migration adds is put into the same order, and once that is done nothing is done again."""
    engine = migrate.engine_for(owner_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE desk_action ADD COLUMN remark TEXT")
        order_by_code_points(connection)
        files = "SELECT array_agg(relfilenode ORDER BY oid) FROM pg_class"
        before = connection.exec_driver_sql(files).scalar()
        order_by_code_points(connection)
        assert connection.exec_driver_sql(files).scalar() == before
        assert connection.exec_driver_sql(_UNSTATED).all() == [("outcome_code", "expr")]
    engine.dispose()


def assert_found_along_an_index(worker_url: str) -> None:
    with psycopg.connect(worker_url) as connection:
        connection.execute("SET enable_seqscan = off")
        for table in ("document", "voucher"):
            plan = connection.execute(
                f"EXPLAIN SELECT number FROM {table} WHERE company_id = 1 AND number >= 'a' AND number <= 'b' ORDER BY number".encode()
            ).fetchall()
            told = " ".join(line for (line,) in plan)
            assert "Sort" not in told
            assert re.search(r"Index Cond: .*\(number >= 'a'::text\)", told), told
