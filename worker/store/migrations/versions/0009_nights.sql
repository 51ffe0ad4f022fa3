ALTER TABLE slot
    ADD COLUMN deadline_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN lease_until TIMESTAMP WITH TIME ZONE,
    ADD COLUMN alerted_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN fence BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;

ALTER TABLE slot
    ALTER COLUMN fence DROP DEFAULT,
    ALTER COLUMN attempts DROP DEFAULT;

CREATE INDEX slot_unfinished ON slot (company_id, business_date) WHERE finished_at IS NULL;

-- Notices of all companies share their numbers, so that a number names one wherever it is written.
CREATE SEQUENCE notice_number;

CREATE TABLE notice (
    company_id INTEGER NOT NULL,
    notice_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    business_date DATE NOT NULL,
    subject TEXT NOT NULL,
    content TEXT NOT NULL,
    written_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT notice_pk PRIMARY KEY (company_id, notice_id)
);
CREATE INDEX notice_kind ON notice (company_id, kind, business_date);

CREATE TABLE mail (
    company_id INTEGER NOT NULL,
    notice_id BIGINT NOT NULL,
    address TEXT NOT NULL,
    copy INTEGER NOT NULL,
    locale TEXT NOT NULL,
    message_id TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    written_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    answer TEXT NOT NULL,
    CONSTRAINT mail_pk PRIMARY KEY (company_id, notice_id, address, copy),
    CONSTRAINT mail_message_id_key UNIQUE (message_id)
);
CREATE INDEX mail_waiting ON mail (due_at) WHERE status = 'waiting';

GRANT SELECT ON notice, mail TO perpetua_worker, perpetua_reader;
GRANT INSERT, UPDATE, DELETE ON notice, mail TO perpetua_worker;
GRANT USAGE ON SEQUENCE notice_number TO perpetua_worker;
