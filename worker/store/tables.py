"""Every table, by how it may change: facts only grow, derived rows can be rebuilt from facts, procedural ones say who does what.

Units: quantities are bigint millionths, amounts bigint minor units of the company's currency, values and rates numeric with
nine decimals folded in. Every primary key begins with the company, so that companies never share a page of an index for long.
Ledger tables have neither foreign keys nor row triggers: both would cost a look-up per row of each COPY.
"""

from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(column_0_label)s",
    }
)

SHARED_COMPANY = 0  # the company of masters that all companies share, `*` in documents

_PLAIN: dict[str, TypeEngine[Any]] = {
    "int": Integer(),
    "big": BigInteger(),
    "small": SmallInteger(),
    "text": Text(),
    "bytes": LargeBinary(),
    "json": JSON(),
    "day": Date(),
    "yes": Boolean(),
    "whole": Numeric(38, 0),
    "moment": DateTime(timezone=True),
    "texts": ARRAY(Text),
}


def _columns(kind: str, names: str, *, null: bool = False) -> list[Column[Any]]:
    return [Column(name, _PLAIN[kind], nullable=null, autoincrement=False) for name in names.split()]


def _table(name: str, *parts: list[Column[Any]] | Index | UniqueConstraint, key: str) -> Table:
    columns = [column for part in parts if isinstance(part, list) for column in part]
    others = [part for part in parts if not isinstance(part, list)]
    return Table(name, metadata, *columns, PrimaryKeyConstraint(*key.split()), *others)


# ----------------------------------------------------------------------------------------------------------- facts

company = _table(
    "company",
    _columns("int", "company_id"),
    _columns("text", "name"),
    _columns("moment", "created_at"),
    UniqueConstraint("name"),
    key="company_id",
)

# Ledger rows name accounts, items and parties by number; `dimensions` terms hold their JSON text. Number 0 is "no name".
term = _table(
    "term",
    _columns("int", "company_id term_id"),
    _columns("text", "kind name"),
    UniqueConstraint("company_id", "kind", "name"),
    key="company_id term_id",
)

master = _table(
    "master",
    _columns("int", "company_id"),
    _columns("text", "kind name"),
    _columns("int", "version"),
    _columns("big", "acceptance"),
    _columns("text", "payload"),
    _columns("bytes", "content_hash"),
    _columns("text", "publisher message_id"),
    _columns("moment", "received_at"),
    Index("master_acceptance", "acceptance"),
    key="company_id kind name version",
)

# The payload is text, not json: a document refused for its shape is kept as it came, whatever PostgreSQL thinks of it.
document = _table(
    "document",
    _columns("int", "company_id"),
    _columns("big", "sequence acceptance"),
    _columns("text", "type number"),
    _columns("int", "size"),
    _columns("text", "payload"),
    _columns("bytes", "content_hash"),
    _columns("text", "publisher message_id"),
    _columns("moment", "received_at"),
    Index("document_number", "company_id", "number", "type", unique=True),
    key="company_id sequence",
)

document_revision = _table(
    "document_revision",
    _columns("int", "company_id"),
    _columns("big", "sequence"),
    _columns("int", "revision"),
    _columns("text", "payload actor reason"),
    _columns("moment", "at"),
    key="company_id sequence revision",
)

# What could not be filed: unreadable messages (company 0, no number) and other content under a number that is taken.
refused_message = _table(
    "refused_message",
    _columns("int", "company_id"),
    _columns("text", "type number"),
    _columns("bytes", "content_hash raw"),
    _columns("text", "publisher message_id"),
    _columns("json", "error"),
    _columns("moment", "received_at"),
    key="company_id type number content_hash",
)

voucher = _table(
    "voucher",
    _columns("int", "company_id"),
    _columns("big", "voucher_id"),
    _columns("text", "type number"),
    _columns("int", "series_year series_no"),
    _columns("moment", "posting_at"),
    _columns("day", "posting_date"),
    _columns("big", "reverses"),
    _columns("json", "figures"),
    _columns("big", "batch_no"),
    _columns("int", "batch_line"),
    _columns("moment", "posted_at"),
    Index("voucher_number", "company_id", "number", "type", unique=True),
    Index("voucher_series", "company_id", "type", "series_year", "series_no", unique=True),
    Index("voucher_batch", "company_id", "batch_no", "batch_line", unique=True),
    Index("voucher_reverses", "company_id", "reverses", unique=True, postgresql_where=text("reverses <> 0")),
    key="company_id voucher_id",
)

