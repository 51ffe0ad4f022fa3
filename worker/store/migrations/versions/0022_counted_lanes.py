"""A lane counts its vouchers and its parked documents as it writes them, so that nobody counts documents to say how many there are."""

from alembic import op

revision = "0022"
down_revision = "0021"

_COUNTS = {
    "vouchers": "SELECT count(*) FROM voucher v WHERE v.company_id = lane.company_id",
    "parked": "SELECT count(*) FROM outcome o WHERE o.company_id = lane.company_id AND o.status = 'parked'",
}


def upgrade() -> None:
    """What is there already is counted once."""
    for column, count in _COUNTS.items():
        op.execute(f"ALTER TABLE lane ADD COLUMN {column} BIGINT NOT NULL DEFAULT 0")
        op.execute(f"ALTER TABLE lane ALTER COLUMN {column} DROP DEFAULT")
        op.execute(f"UPDATE lane SET {column} = ({count})")
