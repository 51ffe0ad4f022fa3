CREATE TABLE publisher_key (
    company_id INTEGER NOT NULL,
    publisher TEXT NOT NULL,
    key_id TEXT NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE NOT NULL,
    added_by TEXT NOT NULL,
    retired_at TIMESTAMP WITH TIME ZONE,
    retired_by TEXT,
    CONSTRAINT publisher_key_pk PRIMARY KEY (company_id, publisher, key_id)
);

CREATE TABLE publisher_event (
    company_id INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    publisher TEXT NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    company TEXT NOT NULL,
    type TEXT NOT NULL,
    number TEXT NOT NULL,
    message_id TEXT NOT NULL,
    content_hash BYTEA,
    details JSON NOT NULL,
    CONSTRAINT publisher_event_pk PRIMARY KEY (company_id, event_id)
);
CREATE INDEX publisher_event_at ON publisher_event (company_id, at, event_id);
CREATE UNIQUE INDEX publisher_event_message ON publisher_event (company_id, message_id) WHERE message_id <> '';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON publisher_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT ON publisher_key, publisher_event TO perpetua_worker, perpetua_reader;
GRANT INSERT ON publisher_key, publisher_event TO perpetua_worker;
GRANT UPDATE (retired_at, retired_by) ON publisher_key TO perpetua_worker;
