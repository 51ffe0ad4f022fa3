"""Migrations from periodic to perpetual inventory: their plans, and since when a company's stock has entries."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the table of plans and the view of cut-overs in force."""
    connection: Any = op.get_bind().connection.dbapi_connection
    connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
