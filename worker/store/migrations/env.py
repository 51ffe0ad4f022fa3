"""Runs migrations on the connection that `worker.store.databases.migrate` hands over; never by itself."""

from alembic import context

from worker.store.schema.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
