"""The table of previews: documents of which it is asked what they would change, with the answer and what was decided on it."""

from sqlalchemy import Index, text

from worker.store.schema.columns import columns, table

# The newest question under a key counts. What was decided: accepted, redirected or refused.
document_preview = table(
    "document_preview",
    columns("int", "company_id"),
    columns("text", "type number payload publisher message_id"),
    columns("moment", "asked_at"),
    columns("moment", "answered_at", null=True),
    columns("json", "answer", null=True),
    columns("text", "decision decided_by", null=True),
    columns("moment", "decided_at", null=True),
    Index("document_preview_waiting", "company_id", "asked_at", postgresql_where=text("answered_at IS NULL")),
    key="company_id type number",
)
