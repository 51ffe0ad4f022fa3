"""A view says which vouchers follow the rule of periodic inventory, so that each amount not billed is counted once."""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Of a company that keeps periodic inventory, or did: vouchers before `opening`, or of a time before `until`, but not the opening."""
    op.execute(
        "CREATE VIEW books.periodic AS SELECT company_id, opening, until FROM books.cut_over "
        "UNION ALL SELECT company_id, 9223372036854775807, NULL FROM books.company WHERE NOT perpetual"
    )
    op.execute("GRANT SELECT ON books.periodic TO perpetua_worker, perpetua_reader")
