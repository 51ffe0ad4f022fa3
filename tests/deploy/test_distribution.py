"""Companies as the unit of distribution: PostgreSQL itself is asked whether each table can be spread by company."""

import psycopg

from tests.support.servers import Database as FreshDatabase
from worker.store.tables import metadata

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
