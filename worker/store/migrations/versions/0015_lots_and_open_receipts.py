"""Nightly sums of batches within chains, and of what is received and not billed; the next look adds everything up anew."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Sums are derived: those that are there are dropped, not brought over."""
    op.execute("DROP TABLE chain_total")
    op.execute(
        "CREATE TABLE chain_total (company_id INTEGER NOT NULL, chain_id INTEGER NOT NULL, batch_id INTEGER NOT NULL, "
        "qty BIGINT NOT NULL, amount BIGINT NOT NULL, CONSTRAINT chain_total_pk PRIMARY KEY (company_id, chain_id, batch_id))"
    )
    op.execute(
        "CREATE TABLE open_receipt (company_id INTEGER NOT NULL, voucher_id BIGINT NOT NULL, posting_date DATE NOT NULL, "
        "outstanding BIGINT NOT NULL, CONSTRAINT open_receipt_pk PRIMARY KEY (company_id, voucher_id))"
    )
    op.execute("UPDATE sync_mark SET full_at = '-infinity'")
    op.execute("GRANT SELECT ON chain_total, open_receipt TO perpetua_worker, perpetua_reader")
    op.execute("GRANT INSERT, UPDATE, DELETE ON chain_total, open_receipt TO perpetua_worker")
