"""A full look at the books in chunks: its sums grow beside those in use, and take their place when it is through."""

from alembic import op

revision = "0019"
down_revision = "0018"

_KEYS = {
    "stock_account_day": "account_id, posting_date",
    "chain_total": "chain_id, batch_id",
    "open_receipt": "voucher_id",
}


def upgrade() -> None:
    """Sums in use stay as they are."""
    for table, key in _KEYS.items():
        op.execute(f"ALTER TABLE {table} ADD COLUMN anew BOOLEAN NOT NULL DEFAULT false")
        op.execute(f"ALTER TABLE {table} ALTER COLUMN anew DROP DEFAULT")
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pk")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_pk PRIMARY KEY (company_id, anew, {key})")
    op.execute(
        "CREATE TABLE sync_pass (company_id INTEGER NOT NULL, batch_no BIGINT NOT NULL, movement BIGINT NOT NULL, "
        "difference BIGINT NOT NULL, entry BIGINT NOT NULL, chain_id INTEGER, is_complete BOOLEAN NOT NULL, rows BIGINT NOT NULL, "
        "milliseconds BIGINT NOT NULL, findings JSON NOT NULL, CONSTRAINT sync_pass_pk PRIMARY KEY (company_id))"
    )
    op.execute(
        "CREATE TABLE sync_apart (company_id INTEGER NOT NULL, account_id INTEGER NOT NULL, voucher_id BIGINT NOT NULL, "
        "posting_date DATE NOT NULL, stock_value BIGINT NOT NULL, balance BIGINT NOT NULL, "
        "CONSTRAINT sync_apart_pk PRIMARY KEY (company_id, account_id, voucher_id, posting_date))"
    )
    op.execute("GRANT SELECT ON sync_pass, sync_apart TO perpetua_worker, perpetua_reader")
    op.execute("GRANT INSERT, UPDATE, DELETE ON sync_pass, sync_apart TO perpetua_worker")
