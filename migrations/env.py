"""Alembic's environment; the connection is handed over by `reidsearch.store.database.schema`."""

from alembic import context

from reidsearch.store.tables import (  # importing a module adds its tables to the metadata
    attributes,  # noqa: F401
    calibration,  # noqa: F401
    footage,  # noqa: F401
    identities,  # noqa: F401
    metadata,
    neighbours,  # noqa: F401
    pending,  # noqa: F401
)

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
