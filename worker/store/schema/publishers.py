"""Tables of publishers: which keys they hold, and what was refused or changed at their door. What they may publish is a master."""

from sqlalchemy import Index, text

from worker.store.schema.columns import columns, table

# A key is not kept: it is worked out from the installation's secret, the publisher and this id.
publisher_key = table(
    "publisher_key",
    columns("int", "company_id"),
    columns("text", "publisher key_id"),
    columns("moment", "added_at"),
    columns("text", "added_by"),
    columns("moment", "retired_at", null=True),
    columns("text", "retired_by", null=True),
    key="company_id publisher key_id",
)

# When a publisher last sent something that was its own beyond doubt, to the minute.
publisher_seen = table(
    "publisher_seen",
    columns("int", "company_id"),
    columns("text", "publisher"),
    columns("moment", "seen_at"),
    key="company_id publisher",
)

# One row for each attempt and each change. The bytes of what was refused are in `refused_message`, under this content hash.
publisher_event = table(
    "publisher_event",
    columns("int", "company_id"),
    columns("text", "event_id"),
    columns("moment", "at"),
    columns("text", "publisher action actor company type number message_id"),
    columns("bytes", "content_hash", null=True),
    columns("json", "details"),
    Index("publisher_event_at", "company_id", "at", "event_id"),
    Index("publisher_event_of", "company_id", "publisher", "at", "event_id"),
    Index(
        "publisher_event_message", "company_id", "message_id", unique=True, postgresql_where=text("message_id <> ''")
    ),
    key="company_id event_id",
)
