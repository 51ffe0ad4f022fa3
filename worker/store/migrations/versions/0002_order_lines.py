"""Order lines: what orders put on their way, by chain, so that projected quantities need no order's payload."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table and let the worker keep it."""
    op.execute(
        """
        CREATE TABLE order_line (
            company_id INTEGER NOT NULL,
            voucher_id BIGINT NOT NULL,
            line_no INTEGER NOT NULL,
            chain_id INTEGER NOT NULL,
            qty BIGINT NOT NULL,
            whole BIGINT NOT NULL,
            CONSTRAINT order_line_pk PRIMARY KEY (company_id, voucher_id, line_no, chain_id)
        );
        GRANT SELECT ON order_line TO perpetua_worker, perpetua_reader;
        GRANT INSERT, UPDATE, DELETE ON order_line TO perpetua_worker;
        """
    )
