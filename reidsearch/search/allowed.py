"""The crops that filters let through, of those that a gallery holds."""

from __future__ import annotations

from dataclasses import replace

from reidsearch.domain.crops import CropIds
from reidsearch.domain.request import Filters
from reidsearch.index.gallery import Gallery
from reidsearch.store.crops.store import Store
from reidsearch.store.selection import select_crops


def allowed_crops(store: Store, gallery: Gallery, filters: Filters) -> CropIds | None:
    """Return increasing ids of the crops that pass, whichever crops are excluded; None: all."""
    filters = replace(filters, exclude_crops=())
    if filters.empty:
        return None
    with store.scan() as connection:
        selection = select_crops(connection, filters)
    if gallery.state is not None:
        selection = selection.up_to(gallery.state.last_crop_id)
    return selection.ids
