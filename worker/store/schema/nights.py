"""Tables of the night: what is due when and who is at it, what was said about it, and the mails that wait to be sent. All procedural."""

from sqlalchemy import Index, UniqueConstraint, text

from worker.store.schema.columns import columns, table

# Whoever works at a slot holds it until `lease_until`; `fence` counts the claims, so that one who was too slow can't finish what another
# has taken up. `attempts` counts claims since a turn last ended in good order. Tills' slots are noted when done, and have no deadline.
slot = table(
    "slot",
    columns("int", "company_id"),
    columns("text", "job"),
    columns("day", "business_date"),
    columns("moment", "due_at"),
    columns("moment", "deadline_at claimed_at lease_until finished_at mailed_at alerted_at", null=True),
    columns("big", "fence"),
    columns("int", "attempts"),
    columns("json", "result", null=True),
    Index("slot_date", "company_id", "business_date"),
    Index("slot_unfinished", "company_id", "business_date", postgresql_where=text("finished_at IS NULL")),
    key="company_id job business_date",
)

# What was said, once for all who hear it; every mail is written from it, also when it is sent again.
notice = table(
    "notice",
    columns("int", "company_id"),
    columns("big", "notice_id"),
    columns("text", "kind"),
    columns("day", "business_date"),
    columns("text", "subject content"),
    columns("moment", "written_at"),
    Index("notice_kind", "company_id", "kind", "business_date"),
    key="company_id notice_id",
)

# One mail to one address; a copy that somebody asks for has a number of its own. `answer` is the last word of the mail server.
mail = table(
    "mail",
    columns("int", "company_id"),
    columns("big", "notice_id"),
    columns("text", "address"),
    columns("int", "copy"),
    columns("text", "locale message_id status"),
    columns("int", "attempts"),
    columns("moment", "written_at due_at"),
    columns("moment", "lease_until ended_at", null=True),
    columns("text", "answer"),
    UniqueConstraint("message_id"),
    Index("mail_waiting", "due_at", postgresql_where=text("status = 'waiting'")),
    Index("mail_undelivered", "ended_at", postgresql_where=text("status IN ('refused', 'given up')")),
    key="company_id notice_id address copy",
)
