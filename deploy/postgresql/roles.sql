-- Who may do what in a PostgreSQL of your own. Run it once, as a superuser, in the database that is to hold the books, and again
-- whenever you like: it changes nothing that is as it should be.
--
--     createdb --template template0 --encoding UTF8 --locale C perpetua && psql --dbname perpetua --file roles.sql
--     perpetua db upgrade                  with PERPETUA_OWNER_DATABASE_URL of perpetua_owner
--
-- Any locale will do, as long as the encoding is UTF8; servers.md says why C is a good one.
--
-- No password stands here. Give each role that is to log in its own (\password perpetua_worker), or map certificates to them.
--
--   perpetua_owner      owns the tables and migrates them; nothing that runs all day logs in as it
--   perpetua_worker     adds facts and keeps its own records; it can't change or delete a fact, nor any table
--   perpetua_reader     reads; for reports and business intelligence
--   perpetua_publisher  looks up what became of documents, in one view, and nothing else
--   perpetua_auditor    reads everything, now and after any migration, and sees how the server is set up

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY[
        'perpetua_owner', 'perpetua_worker', 'perpetua_reader', 'perpetua_publisher', 'perpetua_auditor'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I', role);
        END IF;
        EXECUTE format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', role);
    END LOOP;

    -- A new database lets everybody in, and a schema of old times lets everybody create.
    EXECUTE format('ALTER DATABASE %I OWNER TO perpetua_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO perpetua_worker, perpetua_reader, perpetua_publisher, perpetua_auditor', current_database());
END
$$;

ALTER SCHEMA public OWNER TO perpetua_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- Whoever only reads can't hold anything up: neither by a write that slipped in, nor by a report that runs all day.
ALTER ROLE perpetua_reader SET default_transaction_read_only = on;
ALTER ROLE perpetua_reader SET statement_timeout = '15min';
ALTER ROLE perpetua_auditor SET default_transaction_read_only = on;
ALTER ROLE perpetua_auditor SET statement_timeout = '2h';
ALTER ROLE perpetua_publisher SET default_transaction_read_only = on;
ALTER ROLE perpetua_publisher SET statement_timeout = '10s';
ALTER ROLE perpetua_publisher CONNECTION LIMIT 50;

-- How the server is set up, and who is connected, are part of an audit.
GRANT pg_read_all_settings, pg_read_all_stats TO perpetua_auditor;
