"""Every table, by how it may change: facts only grow, derived rows can be rebuilt from facts, procedural ones say who does what.

Units: quantities are bigint millionths, amounts bigint minor units of the company's currency, values and rates numeric with
nine decimals folded in. Every primary key begins with the company, so that companies never share a page of an index for long.
Ledger tables have neither foreign keys nor row triggers: both would cost a look-up per row of each COPY.
"""

from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint, text

from worker.store.schema.columns import columns, metadata, table
from worker.store.schema.desk import desk_action
from worker.store.schema.migration import inventory_migration
from worker.store.schema.nights import mail, notice, slot
from worker.store.schema.pos import (
    pos_certificate,
    pos_invoice,
    pos_receipt,
    pos_reserved,
    pos_session,
    pos_set_aside,
    pos_sheet,
)
from worker.store.schema.previews import document_preview
from worker.store.schema.publishers import publisher_event, publisher_key, publisher_seen
from worker.store.schema.reconciliation import (
    chain_total,
    open_receipt,
    open_receipt_day,
    reconciliation,
    reconciliation_account,
    reconciliation_cause,
    reconciliation_finding,
    stock_account_day,
    sync_account,
    sync_apart,
    sync_cause,
    sync_mark,
    sync_pass,
    sync_proposal,
)
from worker.store.schema.reposts import (
    chain_state,
    quantity_block,
    repost_chunk,
    repost_pause,
    repost_priority,
    repost_request,
    repost_run,
)

__all__ = ["DERIVED", "FACTS", "PROCEDURAL", "metadata"]


# ----------------------------------------------------------------------------------------------------------- facts

company = table(
    "company",
    columns("int", "company_id"),
    columns("text", "name"),
    columns("moment", "created_at"),
    UniqueConstraint("name"),
    key="company_id",
)

# Ledger rows name accounts, items and parties by number; `dimensions` terms hold their JSON text. Number 0 is "no name".
term = table(
    "term",
    columns("int", "company_id term_id"),
    columns("text", "kind name"),
    UniqueConstraint("company_id", "kind", "name"),
    key="company_id term_id",
)

master = table(
    "master",
    columns("int", "company_id"),
    columns("text", "kind name"),
    columns("int", "version"),
    columns("big", "acceptance"),
    columns("text", "payload"),
    columns("bytes", "content_hash"),
    columns("text", "publisher message_id"),
    columns("moment", "received_at"),
    Index("master_acceptance", "acceptance"),
    key="company_id kind name version",
)

# The payload is text, not json: a document refused for its shape is kept as it came, whatever PostgreSQL thinks of it.
document = table(
    "document",
    columns("int", "company_id"),
    columns("big", "sequence acceptance"),
    columns("text", "type number"),
    columns("int", "size"),
    columns("text", "payload"),
    columns("bytes", "content_hash"),
    columns("text", "publisher message_id"),
    columns("moment", "received_at"),
    Index("document_number", "company_id", "number", "type", unique=True),
    Index("document_type", "company_id", "type", "sequence"),
    key="company_id sequence",
)

document_revision = table(
    "document_revision",
    columns("int", "company_id"),
    columns("big", "sequence"),
    columns("int", "revision"),
    columns("text", "payload actor reason"),
    columns("moment", "at"),
    key="company_id sequence revision",
)

# What could not be filed: unreadable messages (company 0, no number) and other content under a number that is taken.
refused_message = table(
    "refused_message",
    columns("int", "company_id"),
    columns("text", "type number"),
    columns("bytes", "content_hash raw"),
    columns("text", "publisher message_id"),
    columns("json", "error"),
    columns("moment", "received_at"),
    Index("refused_message_at", "company_id", "publisher", "received_at"),
    key="company_id type number content_hash",
)

voucher = table(
    "voucher",
    columns("int", "company_id"),
    columns("big", "voucher_id"),
    columns("text", "type number"),
    columns("int", "series_year series_no"),
    columns("moment", "posting_at"),
    columns("day", "posting_date"),
    columns("big", "reverses"),
    columns("json", "figures"),
    columns("big", "batch_no"),
    columns("int", "batch_line"),
    columns("moment", "posted_at"),
    Index("voucher_number", "company_id", "number", "type", unique=True),
    Index("voucher_series", "company_id", "type", "series_year", "series_no", unique=True),
    Index("voucher_batch", "company_id", "batch_no", "batch_line", unique=True),
    Index("voucher_reverses", "company_id", "reverses", unique=True, postgresql_where=text("reverses <> 0")),
    key="company_id voucher_id",
)

