"""The first books: tables, guards, readable views and who may do what."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0001"
down_revision = None

_PARTS = ("tables", "guards", "views", "grants")


def upgrade() -> None:
    """Create everything; the scripts beside this file are the migration."""
    connection: Any = op.get_bind().connection.dbapi_connection
    for part in _PARTS:
        connection.execute(Path(__file__).with_name(f"{revision}_{part}.sql").read_text(encoding="utf-8"))
