CREATE TABLE document_preview (
    company_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    number TEXT NOT NULL,
    payload TEXT NOT NULL,
    publisher TEXT NOT NULL,
    message_id TEXT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    answer JSON,
    decision TEXT,
    decided_by TEXT,
    decided_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT document_preview_pk PRIMARY KEY (company_id, type, number)
);

CREATE INDEX document_preview_waiting ON document_preview (company_id, asked_at) WHERE answered_at IS NULL;

GRANT SELECT ON document_preview TO perpetua_worker, perpetua_reader;
GRANT INSERT, UPDATE, DELETE ON document_preview TO perpetua_worker;
