-- The worker may add facts and keep its own records; the reader may read. Nobody is a member of the owner.

DO $$
DECLARE
    needed text;
BEGIN
    FOREACH needed IN ARRAY ARRAY['perpetua_worker', 'perpetua_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = needed) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', needed);
        END IF;
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA public, books TO perpetua_worker, perpetua_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public, books TO perpetua_worker, perpetua_reader;
GRANT INSERT ON company, term, master, document, document_revision, refused_message, voucher, stock_movement, stock_difference,
    gl_entry, link, posted_batch TO perpetua_worker;
GRANT INSERT, UPDATE, DELETE ON chain, balance, layer_page, repost_run, repost_request, acceptance, intake_counter, lane,
    outcome, series, stream_lease, slot TO perpetua_worker;
