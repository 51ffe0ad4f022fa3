"""Companies as the unit of distribution: PostgreSQL itself is asked whether each table can be spread by company."""

from datetime import date

import psycopg
import pytest

from tests.support.lanes import number_of, post_all, publish
from tests.support.processes import until
from tests.support.servers import Database as FreshDatabase
from tests.support.servers import at_database
from tests.support.shop import documents, masters
from worker.embedded import Endpoints
from worker.services.reconciliation import reconcile
from worker.services.reposting import run_pending
from worker.store.database import Database
from worker.store.schema.tables import metadata
from worker.store.verify import verify

# Kept whole on every node: the list of companies is small and hardly changes; mails are found by their Message-ID, unique worldwide.
WHOLE = {"company", "mail"}


def test_each_table_can_be_spread_by_company(database: FreshDatabase) -> None:
    # A partitioned table may only have keys that hold what it is spread by: the very rule of distributed PostgreSQL.
    refused = {}
    with psycopg.connect(database.owner_url) as connection:
        for name in sorted(set(metadata.tables) - WHOLE):
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(
                        f"CREATE TABLE spread (LIKE {name} INCLUDING ALL) PARTITION BY HASH (company_id)".encode()
                    )
            except psycopg.Error as error:
                refused[name] = str(error)
    assert refused == {}


def test_every_index_of_a_ledger_begins_with_the_company(database: FreshDatabase) -> None:
    with psycopg.connect(database.owner_url) as connection:
        found = connection.execute(
            "SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, a.attname::text FROM pg_index i "
            "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
            "JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
        ).fetchall()
    ledgers = {
        "document",
        "voucher",
        "stock_movement",
        "stock_difference",
        "gl_entry",
        "link",
        "balance",
        "outcome",
        "posted_batch",
    }
    assert ledgers <= {table for table, _, _ in found}
    # What a parked document waits for is looked up over all companies, when a master comes that all of them share.
    assert {index for table, index, first in found if table in ledgers and first != "company_id"} <= {"outcome_waits"}


def test_no_table_refers_to_another_and_every_key_begins_with_the_company(database: FreshDatabase) -> None:
    with psycopg.connect(database.owner_url) as connection:
        keys = connection.execute(
            "SELECT c.conrelid::regclass::text, c.contype::text, a.attname::text FROM pg_constraint c "
            "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] "
            "JOIN pg_class t ON t.oid = c.conrelid WHERE t.relnamespace = 'public'::regnamespace AND c.contype IN ('p', 'u', 'f')"
        ).fetchall()
    assert {table for table, kind, _ in keys if kind == "p"} >= set(metadata.tables)
    assert [key for key in keys if key[1] == "f"] == []
    assert {table for table, _, first in keys if first != "company_id"} <= WHOLE | {"alembic_version"}


@pytest.mark.slow
def test_books_spread_by_company_are_kept_and_each_lane_stays_on_its_node(
    database: FreshDatabase, cluster: Endpoints
) -> None:
    admin_url = at_database(
        cluster.admin_database_url, str(psycopg.conninfo.conninfo_to_dict(database.owner_url)["dbname"])
    )
    with psycopg.connect(admin_url, autocommit=True) as admin:
        with Database(database.worker_url) as books:
            publish(books, [master for company in SHOPS for master in masters(company)])
        with admin.transaction():
            spread(admin)
        lies: dict[str, int] = {}
        for company in SHOPS:
            with Database(database.worker_url) as books:
                publish(books, documents(company, 24))
                lies[company] = node_of(admin, number_of(books, company))
            before = touched(admin)
            with Database(database.worker_url) as books:
                done, number = post_all(books, company), number_of(books, company)
                assert (done.posted > 12, done.posted + done.rejected) == (True, 24)
                run_pending(books, number)
                reconcile(books, number, night=date(2026, 3, 1))
                with books.transaction() as connection:
                    assert verify(connection, number) == []
                with pytest.raises(psycopg.Error, match="permission denied"), books.transaction() as connection:
                    connection.execute("UPDATE gl_entry SET debit = debit + 1 WHERE company_id = %s", [number])
            # A lane works where its company lies, and nowhere else.
            assert {node for node, counts in touched(admin).items() if counts != before[node]} == {lies[company]}
        assert len(set(lies.values())) == NODES
        # The guards went along: not even the owner changes what was posted.
        with psycopg.connect(database.owner_url) as owner, pytest.raises(psycopg.errors.RestrictViolation):
            owner.execute("UPDATE gl_entry SET debit = debit + 1")


