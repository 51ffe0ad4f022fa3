"""Counts can be found by when they were: what comes in before one of serial numbers has to be counted there."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Index the counts, which are few among all movements."""
    op.execute(
        "CREATE INDEX stock_movement_count ON stock_movement (company_id, posting_at, voucher_id) WHERE basis = 6"
    )
