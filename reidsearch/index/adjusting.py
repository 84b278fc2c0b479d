"""The adjustment of an open archive's scores: means that are kept, and what new crops add to it.

Camera means are taken by a writer and kept in the database, so that every reader has the same
scores until the archive has changed a good deal. Where none are kept yet (an archive of an earlier
version) and the archive is small, a reader takes them itself, from the same crops in the same way.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.domain.adjustment import (
    COMMON,
    AdjustedBy,
    Adjustment,
    WhyNotAdjusted,
    camera_means,
)
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.index.contract import VectorIndex
from reidsearch.index.norms import Taking, norms_of, slots_of
from reidsearch.store.adjustment import (
    UNKNOWN,
    Counted,
    KeptMeans,
    Members,
    camera_counts,
    camera_names,
    cameras_above,
    crop_at,
    keep_means,
    kept_means,
    member_vectors,
    members,
)
from reidsearch.store.crops.state import State
from reidsearch.store.crops.store import Store

TAKEN_IN_A_SEARCH = 20_000
"""Crops of which a search takes means that nobody has kept; about a second."""
MOVED_SHARE = 0.2
"""Means are made anew when the archive has grown or shrunk by so much since."""
SMALL = 50_000
"""Crops up to which a new camera gets its mean at once; in larger archives the neighbour graph,
which goes with the means, would take long to make anew."""
TOLD_FROM = 10
"""People that a mean is of, below which it might tell what one of them looks like: when one is
deleted, means are made anew."""
SAMPLE = 1024
"""Tracklets and crops of a camera that its mean is of; more hardly move it."""
LEAST_CAMERAS = 2
READ_AT_ONCE = 8192


class Adjusting:
    """Keeps the adjustment of an archive up with its index. The caller takes turns on it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._state: State | None = None
        self._held: KeptMeans | None = None
        self._row: int | None = None
        self._now: Adjustment | WhyNotAdjusted = WhyNotAdjusted.NOT_PREPARED
        self._taking: Taking | None = None

    def of(self, index: VectorIndex, state: State, dimension: int) -> Adjustment | WhyNotAdjusted:
        """Return how scores of all that an index holds are adjusted, or why they are not.

        Args:
            state: where the archive stood when the index was caught up.
        """
        if state != self._state:
            self._catch_up(index, state, dimension)
            self._state = state
        return self._now

    def _catch_up(self, index: VectorIndex, state: State, dimension: int) -> None:
        self._require_given(index, state)
        if self._held is None or self._row != state.adjustment or state.adjustment is None:
            self._row = state.adjustment
            self._held = self._taken_or_kept(index, state, dimension)
        self._now = self._adjustment(index, self._held)

    def _require_given(self, index: VectorIndex, state: State) -> None:
        """Refuse a crop id that was never given: what goes with crops is kept by their ids."""
        ids = index.ids()
        last = int(ids[-1]) if len(ids) else 0
        if last <= state.last_crop_id:
            return
        given = self._store.state().last_crop_id  # others may have added crops since
        if last > given:
            raise ArchiveError(
                f"{self._store.location} holds an embedding of crop {last}, and the last "
                f"crop is {given}",
                "verify the archive",
                kind=Kind.ARCHIVE_DAMAGED,
                archive=self._store.location,
            )

    def _taken_or_kept(self, index: VectorIndex, state: State, dimension: int) -> KeptMeans | None:
        kept = kept_means(self._store, dimension) if state.adjustment is not None else None
        if kept is not None and kept.model_id == state.model_id:
            return kept
        return _taken(self._store, state, dimension) if len(index) <= TAKEN_IN_A_SEARCH else None

    def by(self, index: VectorIndex, held: KeptMeans) -> Adjustment | WhyNotAdjusted:
        """Return how scores of all that an index holds are adjusted by these means."""
        return self._adjustment(index, held)

    def _adjustment(
        self, index: VectorIndex, held: KeptMeans | None
    ) -> Adjustment | WhyNotAdjusted:
        if held is None:
            return WhyNotAdjusted.NOT_PREPARED
        if len(held.counted) - 1 < LEAST_CAMERAS:
            return WhyNotAdjusted.ONE_CAMERA
        self._held = held = _with_new(self._store, index, held)
        names = camera_names(self._store)
        cameras = {
            names[one.camera_id]: slot
            for slot, one in enumerate(held.counted)
            if one.camera_id in names
        }
        people = round(sum(one.people for one in held.counted))
        by = AdjustedBy(len(held.counted) - 1, people, held.crops, held.sha256.hex(), why_not=None)
        return Adjustment(held.means, held.slots, held.norms, cameras, by)

    # -- writing ----------------------------------------------------------------------------

    def stale(self, state: State, dimension: int) -> bool:
        """Tell whether means ought to be taken anew; none are kept, or the archive has changed."""
        kept = kept_means(self._store, dimension)
        if kept is None or kept.model_id != state.model_id:
            return True
        counts = camera_counts(self._store)
        total = sum(counts.values())
        if abs(total - kept.crops) > MOVED_SHARE * kept.crops:
            return True
        if total <= SMALL and counts.keys() - {one.camera_id for one in kept.counted} - {None}:
            return True
        return kept.erasures != state.erasures and any(
            one.people < TOLD_FROM and counts.get(one.camera_id, 0) < one.crops
            for one in kept.counted
        )

    def begin_taking(self, state: State, dimension: int) -> None:
        """Take means that `keep` will want before the index is filled, and then see its vectors."""
        self._taking = None
        if self.stale(state, dimension):
            made = _taken(self._store, state, dimension)
            if len(made.counted) - 1 >= LEAST_CAMERAS:
                self._taking = Taking(made, state, *cameras_above(self._store, 0))

    def see(self, ids: CropIds, vectors: Vectors) -> None:
        """Be shown what an index takes in: reading it again takes longer than coding it."""
        if self._taking is not None:
            self._taking.see(ids, vectors)

    def keep(self, index: VectorIndex, state: State, dimension: int) -> None:
        """Write what readers are to adjust by.

        Args:
            index: holds all of the archive.
            state: of the archive.
        """
        kept = kept_means(self._store, dimension)
        taking, self._taking = self._taking, None
        if kept is not None and not self.stale(state, dimension):
            made, taking = kept, None
        elif taking is not None and taking.state == state:
            made = taking.means
        else:
            made, taking = _taken(self._store, state, dimension), None
        if len(made.counted) - 1 >= LEAST_CAMERAS:
            made = _only(_with_new(self._store, index, made, taking), index.ids())
        if kept is None or not _equal(made, kept):
            keep_means(self._store, made, state.erasures)
        self._held, self._state = None, None


