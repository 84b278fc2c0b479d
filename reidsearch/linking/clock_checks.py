"""What speaks against a suggestion for clocks: circles that stay open, people in two places."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from reidsearch.domain.clock_suggestion import (
    CameraPair,
    ClockSuggestion,
    Cycle,
    Disagreement,
    HowPaired,
)
from reidsearch.linking.seen_by_both import NOBODY, Sightings

MOST_LISTED = 40
LEAST_OVERLAP_S = 1.0


def cycles(pairs: Sequence[CameraPair], reference: str) -> Iterator[Cycle]:
    """Yield circles of pairs: for each pair beyond a tree from the reference, the shortest one.

    On the way around, what each pair says alone should come to nothing.
    """
    told = {
        frozenset((one.a, one.b)): one
        for one in pairs
        if one.residual_s is not None and one.residual_sd_s is not None
    }
    parent: dict[str, str | None] = {reference: None}
    queue = deque([reference])
    while queue:
        at = queue.popleft()
        for edge in told:
            if at in edge:
                (other,) = edge - {at}
                if other not in parent:
                    parent[other] = at
                    queue.append(other)
    for one in told.values():
        if one.a not in parent or parent.get(one.a) == one.b or parent.get(one.b) == one.a:
            continue
        around = _around(one.a, one.b, parent)
        edges = [*itertools.pairwise(around), (around[-1], around[0])]
        open_s = variance = 0.0
        for begin, end in edges:
            pair = told[frozenset((begin, end))]
            sign = 1.0 if pair.a == begin else -1.0
            open_s += sign * (pair.residual_s or 0.0)
            variance += (pair.residual_sd_s or 0.0) ** 2
        yield Cycle(tuple(around), open_s, variance**0.5)


def _around(a: str, b: str, parent: Mapping[str, str | None]) -> list[str]:
    """Return the circle that an edge closes in a tree, from `a` up and down to `b`."""

    def up(camera: str) -> list[str]:
        found, at = [camera], parent[camera]
        while at is not None:
            found.append(at)
            at = parent[at]
        return found

    of_a, of_b = up(a), up(b)
    common = next(camera for camera in of_a if camera in of_b)
    return [*of_a[: of_a.index(common) + 1], *reversed(of_b[: of_b.index(common)])]


def disagreements(
    seen: Sightings,
    found: ClockSuggestion,
    names: Mapping[int, str],
    at_once: Collection[tuple[str, str]],
) -> tuple[tuple[Disagreement, ...], int]:
    """Return confirmed sightings that would overlap at two cameras, and how many there are.

    The longest come first. Only by more than both intervals allow, and not where both cameras show
    one place.

    Args:
        found: the suggestion so far.
        names: of identities, by number.
    """
    offsets = {one.camera: one for one in found.cameras if one.offset_s is not None}
    if found.at is None:
        return (), 0
    at_s = (found.at.timestamp() * 1e6 - seen.zero_us) / 1e6
    together = {frozenset(pair) for pair in at_once}
    together |= {frozenset((p.a, p.b)) for p in found.pairs if p.how is HowPaired.AT_ONCE}

    def corrected(row: int) -> tuple[str, float, float, float] | None:
        camera = seen.names[seen.cameras[row]]
        first_s, last_s = float(seen.first_s[row]), float(seen.last_s[row])
        if camera == found.reference:
            return camera, first_s, last_s, 0.0
        one = offsets.get(camera)
        if one is None or one.interval_s is None:
            return None
        add_s = one.correction_s(first_s - at_s)
        unsure_s = (one.interval_s[1] - one.interval_s[0]) / 2
        return camera, first_s + add_s, last_s + add_s, unsure_s

    listed = []
    for who in np.unique(seen.identity[seen.identity != NOBODY]).tolist():
        rows = np.flatnonzero(seen.identity == who).tolist()
        placed = [(row, told) for row in rows if (told := corrected(row)) is not None]
        for (one, a), (other, b) in itertools.combinations(placed, 2):
            if a[0] == b[0] or frozenset((a[0], b[0])) in together:
                continue
            overlap_s = min(a[2], b[2]) - max(a[1], b[1])
            if overlap_s - a[3] - b[3] > LEAST_OVERLAP_S:
                members = seen.presences[one].member, seen.presences[other].member
                listed.append(
                    Disagreement(names.get(who, str(who)), *members, (a[0], b[0]), overlap_s)
                )
    listed.sort(key=lambda one: -one.overlap_s)
    return tuple(listed[:MOST_LISTED]), len(listed)
