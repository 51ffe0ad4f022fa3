-- A sale at a till: its receipt is a fact; where it stands changes until its closing.

CREATE TABLE pos_receipt (
    company_id INTEGER NOT NULL,
    voucher_id BIGINT NOT NULL,
    receipt TEXT NOT NULL,
    CONSTRAINT pos_receipt_pk PRIMARY KEY (company_id, voucher_id)
);

CREATE TABLE pos_certificate (
    company_id INTEGER NOT NULL,
    voucher_id BIGINT NOT NULL,
    certificate TEXT NOT NULL,
    CONSTRAINT pos_certificate_pk PRIMARY KEY (company_id, voucher_id)
);

CREATE TABLE pos_reserved (
    company_id INTEGER NOT NULL,
    chain_id INTEGER NOT NULL,
    qty BIGINT NOT NULL,
    CONSTRAINT pos_reserved_pk PRIMARY KEY (company_id, chain_id)
);

CREATE TABLE pos_session (
    company_id INTEGER NOT NULL,
    session_id BIGINT NOT NULL,
    profile TEXT NOT NULL,
    user_name TEXT NOT NULL,
    opening TEXT NOT NULL,
    floats JSON NOT NULL,
    status TEXT NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closing_id BIGINT NOT NULL,
    CONSTRAINT pos_session_pk PRIMARY KEY (company_id, session_id)
);
CREATE INDEX pos_session_open ON pos_session (company_id, profile) WHERE status = 'open';
CREATE INDEX pos_session_closing ON pos_session (company_id, closing_id) WHERE closing_id <> 0;

CREATE TABLE pos_invoice (
    company_id INTEGER NOT NULL,
    voucher_id BIGINT NOT NULL,
    session_id BIGINT NOT NULL,
    profile TEXT NOT NULL,
    user_name TEXT NOT NULL,
    event_at TIMESTAMP WITH TIME ZONE NOT NULL,
    status TEXT NOT NULL,
    closing_id BIGINT NOT NULL,
    invoice_id BIGINT NOT NULL,
    reason JSON,
    CONSTRAINT pos_invoice_pk PRIMARY KEY (company_id, voucher_id)
);
CREATE INDEX pos_invoice_waiting ON pos_invoice (company_id, profile) WHERE status IN ('open', 'quarantined');
CREATE INDEX pos_invoice_closing ON pos_invoice (company_id, closing_id) WHERE closing_id <> 0;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pos_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pos_certificate
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
    coalesce(v.batch_no, o.batch_no) AS batch_no, d.company_id
FROM document d
JOIN company c USING (company_id)
LEFT JOIN books.voucher v ON v.company_id = d.company_id AND v.voucher_id = d.sequence
LEFT JOIN pos_invoice sale ON sale.company_id = d.company_id AND sale.voucher_id = d.sequence
LEFT JOIN outcome o ON o.company_id = d.company_id AND o.sequence = d.sequence;

GRANT SELECT ON pos_receipt, pos_certificate, pos_reserved, pos_session, pos_invoice TO perpetua_worker, perpetua_reader;
GRANT INSERT ON pos_receipt, pos_certificate TO perpetua_worker;
GRANT INSERT, UPDATE, DELETE ON pos_reserved, pos_session, pos_invoice TO perpetua_worker;
