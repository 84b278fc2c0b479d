"""The tables, in portable SQLAlchemy Core. In: nothing. Out: tables for statements and migrations.

Those of crops can be imported from here.
"""

from reidsearch.store.tables.crops import (
    Id,
    archive,
    camera,
    crop,
    embedding,
    event,
    failure,
    generation,
    location,
    metadata,
    model,
    picture,
    run,
    source,
)

__all__ = [
    "Id",
    "archive",
    "camera",
    "crop",
    "embedding",
    "event",
    "failure",
    "generation",
    "location",
    "metadata",
    "model",
    "picture",
    "run",
    "source",
]
