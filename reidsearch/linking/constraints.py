"""What cannot be one person, and whoever would have been too fast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import absent
from reidsearch.domain.decisions import Identity, Member, Presence, TooFast, Transits
from reidsearch.linking.cluster import Items

NOBODY = -1


class Constraints:
    """What is known of the items of one archive, as arrays.

    The rule of `store.footage.presence.at_once`, for many at once. Two identities are two people
    until somebody merges them; what was rejected for an identity does not join it. Where somebody
    has split a tracklet, the stretches on both sides show two people.

    Args:
        split: tracklets that were split, each with those that were split from it.
    """

    def __init__(
        self,
        presences: Sequence[Presence],
        identities: Iterable[Identity],
        split: Mapping[int, Sequence[int]],
    ) -> None:
        cameras = sorted({one.camera for one in presences if one.camera is not None})
        numbers = {camera: number for number, camera in enumerate(cameras)}
        self.cameras: NDArray[np.int64] = np.array(
            [numbers.get(one.camera or "", -1) for one in presences], np.int64
        )
        parts = [part for one in presences for part in one.parts]
        self._source = np.array([part.source_id for part in parts], np.int64)
        media = [(part.first_us, part.last_us) for part in parts]
        self._media = np.array(media, np.int64).reshape(-1, 2)
        counts = np.array([len(one.parts) for one in presences], np.int64)
        self._first_part = np.concatenate([[0], np.cumsum(counts)])
        rows = {one.member: row for row, one in enumerate(presences)}
        self._beside = _beside(presences, rows, split)
        self.identity: NDArray[np.int64] = np.full(len(presences), NOBODY, np.int64)
        self._rejected: dict[int, NDArray[np.bool_]] = {}
        for identity in identities:
            for member in identity.members:
                self.identity[rows[member]] = identity.identity_id
            if identity.rejected:
                mask = np.zeros(len(presences), np.bool_)
                mask[[rows[member] for member in identity.rejected]] = True
                self._rejected[identity.identity_id] = mask

    def together(self) -> list[Items]:
        """The items of each identity that has several."""
        found = [
            np.flatnonzero(self.identity == number)
            for number in np.unique(self.identity[self.identity != NOBODY]).tolist()
        ]
        return [items for items in found if len(items) > 1]

    def apart(self, a: Items, b: Items) -> bool:
        """Whether these cannot be one person."""
        whose = set(self.identity[a].tolist()) | set(self.identity[b].tolist())
        whose.discard(NOBODY)
        if len(whose) > 1:
            return True
        for number in whose:
            mask = self._rejected.get(number)
            if mask is not None and (mask[a].any() or mask[b].any()):
                return True
        if self._beside and any(
            self._beside.get(row, set()) & set(b.tolist()) for row in a.tolist()
        ):
            return True
        one, other = self._parts(a), self._parts(b)
        same_source = self._source[one][:, None] == self._source[other][None]
        return bool((same_source & _overlap(self._media[one], self._media[other])).any())

    def _parts(self, items: Items) -> Items:
        """Return the rows of all parts of these items."""
        if len(self._source) == len(self._first_part) - 1:
            return items  # each has one: a part's row is its item's
        stretches = zip(self._first_part[items], self._first_part[items + 1], strict=True)
        return np.concatenate([np.arange(first, end) for first, end in stretches])


def _beside(
    presences: Sequence[Presence],
    rows: Mapping[Member, int],
    split: Mapping[int, Sequence[int]],
) -> dict[int, set[int]]:
    """Return for each stretch of a tracklet that was split those before and after it."""
    found: dict[int, set[int]] = {}
    for whole, others in split.items():
        members = [Member("tracklet", number) for number in (whole, *others)]
        held = [rows[member] for member in members if member in rows]
        for one, other in pairwise(sorted(held, key=lambda row: _begins(presences[row]))):
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return found


def _begins(one: Presence) -> tuple[int, int, int]:
    return one.first_us or 0, one.parts[0].source_id, one.parts[0].first_us


def _overlap(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(len(a), len(b)) whether stretches overlap, or touch."""
    found: NDArray[np.bool_] = (a[:, None, 0] <= b[None, :, 1]) & (b[None, :, 0] <= a[:, None, 1])
    return found


def too_fast(presences: Iterable[Presence], transits: Transits) -> list[TooFast]:
    """Pairs of sightings at two cameras that lie closer in time than anybody gets there.

    Only where both times are known. `certain` when that holds even if both clocks are off by all
    they may be off, towards each other's favour.
    """
    known = [one for one in presences if one.first_us is not None and one.last_us is not None]
    known.sort(key=lambda one: (one.first_us, one.member))
    found = []
    for a, b in combinations(known, 2):
        minimum_s = transits.between(a.camera, b.camera)
        if minimum_s is None:
            continue
        if a.last_us is None or b.first_us is None:
            raise absent("the time of a sighting")
        gap_s = (b.first_us - a.last_us) / 1_000_000
        if gap_s >= minimum_s:
            continue
        sure = a.uncertainty_s is not None and b.uncertainty_s is not None
        off_s = (a.uncertainty_s or 0.0) + (b.uncertainty_s or 0.0)
        found.append(
            TooFast(a.member, b.member, gap_s, minimum_s, sure and gap_s + off_s < minimum_s)
        )
    return found
