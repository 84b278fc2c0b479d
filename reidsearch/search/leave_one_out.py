"""At which rank people are found again: people who are known are searched for, one by one.

Each is searched for with what one camera saw of them. Whether what another camera saw of the same
person would be among the first k is decided by its score and that of the k-th best of all others
who are searched, so what is known need not be in the part of the archive that was searched.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reidsearch.domain.adjustment import Adjustment
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.domain.request import SearchRequest
from reidsearch.index.gallery import Gallery
from reidsearch.search.allowed import allowed_crops
from reidsearch.search.query_pictures import fuse
from reidsearch.search.ranking import VIEWS_OF_A_TRACKLET
from reidsearch.store.crops.embeddings import embeddings_of
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.tracklet_reader import tracklet_ids

MOST_PROBES = 64
PROBES_A_PERSON = 3
SEED = 20_261_127

Known = Sequence[tuple[int, str, str]]
"""Crop id, person and camera, as `store.crops.labelled` gives them."""


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """How often people who are known were found again.

    Args:
        share: of the pairs, everybody counted the same.
        pairs: that were compared; `people` of them.
    """

    share: float
    pairs: int
    people: int


@dataclass(frozen=True, slots=True)
class _Sighting:
    """What one camera saw of a person without interruption: a tracklet, or a crop of none."""

    person: str
    camera: str
    crops: tuple[int, ...]


def found_again(
    store: Store,
    gallery: Gallery,
    known: Known,
    request: SearchRequest,
    *,
    k: int | None,
    views: int,
    adjust: Adjustment | None,
) -> FoundAgain | None:
    """Search for people who are known, as a request did; by score alone, whatever re-ranked it.

    Args:
        request: its filters, grouping, least score and exactness count.
        k: how many rows it shows; None: all that reach the least score.
        views: so many pictures it was made from; of a sighting at most so many are taken.

    Returns:
        None where nobody was seen by two cameras.
    """
    sightings = _sightings(store, known)
    probes = [
        (probe, targets)
        for probe in _drawn(sightings)
        if (
            targets := [
                one
                for one in sightings
                if one.person == probe.person and one.camera != probe.camera
            ]
        )
    ]
    if not probes:
        return None
    of_person: dict[str, set[int]] = {}
    for crop_id, person, _ in known:
        of_person.setdefault(person, set()).add(crop_id)
    wanted = {crop for probe, _ in probes for crop in probe.crops[:views]}
    wanted |= {crop for _, targets in probes for one in targets for crop in one.crops}
    rows = embeddings_of(store, sorted(wanted))
    vectors = [_query(probe, rows, views, adjust) for probe, _ in probes]
    least = -1.0 if request.min_score is None else request.min_score
    cuts = [least] * len(probes)
    if k is not None:
        without = [of_person[probe.person] for probe, _ in probes]
        allowed = allowed_crops(store, gallery, request.filters)
        found = _Gallery(store, gallery, allowed, request, adjust).cuts(vectors, k, without)
        cuts = [max(least, cut) for cut in found]
    hits: dict[str, list[bool]] = {}
    for (probe, targets), vector, cut in zip(probes, vectors, cuts, strict=True):
        for target in targets:
            hits.setdefault(probe.person, []).append(_best(target, rows, vector, adjust) >= cut)
    share = float(np.mean([np.mean(of) for of in hits.values()]))
    return FoundAgain(share, sum(map(len, hits.values())), len(hits))


def _sightings(store: Store, known: Known) -> list[_Sighting]:
    tracklets = tracklet_ids(store, [crop_id for crop_id, _, _ in known])
    found: dict[tuple[str, str, tuple[str, int]], list[int]] = {}
    for crop_id, person, camera in known:
        tracklet = tracklets.get(crop_id)
        what = ("crop", crop_id) if tracklet is None else ("tracklet", tracklet)
        found.setdefault((person, camera, what), []).append(crop_id)
    return [_Sighting(person, camera, tuple(of)) for (person, camera, _), of in found.items()]


def _drawn(sightings: Sequence[_Sighting]) -> list[_Sighting]:
    """Return at most `MOST_PROBES` sightings, as many of each person as go; always the same."""
    rng = np.random.default_rng(SEED)
    of_person: dict[str, list[_Sighting]] = {}
    for at in rng.permutation(len(sightings)).tolist():
        of_person.setdefault(sightings[at].person, []).append(sightings[at])
    kept = [
        of[turn] for turn in range(PROBES_A_PERSON) for of in of_person.values() if turn < len(of)
    ]
    return kept[:MOST_PROBES]


def _query(
    probe: _Sighting, rows: Mapping[int, Vectors], views: int, adjust: Adjustment | None
) -> Vectors:
    found = np.stack([rows[crop] for crop in probe.crops[:views]])
    if adjust is not None:
        found = adjust.queries(found, [probe.camera] * len(found))
    return fuse(found)


def _best(
    target: _Sighting, rows: Mapping[int, Vectors], vector: Vectors, adjust: Adjustment | None
) -> float:
    ids: CropIds = np.array(target.crops, np.int64)
    found = np.stack([rows[crop] for crop in target.crops])
    if adjust is not None:
        found = adjust.vectors(ids, found)
    return float((found @ vector).max())


@dataclass(frozen=True, slots=True)
class _Gallery:
    """Who is searched, for the score of the k-th best of them."""

    store: Store
    gallery: Gallery
    allowed: CropIds | None
    request: SearchRequest
    adjust: Adjustment | None

    def cuts(
        self, vectors: Sequence[Vectors], k: int, without: Sequence[Collection[int]]
    ) -> list[float]:
        """Return, for each vector, the score of the k-th best row that is none of these crops.

        Where so many rows of one tracklet come first that k are not reached, the last score seen
        stands for it, which is too high rather than too low; -1 where fewer than k are held.
        """
        views = VIEWS_OF_A_TRACKLET if self.request.grouped else 1
        depth = k * views + max(map(len, without))
        hits = self.gallery.hits_many(
            np.stack(vectors), depth, self.allowed, exact=self.request.exact, adjust=self.adjust
        )
        tracklets: Mapping[int, int] = {}
        if self.request.grouped:
            every = {int(crop_id) for one in hits for crop_id in one.ids}
            tracklets = tracklet_ids(self.store, sorted(every))
        found = []
        for one, own in zip(hits, without, strict=True):
            rows: set[tuple[bool, int]] = set()
            cut = -1.0 if len(one.ids) < depth else float(one.scores[-1])
            for crop_id, score in zip(one.ids.tolist(), one.scores.tolist(), strict=True):
                if crop_id in own:
                    continue
                rows.add((crop_id in tracklets, tracklets.get(crop_id, crop_id)))
                if len(rows) == k:
                    cut = score
                    break
            found.append(cut)
        return found
