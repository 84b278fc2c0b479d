"""Bring a collection to what an index holds, whatever a killed writer or server has left of it.

The caller holds the right to upload (`Store.uploading`): one process at a time does, of all the
machines that share the server. That is relied on; a second one would insert the same crops again,
which the counts of `index.py` notice. Readers are not kept out: they look at no crop above the last
that they know to be verified, and ask anew when a crop is missing that somebody erased meanwhile.
"""

from __future__ import annotations

import numpy as np

from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.contract import Truth, no_ids
from reidsearch.index.flat import FaissFlat
from reidsearch.index.milvus.server import NOW, Collection, Where

INSERTED_AT_ONCE = 32_768


def upload(
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
    present, doubled = _present(collection, held, removed, last)
    foreign = np.setdiff1d(present, wanted, assume_unique=True)
    erased = _erased(collection, truth, last)
    gone = np.unique(np.concatenate([foreign, doubled, erased, removed]))
    if len(gone):
        collection.delete(gone)
    lacking = np.setdiff1d(
        wanted, np.setdiff1d(present, gone, assume_unique=True), assume_unique=True
    )
    for start in range(0, len(lacking), INSERTED_AT_ONCE):
        part = lacking[start : start + INSERTED_AT_ONCE]
        collection.insert(*_rows(part, truth, tail))
    collection.settle(deleted=len(gone) > 0)
    now_there = collection.count(Where(last, no_ids()), NOW)
    if now_there != len(wanted):
        raise collection.incomplete(f"holds {now_there:,} crops after {len(wanted):,} were given")


def _present(
    collection: Collection, held: CropIds, removed: CropIds, last: int
) -> tuple[CropIds, CropIds]:
    """Return the ids up to the last, and those that may be there twice.

    Where as many are there as were verified, these are not asked for one by one.
    """
    verified = int(max(held[-1:].max(initial=0), removed[-1:].max(initial=0)))
    known = no_ids()
    if not collection.count(Where(last, no_ids()), NOW):
        return known, known
    if len(held) and collection.count(Where(verified, removed), NOW) == len(held):
        known = held
    else:
        verified = 0
    more = collection.ids(verified, last)
    return np.concatenate([known, more]), collection.doubled(more, verified, last)


def _erased(collection: Collection, truth: Truth, last: int) -> CropIds:
    """Ids above the last whose crops the database does not hold."""
    beyond = collection.beyond(last)
    return np.setdiff1d(beyond, truth(beyond)[0], assume_unique=True) if len(beyond) else beyond


def _rows(ids: CropIds, truth: Truth, tail: FaissFlat) -> tuple[CropIds, Vectors]:
    """Ids and vectors: the tail has those of what is new, the database the rest."""
    in_tail = np.isin(ids, tail.ids(), assume_unique=True)
    if in_tail.all():
        return ids, tail.vectors(ids)
    return truth(ids)