stock_movement = table(
    "stock_movement",
    columns("int", "company_id"),
    columns("big", "movement_id voucher_id"),
    columns("int", "line_no chain_id"),
    columns("moment", "posting_at"),
    columns("day", "posting_date"),
    columns("big", "qty value"),
    columns("small", "basis"),
    columns("int", "account_id contra_id cost_center_id dimensions_id batch_id"),
    columns("big", "source_id stated"),
    columns("whole", "weight"),
    columns("big", "counted_qty", null=True),
    columns("whole", "counted_rate", null=True),
    columns("yes", "provisional"),
    Index("stock_movement_chain", "company_id", "chain_id", "posting_at", "voucher_id", "movement_id"),
    Index("stock_movement_voucher", "company_id", "voucher_id"),
    Index("stock_movement_count", "company_id", "posting_at", "voucher_id", postgresql_where=text("basis = 6")),
    Index("stock_movement_source", "company_id", "source_id", postgresql_where=text("source_id <> 0")),
    key="company_id movement_id",
)

# `run_id` 0 was posted with a document; any other belongs to a repost run and shows once that run is published.
stock_difference = table(
    "stock_difference",
    columns("int", "company_id"),
    columns("big", "difference_id run_id movement_id voucher_id"),
    columns("int", "chain_id"),
    columns("moment", "posting_at"),
    columns("day", "posting_date"),
    columns("big", "qty amount"),
    columns("small", "kind"),
    columns("int", "account_id contra_id"),
    columns("big", "cause_id document_id"),
    columns("int", "cost_center_id dimensions_id"),
    columns("moment", "recorded_at"),
    Index("stock_difference_movement", "company_id", "movement_id"),
    Index("stock_difference_voucher", "company_id", "voucher_id"),
    Index("stock_difference_cause", "company_id", "cause_id", postgresql_where=text("cause_id <> 0")),
    Index("stock_difference_document", "company_id", "document_id", postgresql_where=text("document_id <> 0")),
    Index("stock_difference_chain", "company_id", "chain_id", "posting_at", "voucher_id"),
    key="company_id difference_id",
)

gl_entry = table(
    "gl_entry",
    columns("int", "company_id"),
    columns("big", "entry_id run_id voucher_id"),
    columns("int", "account_id"),
    columns("big", "debit credit"),
    columns("day", "posting_date"),
    columns("int", "party_id cost_center_id dimensions_id"),
    columns("big", "against_id cause_id"),
    columns("int", "currency_id"),
    columns("big", "currency_amount"),
    columns("yes", "is_opening"),
    Index("gl_entry_account", "company_id", "account_id", "posting_date"),
    Index("gl_entry_voucher", "company_id", "voucher_id"),
    Index("gl_entry_against", "company_id", "against_id", postgresql_where=text("against_id <> 0")),
    key="company_id entry_id",
)

link = table(
    "link",
    columns("int", "company_id"),
    columns("big", "link_id voucher_id"),
    columns("int", "line_no"),
    columns("text", "kind"),
    columns("big", "target_id"),
    columns("int", "target_line"),
    columns("big", "qty amount"),
    Index("link_target", "company_id", "target_id"),
    Index("link_voucher", "company_id", "voucher_id"),
    key="company_id link_id",
)

# The range columns give every ledger row to exactly one batch; an empty range ends before it begins.
posted_batch = table(
    "posted_batch",
    columns("int", "company_id"),
    columns("big", "batch_no"),
    columns("int", "vouchers"),
    columns("big", "first_movement last_movement first_difference last_difference"),
    columns("big", "first_entry last_entry first_link last_link"),
    columns("bytes", "previous_hash hash"),
    columns("moment", "posted_at"),
    key="company_id batch_no",
)

# --------------------------------------------------------------------------------------------------------- derived

chain = table(
    "chain",
    columns("int", "company_id chain_id item_id warehouse_id part_id"),
    UniqueConstraint("company_id", "item_id", "warehouse_id", "part_id"),
    key="company_id chain_id",
)

# A balance row is rewritten by every batch that moves it, so its pages keep room for the next version beside the old one. `unkept`
# counts movements since the chain's state was last kept; NULL while the chain waits for a repost, when no state is worth keeping.
balance = Table(
    "balance",
    metadata,
    *columns("int", "company_id chain_id"),
    *columns("big", "qty"),
    *columns("whole", "value"),
    *columns("text", "state"),
    *columns("big", "last_at last_sequence"),
    *columns("int", "unkept", null=True),
    PrimaryKeyConstraint("company_id", "chain_id"),
    postgresql_with={"fillfactor": "60"},
)

