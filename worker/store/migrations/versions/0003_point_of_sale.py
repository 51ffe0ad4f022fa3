"""Point of sale: receipts, sessions, where each sale stands, what open sales reserve, and certificates of closings."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables, keep facts append-only, and let a sale's state show as the status of its document."""
    connection: Any = op.get_bind().connection.dbapi_connection
    connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
