"""Plans of migrations to perpetual inventory: what was seen, and what became of it."""

from worker.store.schema.columns import columns, table

# `fingerprint` stands for everything that a plan looked at; `content` is what it says, its opening entry included.
inventory_migration = table(
    "inventory_migration",
    columns("int", "company_id plan_id"),
    columns("text", "status"),
    columns("day", "as_of"),
    columns("bytes", "fingerprint"),
    columns("json", "content"),
    columns("moment", "planned_at"),
    columns("moment", "applied_at rolled_back_at", null=True),
    columns("big", "opening_id", null=True),
    key="company_id plan_id",
)
