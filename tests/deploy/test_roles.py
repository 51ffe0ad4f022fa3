"""`roles.sql`, run in a real PostgreSQL: who may do what, tried role by role."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from tests.support.lanes import MASTERS, delivery, post_all, publish, receipt
from tests.support.servers import at_database
from worker.embedded import Endpoints
from worker.store import migrate
from worker.store.database import Database
from worker.store.tables import DERIVED, FACTS, PROCEDURAL

ROLES = Path(__file__).parents[2] / "deploy" / "postgresql" / "roles.sql"
REFUSED = psycopg.errors.InsufficientPrivilege


@pytest.fixture(scope="module")
def logins(cluster: Endpoints, xdist_worker: str) -> Iterator[dict[str, str]]:
    """A database set up by the script, migrated by its owner, with books in it: the URL of each role."""
    name = f"roles_{xdist_worker}"
    admin = at_database(cluster.admin_database_url, name)
    with psycopg.connect(cluster.admin_database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    urls = {"owner": at_database(cluster.owner_database_url, name), "worker": at_database(cluster.database_url, name)}
    urls["reader"] = at_database(cluster.reader_database_url, name)
    with psycopg.connect(admin, autocommit=True) as connection:
        for _ in range(2):  # once more changes nothing
            connection.execute(ROLES.read_text(encoding="utf-8"))
        for role in ("publisher", "auditor"):
            password = secrets.token_urlsafe()
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(f"perpetua_{role}"), sql.Literal(password))
            )
            parts = urlsplit(admin)
            urls[role] = urlunsplit(parts._replace(netloc=f"perpetua_{role}:{password}@{parts.hostname}:{parts.port}"))
    migrate.upgrade(urls["owner"])
    with Database(urls["worker"]) as books:
        publish(books, [*MASTERS, receipt("PR-1"), delivery("DN-1")])
        post_all(books)
    yield urls
    with psycopg.connect(cluster.admin_database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        for role in ("publisher", "auditor"):
            connection.execute(f"ALTER ROLE perpetua_{role} NOLOGIN PASSWORD NULL")


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        answered = connection.execute(statement.encode())
        return answered.fetchall() if answered.description else []


def refused(url: str, statement: str) -> None:
    with pytest.raises((REFUSED, psycopg.errors.ReadOnlySqlTransaction)):
        ask(url, statement)


@pytest.mark.parametrize("change", ["UPDATE {} SET company_id = 1", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"])
def test_the_worker_adds_facts_and_changes_none(logins: dict[str, str], change: str) -> None:
    with psycopg.connect(logins["worker"], autocommit=True) as connection:
        for fact in FACTS:
            with pytest.raises(REFUSED):
                connection.execute(change.format(fact.name).encode())


def test_the_worker_can_not_get_round_it(logins: dict[str, str]) -> None:
    for statement in (
        "ALTER TABLE gl_entry DISABLE TRIGGER ALL", "DROP TRIGGER append_only ON gl_entry", "CREATE TABLE mine (n int)",
        "SET session_replication_role = replica", "CREATE SCHEMA mine", "SET ROLE perpetua_owner", "CREATE ROLE friend",
        "GRANT perpetua_owner TO perpetua_worker", "COPY gl_entry TO PROGRAM 'true'",
    ):  # fmt: skip
        refused(logins["worker"], statement)


@pytest.mark.parametrize("role", ["reader", "auditor"])
def test_who_reads_reads_everything_and_writes_nothing(logins: dict[str, str], role: str) -> None:
    assert ask(logins[role], "SELECT sum(debit) = sum(credit), count(*) > 0 FROM books.general_ledger") == [
        (True, True)
    ]
    for table in (*FACTS, *DERIVED, *PROCEDURAL):
        ask(logins[role], f"SELECT count(*) FROM {table.name}")
        refused(logins[role], f"DELETE FROM {table.name}")
        refused(logins[role], f"SET default_transaction_read_only = off; DELETE FROM {table.name}")


def test_an_auditor_reads_what_a_later_migration_brings_and_how_the_server_is_set_up(logins: dict[str, str]) -> None:
    ask(logins["owner"], "CREATE TABLE of_a_later_day (n int)")
    assert ask(logins["auditor"], "SELECT count(*) FROM of_a_later_day") == [(0,)]
    assert ask(logins["auditor"], "SELECT setting <> '' FROM pg_settings WHERE name = 'data_directory'") == [(True,)]
    refused(logins["publisher"], "SELECT count(*) FROM public.of_a_later_day")


def test_a_publisher_looks_up_what_became_of_a_document_and_nothing_else(logins: dict[str, str]) -> None:
    found = ask(logins["publisher"], "SELECT status FROM books.document_status WHERE number = 'PR-1'")
    assert found == [("posted",)]
    for table in (*FACTS, *DERIVED, *PROCEDURAL):
        refused(logins["publisher"], f"SELECT count(*) FROM public.{table.name}")
    refused(logins["publisher"], "SELECT count(*) FROM books.general_ledger")


def test_nobody_else_gets_in(logins: dict[str, str]) -> None:
    granted = "SELECT has_database_privilege('public', current_database(), 'CONNECT'), has_schema_privilege('public', 'public', 'USAGE')"
    assert ask(logins["owner"], granted) == [(False, False)]
