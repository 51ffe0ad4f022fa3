"""Sums of what chains moved, block by block, so that a document posted into the past reads few rows however much came later."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the table; blocks of what is there already are made when somebody asks."""
    connection: Any = op.get_bind().connection.dbapi_connection
    connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
