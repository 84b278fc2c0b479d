"""Where pictures and footage of an archive lie, or lay."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select, union

from reidsearch.store import tables
from reidsearch.store.crops.store import Store
from reidsearch.store.tables.footage import footage_location


def known_places(store: Store, names: Sequence[str]) -> list[str]:
    """Return the places, as text, whose names end so; letters of either case count as one."""
    queries = [
        select(text).where(or_(*(text.iendswith(name, autoescape=True) for name in names if name)))
        for text in (tables.location.c.text, footage_location.c.text)
    ]
    with store.read() as connection:
        return sorted(connection.scalars(union(*queries)))
