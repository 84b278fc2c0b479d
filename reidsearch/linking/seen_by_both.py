"""Who was seen by two cameras: confirmed identities, and mutual best matches, as lags."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.domain.crops import Vectors
from reidsearch.domain.decisions import Presence
from reidsearch.linking.clock_fit import PairOfLags
from reidsearch.linking.lags import Lags, grouped
from reidsearch.linking.mutual import least_score, mutual_best

NOBODY = -1
MOST_LAGS = 3_000
"""Of two cameras; of more, so many are drawn by a fixed seed."""
SEED = 41


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Tracklets by cameras whose clock is known, in order of time.

    Args:
        cameras: (n,) number of the camera in `names`.
        first_s, last_s: (n,) from the first of all.
        vectors: (n, d) embeddings, adjusted for their camera.
        identity: (n,) number of the identity that it was confirmed as; -1: of none.
        presences: n, in the same order.
        zero_us: wall clock of the first.
    """

    names: tuple[str, ...]
    cameras: NDArray[np.int64]
    first_s: NDArray[np.float64]
    last_s: NDArray[np.float64]
    vectors: Vectors
    identity: NDArray[np.int64]
    presences: tuple[Presence, ...]
    zero_us: int

    @property
    def middle_s(self) -> NDArray[np.float64]:
        """When each was, in the middle."""
        return (self.first_s + self.last_s) / 2


@dataclass(frozen=True, slots=True, eq=False)
class SeenByBoth:
    """All pairs of cameras that saw the same people.

    Args:
        least: score of a mutual best match; None: nothing was compared.
        confirmed, matched: pairs of sightings by identities, and by mutual best matches.
        people: of all these.
    """

    pairs: tuple[PairOfLags, ...]
    least: float | None
    confirmed: int
    matched: int
    people: int


def seen_by_both(
    seen: Sightings,
    at_once: Collection[tuple[str, str]],
    within_s: float,
    progress: Progress = NO_PROGRESS,
) -> SeenByBoth:
    """Find who was seen by two cameras, at most so far apart in time, and group the lags.

    Args:
        at_once: pairs of cameras that show one place.
    """
    least = least_score(seen.vectors, seen.cameras) if len(seen.cameras) else None
    known = {frozenset(pair) for pair in at_once}
    rows = [np.flatnonzero(seen.cameras == number) for number in range(len(seen.names))]
    every = list(itertools.combinations(range(len(seen.names)), 2))
    found: list[tuple[int, int, NDArray[np.int64], int]] = []
    progress.begin("comparing cameras", len(every), "pairs")
    for a, b in every:
        confirmed = _confirmed(seen, rows[a], rows[b], within_s)
        matched = confirmed[:0]
        if least is not None:
            matched = _matched(seen, rows[a], rows[b], within_s, least)
        both = np.unique(np.concatenate([confirmed, matched]), axis=0)
        if len(both):
            found.append((a, b, both, len(confirmed)))
        progress.advance()
    progress.end()
    people = _people(seen, [both for *_, both, _ in found])
    pairs = []
    for a, b, both, _ in found:
        lags = _lags(seen, both, people)
        apart = frozenset((seen.names[a], seen.names[b])) in known
        pairs.append(PairOfLags(a, b, lags, grouped(lags, within_s, at_once=apart)))
    confirmed_pairs = sum(count for *_, count in found)
    every_pair = sum(len(both) for *_, both, _ in found)
    used = np.unique(np.concatenate([both.ravel() for *_, both, _ in found] or [np.empty(0, int)]))
    return SeenByBoth(
        tuple(pairs),
        least,
        confirmed_pairs,
        every_pair - confirmed_pairs,
        len(np.unique(people[used])),
    )


def _confirmed(
    seen: Sightings, a: NDArray[np.int64], b: NDArray[np.int64], within_s: float
) -> NDArray[np.int64]:
    """Return (m, 2) rows of sightings of one identity by both."""
    ours, theirs = (part[seen.identity[part] != NOBODY] for part in (a, b))
    same = seen.identity[ours][:, None] == seen.identity[theirs][None]
    near = np.abs(seen.middle_s[ours][:, None] - seen.middle_s[theirs][None]) <= within_s
    of_a, of_b = np.nonzero(same & near)
    return np.stack([ours[of_a], theirs[of_b]], axis=1)


def _matched(
    seen: Sightings, a: NDArray[np.int64], b: NDArray[np.int64], within_s: float, least: float
) -> NDArray[np.int64]:
    """Return (m, 2) rows of mutual best matches, but those of two different identities."""
    middle = seen.middle_s
    found = mutual_best(seen.vectors[a], middle[a], seen.vectors[b], middle[b], within_s, least)
    pairs = np.stack([a[found[:, 0]], b[found[:, 1]]], axis=1)
    who = seen.identity[pairs]
    different = (who[:, 0] != who[:, 1]) & (who != NOBODY).all(axis=1)
    kept: NDArray[np.int64] = pairs[~different]
    return kept


def _people(seen: Sightings, pairs: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return a number for each sighting: the same where identities or matches connect them.

    People are drawn anew as a whole where an interval is wanted, so it does no harm that two people
    who were taken for one have one number.
    """
    root = np.arange(len(seen.cameras))

    def top(row: int) -> int:
        while root[row] != row:
            root[row] = root[root[row]]
            row = int(root[row])
        return row

    first: dict[int, int] = {}
    for row, who in enumerate(seen.identity.tolist()):
        if who != NOBODY:
            root[top(row)] = top(first.setdefault(who, row))
    for both in pairs:
        for one, other in both.tolist():
            root[top(one)] = top(other)
    return np.array([top(row) for row in range(len(root))], np.int64)


def _lags(seen: Sightings, pairs: NDArray[np.int64], people: NDArray[np.int64]) -> Lags:
    if len(pairs) > MOST_LAGS:
        drawn = np.random.default_rng(SEED).choice(len(pairs), MOST_LAGS, replace=False)
        pairs = pairs[np.sort(drawn)]
    a, b = pairs.T
    return Lags(
        seen.first_s[b] - seen.last_s[a],
        seen.last_s[b] - seen.first_s[a],
        seen.middle_s[a],
        people[a],
    )