NODES = 2
SHOPS = ("Grocery", "Fuel", "Kiosk", "Bakery")
LANES_OWN = (
    "voucher", "stock_movement", "stock_difference", "gl_entry", "link", "posted_batch", "balance", "chain", "lane", "outcome",
    "series", "reconciliation",
)  # fmt: skip


def spread(admin: psycopg.Connection) -> None:
    """Spread each table over the nodes by company, with its rows, rights and guards: what an operator of a distributed PostgreSQL does."""
    views = admin.execute(
        "SELECT c.oid::regclass::text, pg_get_viewdef(c.oid) FROM pg_class c WHERE c.relnamespace = 'books'::regnamespace "
        "AND c.relkind = 'v' ORDER BY c.oid"
    ).fetchall()
    rights = [*_rights(admin, "books"), *_rights(admin, "public")]
    for name, _ in reversed(views):
        admin.execute(f"DROP VIEW {name} CASCADE".encode())
    for table in sorted(set(metadata.tables) - WHOLE):
        guards = admin.execute(
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", [table]
        ).fetchall()
        for statement in (
            f"ALTER TABLE {table} RENAME TO undivided",
            f"CREATE TABLE {table} (LIKE undivided INCLUDING ALL) PARTITION BY HASH (company_id)",
            *(
                f"CREATE TABLE {table}_on_{node} PARTITION OF {table} FOR VALUES WITH (MODULUS {NODES}, REMAINDER {node})"
                for node in range(NODES)
            ),
            f"INSERT INTO {table} SELECT * FROM undivided",
            "DROP TABLE undivided",
            f"ALTER TABLE {table} OWNER TO perpetua_owner",
            *(guard for (guard,) in guards),
        ):
            admin.execute(statement.encode())
    for name, of in views:
        admin.execute(f"CREATE VIEW {name} AS {of}".encode())
        admin.execute(f"ALTER VIEW {name} OWNER TO perpetua_owner".encode())
    for right in rights:
        admin.execute(right.encode())


def _rights(admin: psycopg.Connection, schema: str) -> list[str]:
    """The grants on the tables and columns of a schema, as statements."""
    found = admin.execute(
        "SELECT format('GRANT %%s ON %%I.%%I TO %%I', privilege_type, table_schema, table_name, grantee) "
        "FROM information_schema.role_table_grants WHERE table_schema = %(schema)s AND grantee LIKE 'perpetua%%' "
        "UNION ALL SELECT format('GRANT %%s (%%I) ON %%I.%%I TO %%I', privilege_type, column_name, table_schema, table_name, grantee) "
        "FROM information_schema.column_privileges WHERE table_schema = %(schema)s AND grantee LIKE 'perpetua%%'",
        {"schema": schema},
    )
    return [str(right) for (right,) in found]


def node_of(admin: psycopg.Connection, company: int) -> int:
    """The node on which a company lies."""
    found = admin.execute("SELECT tableoid::regclass::text FROM lane WHERE company_id = %s", [company]).fetchone()
    assert found is not None
    return int(found[0].removeprefix("lane_on_"))


def touched(admin: psycopg.Connection) -> dict[int, list[tuple[object, ...]]]:
    """How often what belongs to lanes was read or written, by node; a session has told all of it once it is gone, or is asked to."""
    admin.execute("SELECT pg_stat_force_next_flush()")
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    until(lambda: admin.execute(f"{others} AND backend_type = 'client backend'").fetchone() == (0,))
    return {
        node: admin.execute(
            "SELECT relname, seq_scan, idx_scan, n_tup_ins, n_tup_upd FROM pg_stat_user_tables WHERE relname = ANY(%s) ORDER BY 1",
            [[f"{table}_on_{node}" for table in LANES_OWN]],
        ).fetchall()
        for node in range(NODES)
    }
