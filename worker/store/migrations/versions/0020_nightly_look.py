"""A night reads what it must: goods not billed are summed by day and found oldest first; what did not hold is asked again."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """The days are those of the vouchers that are kept; of what was found before nobody knows any more where it lay."""
    op.execute("ALTER TABLE open_receipt DROP CONSTRAINT open_receipt_pk")
    op.execute(
        "ALTER TABLE open_receipt ADD CONSTRAINT open_receipt_pk PRIMARY KEY (company_id, anew, posting_date, voucher_id)"
    )
    op.execute(
        "CREATE TABLE open_receipt_day (company_id INTEGER NOT NULL, posting_date DATE NOT NULL, outstanding BIGINT NOT NULL, "
        "anew BOOLEAN NOT NULL, CONSTRAINT open_receipt_day_pk PRIMARY KEY (company_id, anew, posting_date))"
    )
    op.execute(
        "INSERT INTO open_receipt_day SELECT company_id, posting_date, sum(outstanding)::bigint, anew FROM open_receipt "
        "GROUP BY company_id, anew, posting_date"
    )
    op.execute("GRANT SELECT ON open_receipt_day TO perpetua_worker, perpetua_reader")
    op.execute("GRANT INSERT, UPDATE, DELETE ON open_receipt_day TO perpetua_worker")
    for column, kind in (("chain_id", "INTEGER"), ("voucher_id", "BIGINT")):
        op.execute(f"ALTER TABLE reconciliation_finding ADD COLUMN {column} {kind} NOT NULL DEFAULT 0")
        op.execute(f"ALTER TABLE reconciliation_finding ALTER COLUMN {column} DROP DEFAULT")
