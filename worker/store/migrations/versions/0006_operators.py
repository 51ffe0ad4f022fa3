"""For operators: refusals counted by an index of their own, and the roles of publishers and auditors."""

from alembic import op

revision = "0006"
down_revision = "0005"

_ROLES = """
DO $$
DECLARE
    needed text;
BEGIN
    FOREACH needed IN ARRAY ARRAY['perpetua_publisher', 'perpetua_auditor'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = needed) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', needed);
        END IF;
    END LOOP;
END
$$;
"""


def upgrade() -> None:
    """A publisher may look up what became of documents, and nothing else; an auditor may read everything, now and later."""
    op.execute(
        "CREATE INDEX outcome_refused ON outcome (company_id, sequence) WHERE status = 'rejected' AND moment IS NULL"
    )
    op.execute(_ROLES)
    op.execute("GRANT USAGE ON SCHEMA books TO perpetua_publisher")
    op.execute("GRANT SELECT ON books.document_status TO perpetua_publisher")
    op.execute("GRANT USAGE ON SCHEMA public, books TO perpetua_auditor")
    op.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public, books TO perpetua_auditor")
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public, books GRANT SELECT ON TABLES TO perpetua_auditor")
