"""Tables of the operators' desk: what they did is fact."""

from sqlalchemy import Index, text

from worker.store.schema.columns import columns, table

# `step` 0 is what an operator asked for, written before anything is done; 1 is what came of it. Company 0 where none is meant.
desk_action = table(
    "desk_action",
    columns("int", "company_id"),
    columns("text", "action_id"),
    columns("small", "step"),
    columns("moment", "at"),
    columns("text", "user_name address action type number"),
    columns("json", "details"),
    Index("desk_action_at", "company_id", "at", "action_id", postgresql_where=text("step = 0")),
    Index("desk_action_document", "company_id", "number", "type", postgresql_where=text("number <> ''")),
    key="company_id action_id step",
)
