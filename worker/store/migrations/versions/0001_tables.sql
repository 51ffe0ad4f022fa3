-- The tables of the first books, as they were then; later migrations change them, never this file.

CREATE TABLE company (
    company_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT company_pk PRIMARY KEY (company_id),
    CONSTRAINT company_name_key UNIQUE (name)
);

CREATE TABLE term (
    company_id INTEGER NOT NULL,
    term_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT term_pk PRIMARY KEY (company_id, term_id),
    CONSTRAINT term_company_id_kind_name_key UNIQUE (company_id, kind, name)
);

CREATE TABLE master (
    company_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    acceptance BIGINT NOT NULL,
    payload TEXT NOT NULL,
    content_hash BYTEA NOT NULL,
    publisher TEXT NOT NULL,
    message_id TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT master_pk PRIMARY KEY (company_id, kind, name, version)
);
CREATE INDEX master_acceptance ON master (acceptance);

CREATE TABLE document (
    company_id INTEGER NOT NULL,
    sequence BIGINT NOT NULL,
    acceptance BIGINT NOT NULL,
    type TEXT NOT NULL,
    number TEXT NOT NULL,
    size INTEGER NOT NULL,
    payload TEXT NOT NULL,
    content_hash BYTEA NOT NULL,
    publisher TEXT NOT NULL,
    message_id TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT document_pk PRIMARY KEY (company_id, sequence)
);
CREATE UNIQUE INDEX document_number ON document (company_id, number, type);

CREATE TABLE document_revision (
    company_id INTEGER NOT NULL,
    sequence BIGINT NOT NULL,
    revision INTEGER NOT NULL,
    payload TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT document_revision_pk PRIMARY KEY (company_id, sequence, revision)
);

CREATE TABLE refused_message (
    company_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    number TEXT NOT NULL,
    content_hash BYTEA NOT NULL,
    raw BYTEA NOT NULL,
    publisher TEXT NOT NULL,
    message_id TEXT NOT NULL,
    error JSON NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT refused_message_pk PRIMARY KEY (company_id, type, number, content_hash)
);

CREATE TABLE voucher (
    company_id INTEGER NOT NULL,
    voucher_id BIGINT NOT NULL,
    type TEXT NOT NULL,
    number TEXT NOT NULL,
    series_year INTEGER NOT NULL,
    series_no INTEGER NOT NULL,
    posting_at TIMESTAMP WITH TIME ZONE NOT NULL,
    posting_date DATE NOT NULL,
    reverses BIGINT NOT NULL,
    figures JSON NOT NULL,
    batch_no BIGINT NOT NULL,
    batch_line INTEGER NOT NULL,
    posted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT voucher_pk PRIMARY KEY (company_id, voucher_id)
);
CREATE UNIQUE INDEX voucher_batch ON voucher (company_id, batch_no, batch_line);
CREATE UNIQUE INDEX voucher_number ON voucher (company_id, number, type);
CREATE UNIQUE INDEX voucher_reverses ON voucher (company_id, reverses) WHERE reverses <> 0;
CREATE UNIQUE INDEX voucher_series ON voucher (company_id, type, series_year, series_no);

CREATE TABLE stock_movement (
    company_id INTEGER NOT NULL,
    movement_id BIGINT NOT NULL,
    voucher_id BIGINT NOT NULL,
    line_no INTEGER NOT NULL,
    chain_id INTEGER NOT NULL,
    posting_at TIMESTAMP WITH TIME ZONE NOT NULL,
    posting_date DATE NOT NULL,
    qty BIGINT NOT NULL,
    value BIGINT NOT NULL,
    basis SMALLINT NOT NULL,
    account_id INTEGER NOT NULL,
    contra_id INTEGER NOT NULL,
    cost_center_id INTEGER NOT NULL,
    dimensions_id INTEGER NOT NULL,
    batch_id INTEGER NOT NULL,
    source_id BIGINT NOT NULL,
    stated BIGINT NOT NULL,
    weight NUMERIC(38, 0) NOT NULL,
    counted_qty BIGINT,
    counted_rate NUMERIC(38, 0),
    provisional BOOLEAN NOT NULL,
    CONSTRAINT stock_movement_pk PRIMARY KEY (company_id, movement_id)
);
CREATE INDEX stock_movement_chain ON stock_movement (company_id, chain_id, posting_at, voucher_id, movement_id);
CREATE INDEX stock_movement_source ON stock_movement (company_id, source_id) WHERE source_id <> 0;
CREATE INDEX stock_movement_voucher ON stock_movement (company_id, voucher_id);

