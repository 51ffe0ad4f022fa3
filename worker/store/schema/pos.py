"""Tables of the point of sale: receipts and certificates are facts, reservations derived, sessions and states procedural."""

from sqlalchemy import Index, text

from worker.store.schema.columns import columns, table

# A sale at a till as it was decided, in the short form that closings read.
pos_receipt = table(
    "pos_receipt", columns("int", "company_id"), columns("big", "voucher_id"), columns("text", "receipt"),
    key="company_id voucher_id",
)  # fmt: skip

pos_certificate = table(
    "pos_certificate", columns("int", "company_id"), columns("big", "voucher_id"), columns("text", "certificate"),
    key="company_id voucher_id",
)  # fmt: skip

# How often a closing has expected the money of a sale in the drawer apart from taking it up: 1 where it set the sale aside, -1 where money
# that was expected before came into the books, or was given back.
pos_set_aside = table(
    "pos_set_aside", columns("int", "company_id"), columns("big", "voucher_id closing_id"), columns("int", "expected"),
    key="company_id voucher_id closing_id",
)  # fmt: skip

# What open sales at tills reserve of a chain; the receipts of open and quarantined sales add up to it.
pos_reserved = table(
    "pos_reserved", columns("int", "company_id chain_id"), columns("big", "qty"), key="company_id chain_id"
)

# Sales of an open session summed ahead of their closing: a closing reads the sheet in their place while all of them are open.
pos_sheet = table(
    "pos_sheet",
    columns("int", "company_id"),
    columns("text", "profile"),
    columns("big", "session_id last_sequence"),
    columns("text", "user_name"),
    columns("moment", "last_event"),
    columns("bigs", "sequences"),
    columns("bytes", "sheet"),
    columns("moment", "made_at"),
    key="company_id profile session_id last_sequence",
)

# A till's session; its number is that of the opening, or of the first sale where nobody opened it.
pos_session = table(
    "pos_session",
    columns("int", "company_id"),
    columns("big", "session_id"),
    columns("text", "profile user_name opening"),
    columns("json", "floats"),
    columns("text", "status"),
    columns("moment", "opened_at"),
    columns("big", "closing_id"),
    Index("pos_session_open", "company_id", "profile", postgresql_where=text("status = 'open'")),
    Index("pos_session_closing", "company_id", "closing_id", postgresql_where=text("closing_id <> 0")),
    key="company_id session_id",
)

# Where a sale stands: open, quarantined, consolidated or cancelled. `invoice` is the number of the sales invoice that it went into.
pos_invoice = table(
    "pos_invoice",
    columns("int", "company_id"),
    columns("big", "voucher_id session_id"),
    columns("text", "profile user_name"),
    columns("moment", "event_at"),
    columns("text", "status"),
    columns("big", "closing_id"),
    columns("json", "reason", null=True),
    columns("text", "invoice"),
    Index(
        "pos_invoice_waiting",
        "company_id",
        "profile",
        "session_id",
        "voucher_id",
        postgresql_where=text("status IN ('open', 'quarantined')"),
    ),
    Index("pos_invoice_quarantined", "company_id", "voucher_id", postgresql_where=text("status = 'quarantined'")),
    Index("pos_invoice_closing", "company_id", "closing_id", postgresql_where=text("closing_id <> 0")),
    key="company_id voucher_id",
)
