"""Sheets: sales of open sessions summed ahead of their closing, and a look at the sales of one session alone."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Create the table; sheets of what is open already are made when the clock next rings."""
    connection: Any = op.get_bind().connection.dbapi_connection
    connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