CREATE TABLE stock_difference (
    company_id INTEGER NOT NULL,
    difference_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    movement_id BIGINT NOT NULL,
    voucher_id BIGINT NOT NULL,
    chain_id INTEGER NOT NULL,
    posting_at TIMESTAMP WITH TIME ZONE NOT NULL,
    posting_date DATE NOT NULL,
    qty BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    account_id INTEGER NOT NULL,
    contra_id INTEGER NOT NULL,
    cause_id BIGINT NOT NULL,
    document_id BIGINT NOT NULL,
    cost_center_id INTEGER NOT NULL,
    dimensions_id INTEGER NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT stock_difference_pk PRIMARY KEY (company_id, difference_id)
);
CREATE INDEX stock_difference_cause ON stock_difference (company_id, cause_id) WHERE cause_id <> 0;
CREATE INDEX stock_difference_chain ON stock_difference (company_id, chain_id, posting_at, voucher_id);
CREATE INDEX stock_difference_document ON stock_difference (company_id, document_id) WHERE document_id <> 0;
CREATE INDEX stock_difference_movement ON stock_difference (company_id, movement_id);
CREATE INDEX stock_difference_voucher ON stock_difference (company_id, voucher_id);

CREATE TABLE gl_entry (
    company_id INTEGER NOT NULL,
    entry_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    voucher_id BIGINT NOT NULL,
    account_id INTEGER NOT NULL,
    debit BIGINT NOT NULL,
    credit BIGINT NOT NULL,
    posting_date DATE NOT NULL,
    party_id INTEGER NOT NULL,
    cost_center_id INTEGER NOT NULL,
    dimensions_id INTEGER NOT NULL,
    against_id BIGINT NOT NULL,
    cause_id BIGINT NOT NULL,
    currency_id INTEGER NOT NULL,
    currency_amount BIGINT NOT NULL,
    is_opening BOOLEAN NOT NULL,
    CONSTRAINT gl_entry_pk PRIMARY KEY (company_id, entry_id)
);
CREATE INDEX gl_entry_account ON gl_entry (company_id, account_id, posting_date);
CREATE INDEX gl_entry_against ON gl_entry (company_id, against_id) WHERE against_id <> 0;
CREATE INDEX gl_entry_voucher ON gl_entry (company_id, voucher_id);

CREATE TABLE link (
    company_id INTEGER NOT NULL,
    link_id BIGINT NOT NULL,
    voucher_id BIGINT NOT NULL,
    line_no INTEGER NOT NULL,
    kind TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    target_line INTEGER NOT NULL,
    qty BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    CONSTRAINT link_pk PRIMARY KEY (company_id, link_id)
);
CREATE INDEX link_target ON link (company_id, target_id);
CREATE INDEX link_voucher ON link (company_id, voucher_id);

CREATE TABLE posted_batch (
    company_id INTEGER NOT NULL,
    batch_no BIGINT NOT NULL,
    vouchers INTEGER NOT NULL,
    first_movement BIGINT NOT NULL,
    last_movement BIGINT NOT NULL,
    first_difference BIGINT NOT NULL,
    last_difference BIGINT NOT NULL,
    first_entry BIGINT NOT NULL,
    last_entry BIGINT NOT NULL,
    first_link BIGINT NOT NULL,
    last_link BIGINT NOT NULL,
    previous_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    posted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT posted_batch_pk PRIMARY KEY (company_id, batch_no)
);

CREATE TABLE chain (
    company_id INTEGER NOT NULL,
    chain_id INTEGER NOT NULL,
    item_id INTEGER NOT NULL,
    warehouse_id INTEGER NOT NULL,
    part_id INTEGER NOT NULL,
    CONSTRAINT chain_pk PRIMARY KEY (company_id, chain_id),
    CONSTRAINT chain_company_id_item_id_warehouse_id_part_id_key UNIQUE (company_id, item_id, warehouse_id, part_id)
);

CREATE TABLE balance (
    company_id INTEGER NOT NULL,
    chain_id INTEGER NOT NULL,
    qty BIGINT NOT NULL,
    value NUMERIC(38, 0) NOT NULL,
    state TEXT NOT NULL,
    last_at BIGINT NOT NULL,
    last_sequence BIGINT NOT NULL,
    CONSTRAINT balance_pk PRIMARY KEY (company_id, chain_id)
)
 WITH (fillfactor = 60);

