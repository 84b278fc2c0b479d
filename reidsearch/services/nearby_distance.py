"""Who of those seen around somebody was how near to them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce

from reidsearch.domain.decisions import Presence
from reidsearch.domain.distance import Closer, Verdict
from reidsearch.domain.nearby import Beside, CloserThan, Nearby, SeenNearby
from reidsearch.domain.tracklets import TrackletSeen
from reidsearch.services.distance import DistanceService
from reidsearch.services.lying import lies
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.presence import at_once
from reidsearch.store.footage.tracklet_reader import tracklets

_EXACT_S = 0.001
"""Times of a recording are told no more exactly."""
_ORDER = {Verdict.CERTAIN: 0, Verdict.POSSIBLE: 1, Verdict.UNDECIDED: 2}


def closer_only(
    store: Store, distances: DistanceService, found: Nearby, asked: CloserThan
) -> Nearby:
    """Return an answer with those who were so near, or may have been; the others are counted.

    Who was never in sight at the same time was not seen near, and is counted apart.
    """
    members = [one.member for one in (*found.sightings, *(who.seen for who in found.people))]
    held = tracklets(store, [one.number for one in members if one.kind == "tracklet"])
    people, not_closer, apart_in_time = [], 0, 0
    for one in found.people:
        beside = _beside(distances, found.sightings, one, held, asked)
        if beside is None:
            apart_in_time += 1
        elif beside.verdict is Verdict.NO:
            not_closer += 1
        else:
            people.append(replace(one, beside=beside))
    people.sort(key=_order)
    statement = replace(
        found.statement, closer_than=asked, not_closer=not_closer, apart_in_time=apart_in_time
    )
    return replace(found, statement=statement, people=tuple(people))


def _beside(
    distances: DistanceService,
    sightings: tuple[Presence, ...],
    one: SeenNearby,
    held: Mapping[int, TrackletSeen],
    asked: CloserThan,
) -> Beside | None:
    """Return how near somebody was to all sightings at once; None: never in sight at once."""
    if (one.at_once or one.overlap_s) and _most_s(sightings, one) + _EXACT_S < asked.for_s:
        return Beside(Verdict.NO, None)
    if not one.at_once:
        return Beside(Verdict.UNDECIDED, None) if one.overlap_s else None
    both = [other for other in (sightings[at - 1] for at in one.near) if at_once(other, one.seen)]
    told = [
        distances.closer(held[other.member.number], held[one.seen.member.number], asked.limit)
        for other in both
    ]
    known = [closer for closer in told if closer is not None]
    if not known:
        return Beside(Verdict.UNDECIDED, None)
    whole = _joined(known)
    verdict = whole.verdict(asked.for_s)
    if len(known) < len(told) and verdict is not Verdict.CERTAIN:
        verdict = Verdict.POSSIBLE if whole.possible_s else Verdict.UNDECIDED
    return Beside(verdict, whole)


def _most_s(sightings: tuple[Presence, ...], one: SeenNearby) -> float:
    """Return for how long somebody and the person were both in sight at the most."""
    total = 0.0
    for number in one.near:
        lying = lies(number, sightings[number - 1], one.seen)
        if lying is not None:
            if lying.doubt_s is None:
                return math.inf
            total += max(0.0, lying.overlap_s + lying.doubt_s - abs(lying.gap_s))
    return total


def _joined(every: Iterable[Closer]) -> Closer:
    """Return the sums over sightings, which do not overlap in time."""

    def both(one: Closer, other: Closer) -> Closer:
        return Closer(
            one.limit,
            one.certain_s + other.certain_s,
            one.possible_s + other.possible_s,
            one.undecided_s + other.undecided_s,
            one.together_s + other.together_s,
            max(one.longest_certain_s, other.longest_certain_s),
            max(one.longest_possible_s, other.longest_possible_s),
        )

    return reduce(both, every)


def _order(one: SeenNearby) -> tuple[int, float, float]:
    beside = one.beside
    if beside is None or beside.closer is None:
        return _ORDER[Verdict.UNDECIDED], 0.0, 0.0
    return _ORDER[beside.verdict], -beside.closer.certain_s, -beside.closer.possible_s