def means_by_digest(store: Store, state: State, dimension: int, by: AdjustedBy) -> KeptMeans | None:
    """Return the means that scores were once adjusted by; None: they cannot be made again.

    They are those in force, or are taken again from the crops that the archive held by then, which
    gives the same where none of these was deleted and nobody else confirmed since. The digest says
    so.
    """
    kept = kept_means(store, dimension)
    if kept is not None and kept.model_id == state.model_id and _are(kept, by):
        return kept
    last = crop_at(store, by.crops)
    taken = _taken(store, state, dimension, last) if last is not None else None
    return taken if taken is not None and _are(taken, by) else None


def _are(means: KeptMeans, by: AdjustedBy) -> bool:
    return means.sha256.hex() == by.means_sha256


def _taken(
    store: Store, state: State, dimension: int, last_crop_id: int | None = None
) -> KeptMeans:
    """Take the means of an archive as it stands, or of its crops up to one."""
    if state.model_id is None:
        raise ValueError("an archive without a model has no means")
    counts = camera_counts(store, last_crop_id)
    chosen = _sampled(members(store, last_crop_id))
    vectors = member_vectors(store, chosen, dimension)
    there = vectors.any(axis=1)  # what was deleted meanwhile is not
    known = np.unique(chosen.cameras[there & (chosen.cameras != UNKNOWN)])
    cameras = np.searchsorted(known, chosen.cameras)
    cameras[chosen.cameras == UNKNOWN] = UNKNOWN
    found = camera_means(vectors[there], cameras[there], len(known), persons=chosen.persons[there])
    unknown = float(found.people[COMMON] - found.people[1:].sum())
    counted = [Counted(None, max(unknown, 0.0), counts.get(None, 0))]
    counted += [
        Counted(camera_id, people, counts.get(camera_id, 0))
        for camera_id, people in zip(known.tolist(), found.people[1:].tolist(), strict=True)
    ]
    return KeptMeans(
        state.model_id,
        sum(counts.values()),
        state.erasures,
        tuple(counted),
        found.means,
        np.empty(0, np.int32),
        np.empty(0, np.float32),
    )


def _sampled(everybody: Members) -> Members:
    """Return of each camera `SAMPLE` at most, evenly spread over their ids."""
    kept = np.zeros(len(everybody.cameras), dtype=bool)
    for camera in np.unique(everybody.cameras).tolist():
        here = np.flatnonzero(everybody.cameras == camera)
        kept[here[np.linspace(0, len(here) - 1, min(len(here), SAMPLE)).astype(np.int64)]] = True
    of_tracklets = kept[: len(everybody.tracklets)]
    of_crops = kept[len(everybody.tracklets) :]
    return Members(
        everybody.tracklets[of_tracklets],
        everybody.crops[of_crops],
        everybody.cameras[kept],
        everybody.persons[kept],
    )


def _with_new(
    store: Store, index: VectorIndex, held: KeptMeans, taking: Taking | None = None
) -> KeptMeans:
    """Return the means with the crops that an index holds above those that they go with.

    Args:
        taking: has norms of some of them, by the same means.
    """
    last = len(held.slots) - 1
    ids = index.ids()
    ids = ids[np.searchsorted(ids, last, side="right") :]
    if not len(ids):
        return held
    slots = np.zeros(int(ids[-1]) + 1, np.int32)
    norms = np.ones(len(slots), np.float32)
    slots[: last + 1], norms[: last + 1] = held.slots, held.norms
    slots[ids] = slots_of(held, ids, *cameras_above(store, last))
    if taking is not None:
        ids = taking.fill(norms, ids, slots[ids])
    for start in range(0, len(ids), READ_AT_ONCE):
        part = ids[start : start + READ_AT_ONCE]
        norms[part] = norms_of(index.vectors(part), held.means[slots[part]])
    return replace(held, slots=slots, norms=norms)


def _only(made: KeptMeans, ids: CropIds) -> KeptMeans:
    """Return it without what went with crops that are gone."""
    slots, norms = np.zeros_like(made.slots), np.ones_like(made.norms)
    ids = ids[: np.searchsorted(ids, len(slots))]
    slots[ids], norms[ids] = made.slots[ids], made.norms[ids]
    return replace(made, slots=slots, norms=norms)


def _equal(one: KeptMeans, other: KeptMeans) -> bool:
    return (
        (one.model_id, one.crops, one.erasures, one.counted)
        == (other.model_id, other.crops, other.erasures, other.counted)
        and np.array_equal(one.means, other.means)
        and np.array_equal(one.slots, other.slots)
        and np.array_equal(one.norms, other.norms)
    )
