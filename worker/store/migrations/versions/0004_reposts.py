"""Reposts in chunks: what runs wrote, kept states of chains, where a run stands, and companies whose reposts are paused."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables and extend runs and balances."""
    connection: Any = op.get_bind().connection.dbapi_connection
    connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
