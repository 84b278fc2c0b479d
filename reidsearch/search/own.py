"""Which matches are what was searched with: the query's own picture, tracklet or frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from reidsearch.base.boxes import Box
from reidsearch.domain.answers import Match, Own
from reidsearch.domain.query_origins import QueryOrigin
from reidsearch.store.crops.digests import CropDigests, crop_digests
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.reader import source
from reidsearch.store.footage.tracklet_reader import trace, tracklet_ids

OVERLAP = 0.5
"""Intersection over union from which two boxes of one frame show the same person."""
ALIKE = 0.9
"""The score of two pictures that may be one, whatever rounding and resizing did to it, and where
only one of them is adjusted for its camera: that alone took 0.03 on real crops."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for what.

    Args:
        origins: of what was searched with.
        refined: scores are those with a query that was refined by feedback.
    """

    matches: tuple[Match, ...]
    origins: Sequence[QueryOrigin]
    refined: bool = False

    @property
    def alike(self) -> list[Match]:
        """Return the matches whose picture may be one that was searched with."""
        # Searched for by itself alone, a picture that is stored scores 1: lower ones are others.
        alone = len(self.origins) == 1 and not self.refined
        return [one for one in self.matches if not alone or one.score >= ALIKE]


def with_own(store: Store, found: Sequence[Found]) -> list[tuple[Match, ...]]:
    """Return the matches of each, marked where they are what was searched with.

    What the database knows of all of them is asked for together.
    """
    every = [one for one in found if one.matches and one.origins]
    crops = {origin.crop_id for one in every for origin in one.origins} - {None}
    of_tracklet = tracklet_ids(store, [crop_id for crop_id in crops if crop_id is not None])
    shown = {crop_id for one in every for match in one.alike for crop_id in _shown(match)}
    digests = crop_digests(store, sorted(shown))
    return [_marked(store, one, of_tracklet, digests) for one in found]


def _marked(
    store: Store,
    found: Found,
    of_tracklet: Mapping[int, int],
    digests: Mapping[int, CropDigests],
) -> tuple[Match, ...]:
    if not found.matches or not found.origins:
        return found.matches
    query = _Searched.of(store, found.origins, of_tracklet)
    alike = {match.rank for match in found.alike}
    owns = (query.own(one, digests if one.rank in alike else {}) for one in found.matches)
    return tuple(
        match if own is match.own else replace(match, own=own)
        for match, own in zip(found.matches, owns, strict=True)
    )


def _shown(match: Match) -> tuple[int, ...]:
    """Return the crops that a match stands for."""
    return match.tracklet.crop_ids if match.tracklet else (match.crop.crop_id,)


@dataclass(frozen=True, slots=True)
class _Searched:
    """What is known of a query's origins, and what of it a match can share."""

    store: Store
    crops: frozenset[int]
    tracklets: frozenset[int]
    digests: frozenset[str]
    of_source: Mapping[str, Sequence[QueryOrigin]]

    @classmethod
    def of(
        cls, store: Store, origins: Sequence[QueryOrigin], of_tracklet: Mapping[int, int]
    ) -> _Searched:
        crops = [origin.crop_id for origin in origins if origin.crop_id is not None]
        known = {origin.embedding_sha256 for origin in origins} | {
            origin.sha256 for origin in origins
        }
        of_source: dict[str, list[QueryOrigin]] = {}
        for origin in origins:
            if origin.sha256 is not None:
                of_source.setdefault(origin.sha256, []).append(origin)
        return cls(
            store,
            frozenset(crops),
            frozenset(of_tracklet[crop_id] for crop_id in crops if crop_id in of_tracklet),
            frozenset(digest for digest in known if digest),
            of_source,
        )

    def own(self, match: Match, digests: Mapping[int, CropDigests]) -> Own | None:
        """Return what a match shares with the query, the closest first."""
        same = {
            crop_id
            for crop_id in _shown(match)
            if crop_id in self.crops or not self.digests.isdisjoint(digests.get(crop_id, ()))
        }
        if match.crop.crop_id in same:
            return Own.PICTURE
        moment = match.crop.moment
        if same or (moment is not None and moment.tracklet_id in self.tracklets):
            return Own.TRACKLET
        found = {
            self._in_frame(match, origin)
            for origin in self.of_source.get(match.crop.source_sha256, ())
        }
        return next((own for own in Own if own in found), None)

    def _in_frame(self, match: Match, origin: QueryOrigin) -> Own | None:
        """Return what a match shares with a origin of the same source."""
        if match.crop.moment is None or origin.media_s is None:
            return Own.PICTURE if _overlap(match.crop.box, origin.box) >= OVERLAP else Own.FRAME
        seen = match.tracklet
        at_s = origin.media_s
        if seen is None:
            return Own.FRAME if float(match.crop.moment.media_s) == at_s else None
        part = seen.part_in(match.crop.source_id)
        if not float(part.first_s) <= at_s <= float(part.last_s):
            return None
        if origin.crop_id is not None:  # another tracklet, which was kept apart from this one
            return Own.FRAME
        there = _box_at(self.store, seen.tracklet_id, part.source_id, at_s)
        return Own.TRACKLET if _overlap(there, origin.box) >= OVERLAP else Own.FRAME


def _box_at(store: Store, tracklet_id: int, source_id: int, at_s: float) -> Box:
    """Return where a tracklet's person was at a media time, or nearest to it."""
    info, seen = source(store, source_id).info, trace(store, tracklet_id, source_id)
    pts = info.first_pts + Fraction(at_s) / info.time_base
    x1, y1, x2, y2 = seen.xyxy[int(np.abs(seen.pts - float(pts)).argmin())].round().tolist()
    left, top = max(int(x1), 0), max(int(y1), 0)
    return Box(left, top, max(int(x2), left + 1), max(int(y2), top + 1))


def _overlap(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes."""
    wide = min(one.x2, other.x2) - max(one.x1, other.x1)
    high = min(one.y2, other.y2) - max(one.y1, other.y1)
    if wide <= 0 or high <= 0:
        return 0.0
    both = wide * high
    areas = one.width_px * one.height_px + other.width_px * other.height_px
    return both / (areas - both)