stock_movement = _table(
    "stock_movement",
    _columns("int", "company_id"),
    _columns("big", "movement_id voucher_id"),
    _columns("int", "line_no chain_id"),
    _columns("moment", "posting_at"),
    _columns("day", "posting_date"),
    _columns("big", "qty value"),
    _columns("small", "basis"),
    _columns("int", "account_id contra_id cost_center_id dimensions_id batch_id"),
    _columns("big", "source_id stated"),
    _columns("whole", "weight"),
    _columns("big", "counted_qty", null=True),
    _columns("whole", "counted_rate", null=True),
    _columns("yes", "provisional"),
    Index("stock_movement_chain", "company_id", "chain_id", "posting_at", "voucher_id", "movement_id"),
    Index("stock_movement_voucher", "company_id", "voucher_id"),
    Index("stock_movement_source", "company_id", "source_id", postgresql_where=text("source_id <> 0")),
    key="company_id movement_id",
)

# `run_id` 0 was posted with a document; any other belongs to a repost run and shows once that run is published.
stock_difference = _table(
    "stock_difference",
    _columns("int", "company_id"),
    _columns("big", "difference_id run_id movement_id voucher_id"),
    _columns("int", "chain_id"),
    _columns("moment", "posting_at"),
    _columns("day", "posting_date"),
    _columns("big", "qty amount"),
    _columns("small", "kind"),
    _columns("int", "account_id contra_id"),
    _columns("big", "cause_id document_id"),
    _columns("int", "cost_center_id dimensions_id"),
    _columns("moment", "recorded_at"),
    Index("stock_difference_movement", "company_id", "movement_id"),
    Index("stock_difference_voucher", "company_id", "voucher_id"),
    Index("stock_difference_cause", "company_id", "cause_id", postgresql_where=text("cause_id <> 0")),
    Index("stock_difference_document", "company_id", "document_id", postgresql_where=text("document_id <> 0")),
    Index("stock_difference_chain", "company_id", "chain_id", "posting_at", "voucher_id"),
    key="company_id difference_id",
)

gl_entry = _table(
    "gl_entry",
    _columns("int", "company_id"),
    _columns("big", "entry_id run_id voucher_id"),
    _columns("int", "account_id"),
    _columns("big", "debit credit"),
    _columns("day", "posting_date"),
    _columns("int", "party_id cost_center_id dimensions_id"),
    _columns("big", "against_id cause_id"),
    _columns("int", "currency_id"),
    _columns("big", "currency_amount"),
    _columns("yes", "is_opening"),
    Index("gl_entry_account", "company_id", "account_id", "posting_date"),
    Index("gl_entry_voucher", "company_id", "voucher_id"),
    Index("gl_entry_against", "company_id", "against_id", postgresql_where=text("against_id <> 0")),
    key="company_id entry_id",
)

link = _table(
    "link",
    _columns("int", "company_id"),
    _columns("big", "link_id voucher_id"),
    _columns("int", "line_no"),
    _columns("text", "kind"),
    _columns("big", "target_id"),
    _columns("int", "target_line"),
    _columns("big", "qty amount"),
    Index("link_target", "company_id", "target_id"),
    Index("link_voucher", "company_id", "voucher_id"),
    key="company_id link_id",
)

# The range columns give every ledger row to exactly one batch; an empty range ends before it begins.
posted_batch = _table(
    "posted_batch",
    _columns("int", "company_id"),
    _columns("big", "batch_no"),
    _columns("int", "vouchers"),
    _columns("big", "first_movement last_movement first_difference last_difference"),
    _columns("big", "first_entry last_entry first_link last_link"),
    _columns("bytes", "previous_hash hash"),
    _columns("moment", "posted_at"),
    key="company_id batch_no",
)

# --------------------------------------------------------------------------------------------------------- derived

chain = _table(
    "chain",
    _columns("int", "company_id chain_id item_id warehouse_id part_id"),
    UniqueConstraint("company_id", "item_id", "warehouse_id", "part_id"),
    key="company_id chain_id",
)

# A balance row is rewritten by every batch that moves it, so its pages keep room for the next version beside the old one.
balance = Table(
    "balance",
    metadata,
    *_columns("int", "company_id chain_id"),
    *_columns("big", "qty"),
    *_columns("whole", "value"),
    *_columns("text", "state"),
    *_columns("big", "last_at last_sequence"),
    PrimaryKeyConstraint("company_id", "chain_id"),
    postgresql_with={"fillfactor": "60"},
)

