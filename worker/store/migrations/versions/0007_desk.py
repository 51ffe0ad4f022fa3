"""The operators' desk: what they did, whose reposts go first, and indexes for lists that are read page by page."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables and the indexes."""
    connection: Any = op.get_bind().connection.dbapi_connection
    connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
