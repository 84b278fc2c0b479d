"""All tables: importing a module adds its tables to the metadata."""

from __future__ import annotations

from reidsearch.store.tables import (
    accounts,  # noqa: F401
    adjustment,  # noqa: F401
    attributes,  # noqa: F401
    calibration,  # noqa: F401
    cases,  # noqa: F401
    event_log,  # noqa: F401
    footage,  # noqa: F401
    ground,  # noqa: F401
    identities,  # noqa: F401
    jobs,  # noqa: F401
    keeps,  # noqa: F401
    neighbours,  # noqa: F401
    passing,  # noqa: F401
    pending,  # noqa: F401
    photos,  # noqa: F401
    pictures,  # noqa: F401
    places,  # noqa: F401
    queue,  # noqa: F401
    retention,  # noqa: F401
    reviews,  # noqa: F401
    saved,  # noqa: F401
)
from reidsearch.store.tables.crops import metadata

__all__ = ["metadata"]