layer_page = _table(
    "layer_page",
    _columns("int", "company_id chain_id"),
    _columns("big", "page_no"),
    _columns("int", "layers_held"),
    _columns("big", "qty"),
    _columns("text", "layers"),
    key="company_id chain_id page_no",
)

# What orders put on their way: positive where it comes in, negative where it is promised. Receipts and deliveries take from it by
# links of the kind `delivers`, measured against the line's `whole` quantity.
order_line = _table(
    "order_line",
    _columns("int", "company_id"),
    _columns("big", "voucher_id"),
    _columns("int", "line_no chain_id"),
    _columns("big", "qty whole"),
    key="company_id voucher_id line_no chain_id",
)

# --------------------------------------------------------------------------------------------------------- reposts

repost_run = _table(
    "repost_run",
    _columns("int", "company_id"),
    _columns("big", "run_id"),
    _columns("text", "status"),
    _columns("json", "progress"),
    _columns("moment", "created_at"),
    _columns("moment", "published_at finished_at", null=True),
    key="company_id run_id",
)

repost_request = _table(
    "repost_request",
    _columns("int", "company_id"),
    _columns("big", "request_id"),
    _columns("int", "chain_id"),
    _columns("big", "from_at from_sequence tail_at tail_sequence document_id"),
    _columns("moment", "requested_at"),
    _columns("big", "run_id", null=True),
    Index("repost_request_open", "company_id", "chain_id", postgresql_where=text("run_id IS NULL")),
    key="company_id request_id",
)

# ------------------------------------------------------------------------------------------------------ procedural

# One row for the whole database: its lock puts acceptances into one order, which is the order in which they commit.
acceptance = Table(
    "acceptance",
    metadata,
    *_columns("int", "company_id"),
    *_columns("big", "last_number"),
    PrimaryKeyConstraint("company_id"),
)

intake_counter = _table(
    "intake_counter", _columns("int", "company_id"), _columns("big", "last_sequence"), key="company_id"
)

lane = _table(
    "lane",
    _columns("int", "company_id"),
    _columns("big", "decided_sequence last_movement last_difference last_entry last_link last_request"),
    _columns("int", "last_term last_chain"),
    _columns("big", "batch_no published_batch"),
    _columns("bytes", "head_hash"),
    _columns("big", "fault_sequence"),
    _columns("int", "fault_attempts"),
    key="company_id",
)

# A parked document has no `moment` while it waits; with one, it is due again at that place in the order of acceptance.
outcome = _table(
    "outcome",
    _columns("int", "company_id"),
    _columns("big", "sequence"),
    _columns("text", "status"),
    _columns("json", "error"),
    _columns("texts", "waits_for"),
    _columns("int", "attempts"),
    _columns("big", "batch_no"),
    _columns("moment", "decided_at"),
    _columns("moment", "released_at", null=True),
    _columns("big", "moment", null=True),
    Index("outcome_due", "company_id", "moment", "sequence", postgresql_where=text("moment IS NOT NULL")),
    Index("outcome_waits", "waits_for", postgresql_using="gin", postgresql_where=text("status = 'parked'")),
    Index("outcome_parked", "company_id", "sequence", postgresql_where=text("status = 'parked' AND moment IS NULL")),
    Index("outcome_batch", "company_id", "batch_no"),
    key="company_id sequence",
)

series = _table(
    "series",
    _columns("int", "company_id"),
    _columns("text", "type"),
    _columns("int", "year last_no"),
    key="company_id type year",
)

stream_lease = _table(
    "stream_lease",
    _columns("int", "company_id"),
    _columns("text", "stream holder"),
    _columns("moment", "expires_at"),
    key="company_id stream",
)

slot = _table(
    "slot",
    _columns("int", "company_id"),
    _columns("text", "job"),
    _columns("day", "business_date"),
    _columns("moment", "due_at"),
    _columns("moment", "claimed_at finished_at mailed_at", null=True),
    _columns("json", "result", null=True),
    key="company_id job business_date",
)

FACTS = (
    company, term, master, document, document_revision, refused_message, voucher, stock_movement, stock_difference, gl_entry,
    link, posted_batch,
)  # fmt: skip
DERIVED = (chain, balance, layer_page, order_line)
PROCEDURAL = (
    repost_run, repost_request, acceptance, intake_counter, lane, outcome, series, stream_lease, slot,
)  # fmt: skip
