"""A sale keeps the number of the invoice that it went into, which is known before the invoice has its place in the company's order."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Sales that are consolidated keep theirs."""
    op.execute("ALTER TABLE pos_invoice ADD COLUMN invoice TEXT NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE pos_invoice ALTER COLUMN invoice DROP DEFAULT")
    op.execute(
        "UPDATE pos_invoice s SET invoice = v.number FROM voucher v "
        "WHERE v.company_id = s.company_id AND v.voucher_id = s.invoice_id AND s.invoice_id <> 0"
    )
    op.execute("ALTER TABLE pos_invoice DROP COLUMN invoice_id")
    # Sheets say by now what their till consolidated by; they are sums, and made anew.
    op.execute("DELETE FROM pos_sheet")
