"""When publishers were last heard of."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Create the table; who was heard of before shows once more is heard."""
    op.execute(
        "CREATE TABLE publisher_seen (company_id INTEGER NOT NULL, publisher TEXT NOT NULL, seen_at TIMESTAMP WITH TIME ZONE NOT NULL, "
        "CONSTRAINT publisher_seen_pk PRIMARY KEY (company_id, publisher))"
    )
    op.execute("GRANT SELECT ON publisher_seen TO perpetua_worker, perpetua_reader")
    op.execute("GRANT INSERT, UPDATE ON publisher_seen TO perpetua_worker")
