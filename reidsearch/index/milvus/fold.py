"""Bring a collection to what an index holds, whatever a killed writer or server has left of it.

The caller holds the archive's writer lock: one process at a time folds, of all the machines that
share the server. That is relied on; a second one would insert the same crops again, which the
counts of `index.py` notice. Readers are not kept out: they look at no crop above the last that
they know to be verified, and ask anew when a crop is missing that somebody erased meanwhile.
"""

from __future__ import annotations

import numpy as np

from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.contract import Truth, no_ids
from reidsearch.index.flat import FaissFlat
from reidsearch.index.milvus.server import NOW, Collection, Where

INSERTED_AT_ONCE = 32_768


def fold(
    collection: Collection,
    dimension: int,
    truth: Truth,
    held: CropIds,
    tail: FaissFlat,
    removed: CropIds,
) -> None:
    """Leave exactly `held` and the tail in the collection, up to the last of these, verified.

    Rows above that may be another machine's, whose newer crops this one has not read yet: the
    database decides.

    Args:
        held: increasing ids that were verified to be there, and are not removed.
        removed: increasing ids that were there and are to go.

    Raises:
        IndexAway: the server does not answer.
        IndexIncomplete: it has not what it acknowledged.
    """
    collection.make(dimension)
    wanted = np.concatenate([held, tail.ids()])
    last = int(max(wanted[-1:].max(initial=0), removed[-1:].max(initial=0)))
    present = _present(collection, held, removed, last)
    gone = _not_wanted(collection, truth, present, wanted, last)
    gone = np.union1d(gone, removed)
    if len(gone):
        collection.delete(gone)
    lacking = np.setdiff1d(wanted, np.setdiff1d(present, gone), assume_unique=True)
    for start in range(0, len(lacking), INSERTED_AT_ONCE):
        part = lacking[start : start + INSERTED_AT_ONCE]
        collection.insert(*_rows(part, truth, tail))
    collection.settle(deleted=len(gone) > 0)
    now_there = collection.count(Where(last, no_ids()), NOW)
    if now_there != len(wanted):
        raise collection.incomplete(f"holds {now_there:,} crops after {len(wanted):,} were given")


def _present(collection: Collection, held: CropIds, removed: CropIds, last: int) -> CropIds:
    """All ids up to the last, as often as they are there; where that is as it was, not asked."""
    verified = int(max(held[-1:].max(initial=0), removed[-1:].max(initial=0)))
    if not collection.count(Where(last, no_ids()), NOW):
        return no_ids()
    if len(held) and collection.count(Where(verified, removed), NOW) == len(held):
        known = collection.ids(verified, last) if last > verified else no_ids()
        return np.concatenate([held, known])
    return collection.ids(0, last)


def _not_wanted(
    collection: Collection, truth: Truth, present: CropIds, wanted: CropIds, last: int
) -> CropIds:
    """Ids whose rows have to go: of erased crops, and those that are there twice."""
    once, times = np.unique(present, return_counts=True)
    beyond = collection.beyond(last)
    erased = np.setdiff1d(beyond, truth(beyond)[0], assume_unique=True) if len(beyond) else beyond
    foreign = np.setdiff1d(once, wanted, assume_unique=True)
    return np.unique(np.concatenate([foreign, once[times > 1], erased]))


def _rows(ids: CropIds, truth: Truth, tail: FaissFlat) -> tuple[CropIds, Vectors]:
    """Ids and vectors: the tail has those of what is new, the database the rest."""
    in_tail = np.isin(ids, tail.ids(), assume_unique=True)
    if in_tail.all():
        return ids, tail.vectors(ids)
    return truth(ids)
