"""`roles.sql`, run in a real PostgreSQL: who may do what, tried role by role."""

import secrets
from collections.abc import Iterator

import psycopg
import pytest

from domain.errors import PerpetuaError
from tests.support.lanes import MASTERS, delivery, post_all, publish, receipt
from tests.support.own_postgres import cluster_running, make_cluster, set_up_books
from tests.support.own_servers import binaries, server_folder
from tests.support.ports import free_port
from worker.store.database import Database
from worker.store.databases import migrate
from worker.store.schema.tables import DERIVED, FACTS, PROCEDURAL

REFUSED = psycopg.errors.InsufficientPrivilege


@pytest.fixture(scope="module")
def logins() -> Iterator[dict[str, str]]:
    """A cluster of its own, whose database the script has set up and its owner migrated, with books in it: the URL of each role."""
    port = free_port()
    with server_folder() as folder:
        programs = binaries(folder).postgres
        make_cluster(programs, folder / "data")
        with cluster_running(programs, folder / "data", port, {}) as socket:
            urls = set_up_books(socket, port, secrets.token_urlsafe())
            with Database(urls["worker"]) as books:
                publish(books, [*MASTERS, receipt("PR-1"), delivery("DN-1")])
                post_all(books)
            yield urls


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        answered = connection.execute(statement.encode())
        return answered.fetchall() if answered.description else []


def refused(url: str, statement: str) -> None:
    with pytest.raises((REFUSED, psycopg.errors.ReadOnlySqlTransaction)):
        ask(url, statement)


def test_books_are_made_only_in_a_database_that_holds_every_script() -> None:
    port, password = free_port(), secrets.token_urlsafe()
    with server_folder() as folder:
        programs = binaries(folder).postgres
        make_cluster(programs, folder / "data")
        with cluster_running(programs, folder / "data", port, {}) as socket:
            with pytest.raises(PerpetuaError, match="make it again") as refused:
                set_up_books(socket, port, password, options="TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
            assert refused.value.code == "UnfitDatabase"
            advice = refused.value.message.partition("again: ")[2]
            with psycopg.connect(socket, autocommit=True) as admin:
                admin.execute("DROP DATABASE perpetua")
            urls = set_up_books(socket, port, password, options=advice.partition('"perpetua"')[2].rstrip(";"))
            assert migrate.current(urls["worker"]) == migrate.newest()


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
