CREATE TABLE repost_chunk (
    company_id INTEGER NOT NULL,
    chunk_no BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    first_difference BIGINT NOT NULL,
    last_difference BIGINT NOT NULL,
    first_entry BIGINT NOT NULL,
    last_entry BIGINT NOT NULL,
    previous_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    written_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT repost_chunk_pk PRIMARY KEY (company_id, chunk_no)
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON repost_chunk
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE chain_state (
    company_id INTEGER NOT NULL,
    chain_id INTEGER NOT NULL,
    at BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    state TEXT,
    CONSTRAINT chain_state_pk PRIMARY KEY (company_id, chain_id, at, sequence, run_id)
);

CREATE TABLE repost_pause (
    company_id INTEGER NOT NULL,
    actor TEXT NOT NULL,
    paused_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT repost_pause_pk PRIMARY KEY (company_id)
);

ALTER TABLE balance ADD COLUMN unkept INTEGER;

ALTER TABLE repost_run
    ADD COLUMN upto_movement BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN upto_difference BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN pass TEXT,
    ADD COLUMN error JSON,
    ADD COLUMN worked_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE repost_run
    ALTER COLUMN upto_movement DROP DEFAULT,
    ALTER COLUMN upto_difference DROP DEFAULT;

CREATE INDEX repost_run_open ON repost_run (company_id, run_id) WHERE published_at IS NULL;

GRANT SELECT ON repost_chunk, chain_state, repost_pause TO perpetua_worker, perpetua_reader;
GRANT INSERT ON repost_chunk TO perpetua_worker;
GRANT INSERT, UPDATE, DELETE ON chain_state, repost_pause TO perpetua_worker;
