"""Nights: slots that are claimed, what is said about each night, and mails that wait to be sent."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Extend the slots, create the tables of notices and mails."""
    connection: Any = op.get_bind().connection.dbapi_connection
    connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
