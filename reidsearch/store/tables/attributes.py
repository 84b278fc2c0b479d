"""The table of attributes: what was recorded of each crop's clothes and belongings."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Table

from reidsearch.domain.attributes import NAMES
from reidsearch.store.tables.crops import metadata, row_digest


def column_of(name: str) -> str:
    """Return the column of one of `domain.attributes.NAMES`."""
    return name.replace(":", "_").replace("-", "_")


# Derived from the crop's picture by the model named. What a tracklet wears is the mean of its
# views' rows, computed when it is asked for, so it can never be out of step with them.
attributes = Table(
    "attributes",
    metadata,
    Column("crop_id", ForeignKey("crop.id", ondelete="CASCADE"), primary_key=True),
    Column("model_id", ForeignKey("model.id"), nullable=False),
    *(Column(column_of(name), Float, nullable=False) for name in NAMES),
    row_digest(),
    Index(None, "model_id"),
)
