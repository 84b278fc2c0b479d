"""Alembic's environment; the connection is handed over by `reidsearch.archive.schema`."""

from alembic import context

from reidsearch.archive import (  # noqa: F401  they join the same metadata
    attribute_tables,
    calibration_tables,
    footage_tables,
    identity_tables,
    neighbours_tables,
)
from reidsearch.archive.tables import metadata

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
