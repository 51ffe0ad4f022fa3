CREATE TABLE pos_sheet (
    company_id INTEGER NOT NULL,
    profile TEXT NOT NULL,
    session_id BIGINT NOT NULL,
    last_sequence BIGINT NOT NULL,
    user_name TEXT NOT NULL,
    last_event TIMESTAMP WITH TIME ZONE NOT NULL,
    sequences BIGINT[] NOT NULL,
    sheet BYTEA NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pos_sheet_pk PRIMARY KEY (company_id, profile, session_id, last_sequence)
);

DROP INDEX pos_invoice_waiting;
CREATE INDEX pos_invoice_waiting ON pos_invoice (company_id, profile, session_id, voucher_id)
    WHERE status IN ('open', 'quarantined');

GRANT SELECT ON pos_sheet TO perpetua_worker, perpetua_reader;
GRANT INSERT, UPDATE, DELETE ON pos_sheet TO perpetua_worker;
