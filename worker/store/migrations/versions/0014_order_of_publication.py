"""Runs may be published in another order than they were begun in: each keeps the batch as which its rows became visible."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Give runs their batches, found by the moment at which both were written; sums know how far they reach by the batch alone."""
    op.execute("ALTER TABLE repost_run ADD COLUMN batch_no BIGINT NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE repost_run ALTER COLUMN batch_no DROP DEFAULT")
    op.execute(
        "UPDATE repost_run r SET batch_no = b.batch_no FROM posted_batch b "
        "WHERE b.company_id = r.company_id AND b.posted_at = r.published_at AND b.vouchers = 0"
    )
    op.execute("ALTER TABLE sync_mark DROP COLUMN run_id")
