"""Tables of reconciliation: verdicts are facts, sums and causes derived, marks and proposals procedural."""

from sqlalchemy import Index, text

from worker.store.schema.columns import columns, table

# One look at a company's books. `as_of` is the last posting date that counted, none where all did; `figures` is what was seen beside
# the accounts: sales still open at tills, reposts that wait, the age of what is received and not billed.
reconciliation = table(
    "reconciliation",
    columns("int", "company_id"),
    columns("big", "reconciliation_id"),
    columns("day", "night"),
    columns("day", "as_of", null=True),
    columns("text", "verdict"),
    columns("yes", "is_full"),
    columns("big", "batch_no rows_read"),
    columns("json", "figures"),
    columns("moment", "started_at recorded_at"),
    Index("reconciliation_night", "company_id", "night", "reconciliation_id"),
    key="company_id reconciliation_id",
)

reconciliation_account = table(
    "reconciliation_account",
    columns("int", "company_id"),
    columns("big", "reconciliation_id"),
    columns("int", "account_id"),
    columns("texts", "warehouses"),
    columns("big", "stock_value balance"),
    columns("yes", "out_of_sync"),
    columns("moment", "parted_at", null=True),
    columns("big", "parted_batch"),
    columns("day", "first_night", null=True),
    key="company_id reconciliation_id account_id",
)

# `amount` is the cause's part of the difference; `figure` what a cause that only informs comes to.
reconciliation_cause = table(
    "reconciliation_cause",
    columns("int", "company_id"),
    columns("big", "reconciliation_id"),
    columns("int", "cause_no account_id"),
    columns("text", "kind"),
    columns("big", "voucher_id"),
    columns("day", "posting_date", null=True),
    columns("big", "amount figure proposal_id"),
    columns("text", "message"),
    columns("moment", "recorded_at", null=True),
    columns("day", "first_night"),
    key="company_id reconciliation_id cause_no",
)

# A law that does not hold, of a chain or of a voucher (0 where it is of the other): the next look asks of it again.
reconciliation_finding = table(
    "reconciliation_finding",
    columns("int", "company_id"),
    columns("big", "reconciliation_id"),
    columns("int", "finding_no"),
    columns("text", "code message"),
    columns("int", "chain_id"),
    columns("big", "voucher_id"),
    columns("day", "first_night"),
    key="company_id reconciliation_id finding_no",
)

# How far both ledgers are added up: all batches up to this one, and so all runs that were published by then.
sync_mark = table(
    "sync_mark",
    columns("int", "company_id"),
    columns("big", "batch_no movement difference entry"),
    columns("moment", "full_at"),
    key="company_id",
)

# A full look under way, in chunks: up to where rows are added, then up to which chain they are checked (`chain_id`), and what was found.
sync_pass = table(
    "sync_pass",
    columns("int", "company_id"),
    columns("big", "batch_no movement difference entry"),
    columns("int", "chain_id", null=True),
    columns("yes", "is_complete"),
    columns("big", "rows milliseconds"),
    columns("json", "findings"),
    key="company_id",
)

# Documents whose rows in the two ledgers differ, as the full look under way has found so far.
sync_apart = table(
    "sync_apart",
    columns("int", "company_id account_id"),
    columns("big", "voucher_id"),
    columns("day", "posting_date"),
    columns("big", "stock_value balance"),
    key="company_id account_id voucher_id posting_date",
)

# What both ledgers come to up to the mark, per stock account and posting date, and per lot: a whole chain (batch 0), and each batch of a
# chain that values several together. Rows that are `anew` belong to the full look under way: they reach as far as it does.
stock_account_day = table(
    "stock_account_day",
    columns("int", "company_id account_id"),
    columns("day", "posting_date"),
    columns("big", "stock_value balance"),
    columns("yes", "anew"),
    key="company_id anew account_id posting_date",
)

chain_total = table(
    "chain_total",
    columns("int", "company_id chain_id batch_id"),
    columns("big", "qty amount"),
    columns("yes", "anew"),
    key="company_id anew chain_id batch_id",
)

# Vouchers that bills are awaited for, or bills that wait for their goods (below zero), up to the mark.
open_receipt = table(
    "open_receipt",
    columns("int", "company_id"),
    columns("big", "voucher_id"),
    columns("day", "posting_date"),
    columns("big", "outstanding"),
    columns("yes", "anew"),
    key="company_id anew posting_date voucher_id",
)

# The same by posting date, moved by differences: ages are added up from days, however much is open.
open_receipt_day = table(
    "open_receipt_day",
    columns("int", "company_id"),
    columns("day", "posting_date"),
    columns("big", "outstanding"),
    columns("yes", "anew"),
    key="company_id anew posting_date",
)

# Where a document's rows in the two ledgers differ, by stock account and posting date: stock value less balance. `unproved` is the part
# that posting itself noted since the mark; the next run finds it in the rows again.
sync_cause = table(
    "sync_cause",
    columns("int", "company_id account_id"),
    columns("big", "voucher_id"),
    columns("day", "posting_date"),
    columns("big", "amount unproved"),
    columns("text", "kind"),
    columns("big", "proposal_id"),
    columns("day", "first_night", null=True),
    columns("moment", "recorded_at"),
    key="company_id account_id voucher_id posting_date",
)

# Accounts that differ from their stock now: what posting reads with its lane. Both figures are as of when somebody last looked.
sync_account = table(
    "sync_account",
    columns("int", "company_id account_id"),
    columns("texts", "warehouses"),
    columns("big", "difference"),
    columns("big", "stock_value balance", null=True),
    columns("moment", "since"),
    columns("day", "first_night", null=True),
    key="company_id account_id",
)

sync_proposal = table(
    "sync_proposal",
    columns("int", "company_id"),
    columns("big", "proposal_id"),
    columns("int", "account_id"),
    columns("text", "kind"),
    columns("big", "voucher_id difference"),
    columns("json", "entry"),
    columns("text", "status"),
    columns("moment", "proposed_at"),
    columns("text", "first_by", null=True),
    columns("moment", "first_at", null=True),
    columns("text", "accepted_by", null=True),
    columns("moment", "accepted_at", null=True),
    columns("text", "number"),
    columns("moment", "settled_at", null=True),
    Index(
        "sync_proposal_open", "company_id", "proposal_id",
        postgresql_where=text("status IN ('proposed', 'awaiting_second', 'submitted')"),
    ),
    key="company_id proposal_id",
)  # fmt: skip
