"""Reconciliation: nightly verdicts with their causes, sums of both ledgers, accounts out of sync, proposals that mend them."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables; a document's status says what it was warned of."""
    connection: Any = op.get_bind().connection.dbapi_connection
    connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