CREATE TABLE layer_page (
    company_id INTEGER NOT NULL,
    chain_id INTEGER NOT NULL,
    page_no BIGINT NOT NULL,
    layers_held INTEGER NOT NULL,
    qty BIGINT NOT NULL,
    layers TEXT NOT NULL,
    CONSTRAINT layer_page_pk PRIMARY KEY (company_id, chain_id, page_no)
);

CREATE TABLE repost_run (
    company_id INTEGER NOT NULL,
    run_id BIGINT NOT NULL,
    status TEXT NOT NULL,
    progress JSON NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT repost_run_pk PRIMARY KEY (company_id, run_id)
);

CREATE TABLE repost_request (
    company_id INTEGER NOT NULL,
    request_id BIGINT NOT NULL,
    chain_id INTEGER NOT NULL,
    from_at BIGINT NOT NULL,
    from_sequence BIGINT NOT NULL,
    tail_at BIGINT NOT NULL,
    tail_sequence BIGINT NOT NULL,
    document_id BIGINT NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    run_id BIGINT,
    CONSTRAINT repost_request_pk PRIMARY KEY (company_id, request_id)
);
CREATE INDEX repost_request_open ON repost_request (company_id, chain_id) WHERE run_id IS NULL;

CREATE TABLE acceptance (
    company_id INTEGER NOT NULL,
    last_number BIGINT NOT NULL,
    CONSTRAINT acceptance_pk PRIMARY KEY (company_id)
);

CREATE TABLE intake_counter (
    company_id INTEGER NOT NULL,
    last_sequence BIGINT NOT NULL,
    CONSTRAINT intake_counter_pk PRIMARY KEY (company_id)
);

CREATE TABLE lane (
    company_id INTEGER NOT NULL,
    decided_sequence BIGINT NOT NULL,
    last_movement BIGINT NOT NULL,
    last_difference BIGINT NOT NULL,
    last_entry BIGINT NOT NULL,
    last_link BIGINT NOT NULL,
    last_request BIGINT NOT NULL,
    last_term INTEGER NOT NULL,
    last_chain INTEGER NOT NULL,
    batch_no BIGINT NOT NULL,
    published_batch BIGINT NOT NULL,
    head_hash BYTEA NOT NULL,
    fault_sequence BIGINT NOT NULL,
    fault_attempts INTEGER NOT NULL,
    CONSTRAINT lane_pk PRIMARY KEY (company_id)
);

CREATE TABLE outcome (
    company_id INTEGER NOT NULL,
    sequence BIGINT NOT NULL,
    status TEXT NOT NULL,
    error JSON NOT NULL,
    waits_for TEXT[] NOT NULL,
    attempts INTEGER NOT NULL,
    batch_no BIGINT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    released_at TIMESTAMP WITH TIME ZONE,
    moment BIGINT,
    CONSTRAINT outcome_pk PRIMARY KEY (company_id, sequence)
);
CREATE INDEX outcome_batch ON outcome (company_id, batch_no);
CREATE INDEX outcome_due ON outcome (company_id, moment, sequence) WHERE moment IS NOT NULL;
CREATE INDEX outcome_parked ON outcome (company_id, sequence) WHERE status = 'parked' AND moment IS NULL;
CREATE INDEX outcome_waits ON outcome USING gin (waits_for) WHERE status = 'parked';

CREATE TABLE series (
    company_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    year INTEGER NOT NULL,
    last_no INTEGER NOT NULL,
    CONSTRAINT series_pk PRIMARY KEY (company_id, type, year)
);

CREATE TABLE stream_lease (
    company_id INTEGER NOT NULL,
    stream TEXT NOT NULL,
    holder TEXT NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT stream_lease_pk PRIMARY KEY (company_id, stream)
);

CREATE TABLE slot (
    company_id INTEGER NOT NULL,
    job TEXT NOT NULL,
    business_date DATE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    claimed_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    mailed_at TIMESTAMP WITH TIME ZONE,
    result JSON,
    CONSTRAINT slot_pk PRIMARY KEY (company_id, job, business_date)
);

-- Masters that all companies share belong to company 0, and the order of acceptance starts before its first number.
INSERT INTO company (company_id, name, created_at) VALUES (0, '*', now());
INSERT INTO acceptance (company_id, last_number) VALUES (0, 0);
