-- What operators did at the desk: one row when they asked for it, another with what came of it.

CREATE TABLE desk_action (
    company_id INTEGER NOT NULL,
    action_id TEXT NOT NULL,
    step SMALLINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    user_name TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    type TEXT NOT NULL,
    number TEXT NOT NULL,
    details JSON NOT NULL,
    CONSTRAINT desk_action_pk PRIMARY KEY (company_id, action_id, step)
);
CREATE INDEX desk_action_at ON desk_action (company_id, at, action_id) WHERE step = 0;
CREATE INDEX desk_action_document ON desk_action (company_id, number, type) WHERE number <> '';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON desk_action
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A company whose reposts go before others' (above zero) or after them (below).

CREATE TABLE repost_priority (
    company_id INTEGER NOT NULL,
    priority SMALLINT NOT NULL,
    CONSTRAINT repost_priority_pk PRIMARY KEY (company_id)
);

GRANT SELECT ON desk_action, repost_priority TO perpetua_worker, perpetua_reader;
GRANT INSERT ON desk_action TO perpetua_worker;
GRANT INSERT, UPDATE, DELETE ON repost_priority TO perpetua_worker;

-- Lists are read page by page, newest first, and narrowed by status, by type, or by run.

CREATE INDEX slot_date ON slot (company_id, business_date);
CREATE INDEX document_type ON document (company_id, type, sequence);
CREATE INDEX repost_request_run ON repost_request (company_id, run_id) WHERE run_id IS NOT NULL;
