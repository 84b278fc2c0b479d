"""Alembic's environment; the connection is handed over by `reidsearch.store.database.schema`."""

from alembic import context

from reidsearch.store.tables.every import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
