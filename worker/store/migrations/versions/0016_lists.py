"""Lists that are narrowed are walked along an index of what they are narrowed by."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Index refusals by their code, what is decided anew, sales set aside, mails not delivered, and what happened to one publisher."""
    for statement in (
        "CREATE INDEX outcome_code ON outcome (company_id, status, (error ->> 'code'), sequence) WHERE moment IS NULL",
        "CREATE INDEX outcome_anew ON outcome (company_id, sequence) WHERE moment IS NOT NULL",
        "CREATE INDEX pos_invoice_quarantined ON pos_invoice (company_id, voucher_id) WHERE status = 'quarantined'",
        "CREATE INDEX mail_undelivered ON mail (ended_at) WHERE status IN ('refused', 'given up')",
        "CREATE INDEX publisher_event_of ON publisher_event (company_id, publisher, at, event_id)",
        "CREATE INDEX refused_message_at ON refused_message (company_id, publisher, received_at)",
    ):
        op.execute(statement)