layer_page = table(
    "layer_page",
    columns("int", "company_id chain_id"),
    columns("big", "page_no"),
    columns("int", "layers_held"),
    columns("big", "qty"),
    columns("text", "layers"),
    key="company_id chain_id page_no",
)

# What orders put on their way: positive where it comes in, negative where it is promised. Receipts and deliveries take from it by
# links of the kind `delivers`, measured against the line's `whole` quantity.
order_line = table(
    "order_line",
    columns("int", "company_id"),
    columns("big", "voucher_id"),
    columns("int", "line_no chain_id"),
    columns("big", "qty whole"),
    key="company_id voucher_id line_no chain_id",
)

# ------------------------------------------------------------------------------------------------------ procedural

# One row for the whole database: its lock puts acceptances into one order, which is the order in which they commit.
acceptance = Table(
    "acceptance",
    metadata,
    *columns("int", "company_id"),
    *columns("big", "last_number"),
    PrimaryKeyConstraint("company_id"),
)

intake_counter = table(
    "intake_counter", columns("int", "company_id"), columns("big", "last_sequence"), key="company_id"
)

# `vouchers` and `parked` count rows as they are written, so that nobody counts them later: those of `voucher`, and those of `outcome`
# that are parked, whether they wait or are due again.
lane = table(
    "lane",
    columns("int", "company_id"),
    columns("big", "decided_sequence last_movement last_difference last_entry last_link last_request"),
    columns("int", "last_term last_chain"),
    columns("big", "batch_no published_batch"),
    columns("bytes", "head_hash"),
    columns("big", "fault_sequence"),
    columns("int", "fault_attempts"),
    columns("big", "vouchers parked"),
    key="company_id",
)

# A parked document has no `moment` while it waits; with one, it is due again at that place in the order of acceptance.
outcome = table(
    "outcome",
    columns("int", "company_id"),
    columns("big", "sequence"),
    columns("text", "status"),
    columns("json", "error"),
    columns("texts", "waits_for"),
    columns("int", "attempts"),
    columns("big", "batch_no"),
    columns("moment", "decided_at"),
    columns("moment", "released_at", null=True),
    columns("big", "moment", null=True),
    Index("outcome_due", "company_id", "moment", "sequence", postgresql_where=text("moment IS NOT NULL")),
    Index("outcome_waits", "waits_for", postgresql_using="gin", postgresql_where=text("status = 'parked'")),
    Index("outcome_parked", "company_id", "sequence", postgresql_where=text("status = 'parked' AND moment IS NULL")),
    Index("outcome_refused", "company_id", "sequence", postgresql_where=text("status = 'rejected' AND moment IS NULL")),
    Index("outcome_batch", "company_id", "batch_no"),
    Index(
        "outcome_code",
        "company_id",
        "status",
        text("(error ->> 'code')"),
        "sequence",
        postgresql_where=text("moment IS NULL"),
    ),
    Index("outcome_anew", "company_id", "sequence", postgresql_where=text("moment IS NOT NULL")),
    key="company_id sequence",
)

series = table(
    "series",
    columns("int", "company_id"),
    columns("text", "type"),
    columns("int", "year last_no"),
    key="company_id type year",
)

stream_lease = table(
    "stream_lease",
    columns("int", "company_id"),
    columns("text", "stream holder"),
    columns("moment", "expires_at"),
    key="company_id stream",
)

FACTS = (
    company, term, master, document, document_revision, refused_message, voucher, stock_movement, stock_difference, gl_entry,
    link, posted_batch, pos_receipt, pos_certificate, pos_set_aside, repost_chunk, desk_action, publisher_event,
    reconciliation, reconciliation_account, reconciliation_cause, reconciliation_finding,
)  # fmt: skip
DERIVED = (
    chain, balance, layer_page, order_line, pos_reserved, pos_sheet, chain_state, quantity_block, stock_account_day, chain_total,
    open_receipt, open_receipt_day, sync_apart, sync_cause, sync_account,
)  # fmt: skip
PROCEDURAL = (
    repost_run, repost_request, repost_pause, repost_priority, acceptance, intake_counter, lane, outcome, series, stream_lease, slot,
    publisher_key, publisher_seen, pos_session, pos_invoice, sync_mark, sync_pass, sync_proposal, document_preview, notice, mail,
    inventory_migration,
)  # fmt: skip
