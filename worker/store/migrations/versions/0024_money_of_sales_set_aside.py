"""Which closings have counted the money of sales that they set aside."""

from alembic import op

revision = "0024"
down_revision = "0023"

_TABLE = """
CREATE TABLE pos_set_aside (
    company_id INTEGER NOT NULL,
    voucher_id BIGINT NOT NULL,
    closing_id BIGINT NOT NULL,
    expected INTEGER NOT NULL,
    CONSTRAINT pos_set_aside_pk PRIMARY KEY (company_id, voucher_id, closing_id)
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pos_set_aside
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT ON pos_set_aside TO perpetua_worker, perpetua_reader;
GRANT INSERT ON pos_set_aside TO perpetua_worker;
"""


def upgrade() -> None:
    """Money of sales that are set aside by now was told as over; the closing that takes them up has it short, which evens out."""
    op.execute(_TABLE)
