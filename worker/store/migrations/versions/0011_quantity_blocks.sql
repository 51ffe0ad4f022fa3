CREATE TABLE quantity_block (
    company_id INTEGER NOT NULL,
    chain_id INTEGER NOT NULL,
    level SMALLINT NOT NULL,
    batch_id INTEGER NOT NULL,
    posting_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sequence BIGINT NOT NULL,
    net BIGINT NOT NULL,
    lowest BIGINT NOT NULL,
    counts INTEGER NOT NULL,
    CONSTRAINT quantity_block_pk PRIMARY KEY (company_id, chain_id, level, posting_at, sequence, batch_id)
);

GRANT SELECT ON quantity_block TO perpetua_worker, perpetua_reader;
GRANT INSERT, UPDATE, DELETE ON quantity_block TO perpetua_worker;
