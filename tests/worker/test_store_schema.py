"""The schema: migrations make exactly the tables that the code knows, and facts can't be changed by anybody."""

from itertools import product

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import sql

from tests.support.lanes import MASTERS, delivery, post_all, publish, receipt
from tests.support.servers import Database as FreshDatabase
from worker.store.database import Database
from worker.store.databases import migrate
from worker.store.posting.series import PREFIXES, voucher_no
from worker.store.schema.tables import DERIVED, FACTS, PROCEDURAL, metadata


@pytest.fixture
def posted(database: FreshDatabase) -> FreshDatabase:
    """A database in which every fact table but the rare ones has rows."""
    with Database(database.worker_url) as books:
        publish(books, [*MASTERS, receipt("PR-1"), delivery("DN-1")])
        post_all(books)
    return database


def test_migrations_make_the_tables_that_the_code_knows(database: FreshDatabase) -> None:
    engine = migrate.engine_for(database.owner_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_the_database_is_at_the_newest_revision_and_upgrading_again_changes_nothing(database: FreshDatabase) -> None:
    migrate.upgrade(database.owner_url)
    assert migrate.current(database.worker_url) == migrate.newest()


def test_a_migration_that_gets_no_lock_gives_up_as_a_whole_and_can_be_run_again(database: FreshDatabase) -> None:
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("DROP SCHEMA books CASCADE; DROP SCHEMA public CASCADE")
        admin.execute("CREATE SCHEMA public AUTHORIZATION perpetua_owner; GRANT USAGE ON SCHEMA public TO PUBLIC")
    migrate.upgrade(database.owner_url, "0003")
    with psycopg.connect(database.owner_url) as busy:
        busy.execute("LOCK TABLE alembic_version IN SHARE MODE")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            migrate.upgrade(database.owner_url)
    assert migrate.current(database.worker_url) == "0003"
    with psycopg.connect(database.owner_url) as owner:
        assert owner.execute("SELECT to_regclass('repost_chunk')").fetchone() == (None,)
    migrate.upgrade(database.owner_url)
    assert migrate.current(database.worker_url) == migrate.newest()


def test_every_table_is_a_fact_or_derived_or_procedural_and_its_key_starts_with_the_company() -> None:
    tables = [*FACTS, *DERIVED, *PROCEDURAL]
    assert sorted(table.name for table in tables) == sorted(metadata.tables)
    for table in tables:
        assert next(iter(table.primary_key.columns)).name == "company_id", table.name


def test_primary_keys_in_the_database_are_those_of_the_tables(database: FreshDatabase) -> None:
    with psycopg.connect(database.owner_url) as connection:
        found = connection.execute(
            "SELECT c.conrelid::regclass::text, array_agg(a.attname::text ORDER BY k.place) FROM pg_constraint c, "
            "unnest(c.conkey) WITH ORDINALITY AS k (number, place), pg_attribute a "
            "WHERE c.contype = 'p' AND a.attrelid = c.conrelid AND a.attnum = k.number "
            "AND c.connamespace = 'public'::regnamespace GROUP BY 1"
        ).fetchall()
    keys = {table: columns for table, columns in found if table != "alembic_version"}
    assert keys == {
        table.name: [column.name for column in table.primary_key.columns] for table in metadata.tables.values()
    }


_CHANGES = ("UPDATE {} SET company_id = company_id", "DELETE FROM {}", "TRUNCATE {}")


def test_the_worker_may_not_change_a_fact(posted: FreshDatabase) -> None:
    with psycopg.connect(posted.worker_url, autocommit=True) as connection:
        for fact, change in product(FACTS, _CHANGES):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL(change).format(sql.Identifier(fact.name)))


def test_not_even_the_owner_may_change_a_fact(posted: FreshDatabase) -> None:
    with psycopg.connect(posted.owner_url, autocommit=True) as connection:
        for fact, change in product(FACTS, _CHANGES):
            with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
                connection.execute(sql.SQL(change).format(sql.Identifier(fact.name)))


def test_the_reader_reads_the_books_and_writes_nothing(posted: FreshDatabase) -> None:
    with psycopg.connect(posted.reader_url, autocommit=True) as connection:
        row = connection.execute("SELECT sum(debit), sum(credit) FROM books.general_ledger").fetchone()
        assert row is not None
        assert row[0] == row[1] > 0
        for table in metadata.tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("INSERT INTO {} DEFAULT VALUES").format(sql.Identifier(table)))


def _entry(debit: str, credit: str, cause: str) -> sql.Composed:
    """The first voucher's entries once more, with other numbers."""
    return sql.SQL(
        "INSERT INTO gl_entry SELECT company_id, entry_id + %s, run_id, voucher_id, account_id, {}, {}, posting_date, party_id, "
        "cost_center_id, dimensions_id, against_id, {}, currency_id, currency_amount, is_opening FROM gl_entry "
        "WHERE voucher_id = 1 AND cause_id = 0"
    ).format(*(sql.SQL(part) for part in (debit, credit, cause)))


def test_entries_that_do_not_balance_are_refused_statement_by_statement(posted: FreshDatabase) -> None:
    with psycopg.connect(posted.worker_url) as connection:
        connection.execute(_entry("credit", "debit", "9"), [100])
        with pytest.raises(psycopg.errors.CheckViolation, match="debits less credits are 200000 minor units"):
            connection.execute(_entry("debit", "0", "9"), [200])


def test_entries_balance_per_cause_not_only_in_sum(posted: FreshDatabase) -> None:
    with psycopg.connect(posted.worker_url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(_entry("debit", "credit", "entry_id"), [300])


def test_voucher_numbers_read_the_same_in_the_views_and_in_outcomes(database: FreshDatabase) -> None:
    with psycopg.connect(database.reader_url) as connection:
        for type_ in PREFIXES:
            for number in (1, 99_999, 100_000, 1_234_567):
                row = connection.execute("SELECT books.voucher_no(%s, 2024, %s)", [type_, number]).fetchone()
                assert row == (voucher_no(type_, 2024, number),)
