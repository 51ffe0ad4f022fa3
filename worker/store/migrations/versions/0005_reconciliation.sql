CREATE TABLE reconciliation (
    company_id INTEGER NOT NULL,
    reconciliation_id BIGINT NOT NULL,
    night DATE NOT NULL,
    as_of DATE,
    verdict TEXT NOT NULL,
    is_full BOOLEAN NOT NULL,
    batch_no BIGINT NOT NULL,
    rows_read BIGINT NOT NULL,
    figures JSON NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT reconciliation_pk PRIMARY KEY (company_id, reconciliation_id)
);

CREATE INDEX reconciliation_night ON reconciliation (company_id, night, reconciliation_id);

CREATE TABLE reconciliation_account (
    company_id INTEGER NOT NULL,
    reconciliation_id BIGINT NOT NULL,
    account_id INTEGER NOT NULL,
    warehouses TEXT[] NOT NULL,
    stock_value BIGINT NOT NULL,
    balance BIGINT NOT NULL,
    out_of_sync BOOLEAN NOT NULL,
    parted_at TIMESTAMP WITH TIME ZONE,
    parted_batch BIGINT NOT NULL,
    first_night DATE,
    CONSTRAINT reconciliation_account_pk PRIMARY KEY (company_id, reconciliation_id, account_id)
);

CREATE TABLE reconciliation_cause (
    company_id INTEGER NOT NULL,
    reconciliation_id BIGINT NOT NULL,
    cause_no INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    voucher_id BIGINT NOT NULL,
    posting_date DATE,
    amount BIGINT NOT NULL,
    figure BIGINT NOT NULL,
    proposal_id BIGINT NOT NULL,
    message TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE,
    first_night DATE NOT NULL,
    CONSTRAINT reconciliation_cause_pk PRIMARY KEY (company_id, reconciliation_id, cause_no)
);

CREATE TABLE reconciliation_finding (
    company_id INTEGER NOT NULL,
    reconciliation_id BIGINT NOT NULL,
    finding_no INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    first_night DATE NOT NULL,
    CONSTRAINT reconciliation_finding_pk PRIMARY KEY (company_id, reconciliation_id, finding_no)
);

CREATE TABLE sync_mark (
    company_id INTEGER NOT NULL,
    batch_no BIGINT NOT NULL,
    movement BIGINT NOT NULL,
    difference BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    full_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT sync_mark_pk PRIMARY KEY (company_id)
);

CREATE TABLE stock_account_day (
    company_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    posting_date DATE NOT NULL,
    stock_value BIGINT NOT NULL,
    balance BIGINT NOT NULL,
    CONSTRAINT stock_account_day_pk PRIMARY KEY (company_id, account_id, posting_date)
);

CREATE TABLE chain_total (
    company_id INTEGER NOT NULL,
    chain_id INTEGER NOT NULL,
    qty BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    CONSTRAINT chain_total_pk PRIMARY KEY (company_id, chain_id)
);

CREATE TABLE sync_cause (
    company_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    voucher_id BIGINT NOT NULL,
    posting_date DATE NOT NULL,
    amount BIGINT NOT NULL,
    unproved BIGINT NOT NULL,
    kind TEXT NOT NULL,
    proposal_id BIGINT NOT NULL,
    first_night DATE,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT sync_cause_pk PRIMARY KEY (company_id, account_id, voucher_id, posting_date)
);

CREATE TABLE sync_account (
    company_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    warehouses TEXT[] NOT NULL,
    difference BIGINT NOT NULL,
    stock_value BIGINT,
    balance BIGINT,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    first_night DATE,
    CONSTRAINT sync_account_pk PRIMARY KEY (company_id, account_id)
);

CREATE TABLE sync_proposal (
    company_id INTEGER NOT NULL,
    proposal_id BIGINT NOT NULL,
    account_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    voucher_id BIGINT NOT NULL,
    difference BIGINT NOT NULL,
    entry JSON NOT NULL,
    status TEXT NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    first_by TEXT,
    first_at TIMESTAMP WITH TIME ZONE,
    accepted_by TEXT,
    accepted_at TIMESTAMP WITH TIME ZONE,
    number TEXT NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT sync_proposal_pk PRIMARY KEY (company_id, proposal_id)
);

CREATE INDEX sync_proposal_open ON sync_proposal (company_id, proposal_id) WHERE status IN ('proposed', 'awaiting_second', 'submitted');

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliation_account
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliation_cause
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliation_finding
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE VIEW books.document_status AS
SELECT c.name AS company, d.type, d.number, d.sequence, d.received_at,
    CASE
        WHEN v.cancelled_by <> 0 THEN 'cancelled'
        WHEN sale.status IS NOT NULL THEN sale.status
        WHEN v.voucher_id IS NOT NULL THEN 'posted'
        WHEN o.moment IS NOT NULL THEN 'accepted'
        WHEN o.status IS NOT NULL THEN o.status
        ELSE 'accepted'
    END AS status,
    v.posted_at, v.voucher_no, coalesce(o.error, sale.reason) AS error, coalesce(o.waits_for, '{}') AS waits_for, o.decided_at,
    coalesce(v.batch_no, o.batch_no) AS batch_no, d.company_id, v.figures -> 'warning' AS warning
FROM document d
JOIN company c USING (company_id)
LEFT JOIN books.voucher v ON v.company_id = d.company_id AND v.voucher_id = d.sequence
LEFT JOIN pos_invoice sale ON sale.company_id = d.company_id AND sale.voucher_id = d.sequence
LEFT JOIN outcome o ON o.company_id = d.company_id AND o.sequence = d.sequence;

GRANT SELECT ON reconciliation, reconciliation_account, reconciliation_cause, reconciliation_finding, sync_mark, stock_account_day,
    chain_total, sync_cause, sync_account, sync_proposal TO perpetua_worker, perpetua_reader;
GRANT INSERT ON reconciliation, reconciliation_account, reconciliation_cause, reconciliation_finding TO perpetua_worker;
GRANT INSERT, UPDATE, DELETE ON sync_mark, stock_account_day, chain_total, sync_cause, sync_account, sync_proposal TO perpetua_worker;
