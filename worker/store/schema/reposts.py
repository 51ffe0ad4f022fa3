"""Tables of reposting: what runs wrote is fact, kept states are derived, requests and runs procedural."""

from sqlalchemy import Index, text

from worker.store.schema.columns import columns, table

# Differences and entries of runs are numbered by themselves, above all numbers that posting gives, so that a run never waits for the
# lane to write. `hash` chains the rows of each chunk to those before it.
repost_chunk = table(
    "repost_chunk",
    columns("int", "company_id"),
    columns("big", "chunk_no run_id first_difference last_difference first_entry last_entry"),
    columns("bytes", "previous_hash hash"),
    columns("moment", "written_at"),
    key="company_id chunk_no",
)

# The state of a chain just after a place; the newest published run's word holds, run 0 being posting itself. No state: nothing is known.
chain_state = table(
    "chain_state",
    columns("int", "company_id chain_id"),
    columns("big", "at sequence run_id"),
    columns("text", "state", null=True),
    key="company_id chain_id at sequence run_id",
)

# What the movements of a block, which ends at this place, add up to, and the least that they come to on the way; of the whole chain
# (batch 0) and of each batch that moved. Blocks of level 1 are made of those of level 0.
quantity_block = table(
    "quantity_block",
    columns("int", "company_id chain_id"),
    columns("small", "level"),
    columns("int", "batch_id"),
    columns("moment", "posting_at"),
    columns("big", "sequence net lowest"),
    columns("int", "counts"),
    key="company_id chain_id level posting_at sequence batch_id",
)

# `upto_movement` and `upto_difference`: what the run knows of the books; `pass`: where its pass stands, to be gone on with by anybody;
# `batch_no`: the batch as which it was published (0 where it is not): in that order what it wrote became visible, not in that of numbers.
repost_run = table(
    "repost_run",
    columns("int", "company_id"),
    columns("big", "run_id"),
    columns("text", "status"),
    columns("json", "progress"),
    columns("big", "upto_movement upto_difference batch_no"),
    columns("text", "pass", null=True),
    columns("json", "error", null=True),
    columns("moment", "created_at"),
    columns("moment", "worked_at published_at finished_at", null=True),
    Index("repost_run_open", "company_id", "run_id", postgresql_where=text("published_at IS NULL")),
    key="company_id run_id",
)

repost_request = table(
    "repost_request",
    columns("int", "company_id"),
    columns("big", "request_id"),
    columns("int", "chain_id"),
    columns("big", "from_at from_sequence tail_at tail_sequence document_id"),
    columns("moment", "requested_at"),
    columns("big", "run_id", null=True),
    Index("repost_request_open", "company_id", "chain_id", postgresql_where=text("run_id IS NULL")),
    Index("repost_request_run", "company_id", "run_id", postgresql_where=text("run_id IS NOT NULL")),
    key="company_id request_id",
)

# A company whose reposts wait until somebody lets them go on.
repost_pause = table(
    "repost_pause",
    columns("int", "company_id"),
    columns("text", "actor"),
    columns("moment", "paused_at"),
    key="company_id",
)

# A company whose reposts go before others' (above zero) or after them (below).
repost_priority = table(
    "repost_priority",
    columns("int", "company_id"),
    columns("small", "priority"),
    key="company_id",
)
