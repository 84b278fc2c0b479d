"""Which footage to fetch next for an identity: where it may be, and nothing is analysed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np

from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.base.timecode import from_us, iso, now, to_us
from reidsearch.domain.analysed import analysed, merged
from reidsearch.domain.decisions import Identity, Presence
from reidsearch.domain.event_log import Event
from reidsearch.domain.footage import UNSEEN, SourceCoverage, SourceState
from reidsearch.domain.keeps import require_days
from reidsearch.domain.next_footage import Fetch, Lack, NextFootage
from reidsearch.domain.transit_times import HORIZON_S, ONE_WAY_S, TransitModel
from reidsearch.linking.onward import Onward, hidden_at, onward, unseen
from reidsearch.linking.passages import WORLDS, Passages, Walks
from reidsearch.linking.transit_model import Values, transit_model, usable
from reidsearch.services.search_log import entries_of
from reidsearch.services.transit import confirmed_sightings
from reidsearch.store.cases import asked_for
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.keeps import kept_by_recorders

HOUR_US = 3_600_000_000
SHORTEST_US = 2_000_000
LOGGED = 20
"""Of the fetches, so many are in the event log."""

Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Span:
    """A stretch of time in which the person may have been anywhere, with the ways through it."""

    from_us: int
    to_us: int
    passages: Passages
    reached: Collection[str]


@dataclass(frozen=True, slots=True)
class Anew:
    """Who appears without having been seen anywhere, and is not seen after it either.

    Args:
        rates: by camera how often, a second, somebody appears there anew: (WORLDS,) draws.
        cameras: those of `follows`.
    """

    rates: Mapping[str, Values]
    follows: Onward
    cameras: Sequence[str]
    looked: Mapping[str, Sequence[Stretch]]

    def share(self, camera: str, hole: Stretch) -> Values:
        """Return the chance that a person did so in a hole: (WORLDS,)."""
        if camera not in self.rates or camera not in self.cameras:
            return np.zeros(WORLDS)
        hidden = hidden_at(self.looked, self.cameras, hole[0], hole[1])
        alone = float(unseen(self.follows.forwards, hidden)[self.cameras.index(camera)])
        return np.asarray(1 - np.exp(-self.rates[camera] * alone * (hole[1] - hole[0]) / 1e6))


def next_footage(
    store: Store,
    identity: Identity,
    *,
    keeps_days: Mapping[str, float] | None = None,
    cameras: Collection[str] | None = None,
    failures: int = 0,
) -> NextFootage:
    """Return footage that is not analysed, by the chance that it shows somebody, and record it.

    Args:
        keeps_days: by camera how many days its recorder keeps footage; of others what the archive
            knows counts.
        cameras: the only ones that may be seen; None: all.
        failures: inputs that could not be indexed.

    Raises:
        UsageError: nothing with camera and time is confirmed of it; the archive is searched for a
            case or a reason only; no recorder keeps footage for so many days.
        NotFound: `keeps_days` names a camera that there is no footage of.
    """
    asked_for(store)
    for camera, days in (keeps_days or {}).items():
        require_days(camera, days)
    with store.one_state():
        people = confirmed_sightings(store, cameras=cameras)
        sources = [
            one
            for one in footage_store.coverage(store)
            if cameras is None or one.facts.camera in cameras
        ]
        with store.read() as connection:
            stored = {one.camera: one.days for one in kept_by_recorders(connection)}
    _require_cameras(keeps_days or {}, people, sources)
    seen, left_out = usable(people.get(identity.identity_id, ()))
    if not seen:
        raise UsageError(
            f"no sighting of {identity.named.text} with a known camera and time is confirmed, so "
            "nothing is known of where to look next",
            kind=Kind.IDENTITY_EMPTY,
            identity=identity.name,
        )
    model = transit_model(people, ONE_WAY_S)
    days_kept = {**stored, **(keeps_days or {})}
    looked = analysed(sources)
    lacking = _lacking(sources)
    follows = onward(people, model, looked)
    anew = Anew(_fresh(people, looked), follows, model.cameras, looked)
    spans = _spans(seen, model, follows, looked)
    places = sorted({*looked, *model.cameras})
    until_us = to_us(now())
    fetches = [
        fetch
        for camera in places
        for hole in _holes(looked.get(camera, ()), spans, until_us)
        for fetch in [_fetch(camera, hole, spans, lacking, days_kept, anew)]
    ]
    fetches.sort(key=lambda one: _rank(one, seen))
    found = NextFootage(
        identity.named,
        tuple(fetches),
        len(seen),
        left_out,
        model.people,
        sum(one.journeys for one in model.times.values()),
        sum(one.facts.camera is None or one.facts.clock.start is None for one in sources),
        failures,
        {one.camera: days_kept[one.camera] for one in fetches if one.camera in days_kept},
    )
    (logged,) = entries_of(store, [_detail(store, found)], Event.NEXT)
    return replace(found, logged=logged.entry, why_not_logged=logged.why_not)


def _require_cameras(
    wanted: Iterable[str],
    people: Mapping[int, Sequence[Presence]],
    sources: Sequence[SourceCoverage],
) -> None:
    """Raise NotFound where there is neither footage of a camera nor anybody seen by it."""
    known = {one.facts.camera for one in sources if one.facts.camera}
    known.update(one.camera for some in people.values() for one in some if one.camera)
    for camera in wanted:
        if camera not in known:
            told = f"cameras: {', '.join(sorted(known))}" if known else ""
            raise NotFound(f"the archive has no camera {camera!r}", told)


def _rank(one: Fetch, seen: Sequence[Presence]) -> tuple[bool, float, int, int, str]:
    """Return what footage is sorted by: its chance; of equal ones, how near a sighting it is."""
    away_us = min(
        max((at.first_us or 0) - one.to_us, one.from_us - (at.last_us or 0), 0) for at in seen
    )
    return one.chance is None, -(one.chance or 0), away_us, one.from_us, one.camera


def _spans(
    seen: Sequence[Presence],
    model: TransitModel,
    follows: Onward,
    looked: Mapping[str, Sequence[Stretch]],
) -> list[_Span]:
    """Return the stretches before, between and after the sightings, up to twelve hours long."""
    forwards = Walks(model, follows.forwards)
    backwards = Walks(model, follows.backwards, backwards=True)
    analysed_s = {
        camera: [(first / 1e6, last / 1e6) for first, last in some]
        for camera, some in looked.items()
    }
    ordered = sorted(seen, key=lambda one: (one.first_us or 0, one.last_us or 0))
    horizon_us = round(HORIZON_S * 1e6)
    found: list[_Span] = []

    def add(walks: Walks, one: Presence, at_us: int, to: int, next_: Presence | None) -> bool:
        until = (next_.camera or "", (next_.first_us or 0) / 1e6) if next_ else None
        ways = walks.passages(one.camera or "", at_us / 1e6, until, analysed_s, to / 1e6)
        known = walks.reached if one.camera in walks.left else set()
        if not ways.weight.any():  # no known way leads from the one to the other
            return False
        found.append(_Span(min(at_us, to), max(at_us, to), ways, known))
        return True

    first = ordered[0].first_us or 0
    add(backwards, ordered[0], first, first - horizon_us, None)
    for before, after in pairwise(ordered):
        end_us, next_us = before.last_us or 0, after.first_us or 0
        gap_us = next_us - end_us
        if gap_us < SHORTEST_US:
            continue
        if gap_us <= ONE_WAY_S * 1e6 and add(forwards, before, end_us, next_us, after):
            continue
        add(forwards, before, end_us, min(end_us + horizon_us, next_us), None)
        add(backwards, after, next_us, max(next_us - horizon_us, end_us), None)
    latest = max(ordered, key=lambda one: one.last_us or 0)
    end_us = latest.last_us or 0
    add(forwards, latest, end_us, end_us + horizon_us, None)
    return found


def _fresh(
    people: Mapping[int, Sequence[Presence]], looked: Mapping[str, Sequence[Stretch]]
) -> dict[str, Values]:
    """Return by camera how often somebody appears there anew, a second: (WORLDS,) draws.

    Anew: without having been seen anywhere within `ONE_WAY_S` before.
    """
    counts: dict[str, int] = {}
    known = [kept for seen in people.values() if (kept := usable(seen)[0])]
    for kept in known:
        until_us: int | None = None
        for one in sorted(kept, key=lambda one: one.first_us or 0):
            if until_us is None or (one.first_us or 0) - until_us > ONE_WAY_S * 1e6:
                counts[one.camera or ""] = counts.get(one.camera or "", 0) + 1
            until_us = max(until_us or 0, one.last_us or 0)
    # The same draws every time and everywhere: of this generator NumPy promises the stream.
    random = np.random.RandomState(20)
    found = {}
    for camera, stretches in looked.items():
        seconds = len(known) * sum(last - first for first, last in stretches) / 1e6
        drawn = random.standard_gamma(counts.get(camera, 0) + 0.5, WORLDS)
        found[camera] = np.asarray(drawn / max(seconds, 1.0))
    return found


def _holes(looked: Sequence[Stretch], spans: Sequence[_Span], until_us: int) -> list[Stretch]:
    """Return what was not analysed in the spans, hour by hour."""
    asked = merged([(one.from_us, min(one.to_us, until_us)) for one in spans])
    found: list[Stretch] = []
    for begin, end in asked:
        reached = begin
        for first, last in (*looked, (end, end)):
            if first > reached and min(first, end) > reached:
                found += _hours(reached, min(first, end))
            reached = max(reached, last)
    return [one for one in found if one[1] - one[0] >= SHORTEST_US]


def _hours(from_us: int, to_us_: int) -> list[Stretch]:
    edges = range((from_us // HOUR_US + 1) * HOUR_US, to_us_, HOUR_US)
    cuts = [from_us, *edges, to_us_]
    return list(pairwise(cuts))


def _fetch(
    camera: str,
    hole: Stretch,
    spans: Sequence[_Span],
    lacking: Mapping[str, Sequence[tuple[int, int, Lack]]],
    keeps_days: Mapping[str, float],
    anew: Anew,
) -> Fetch:
    none: Values | None = None
    for span in spans:
        if span.to_us <= hole[0] or span.from_us >= hole[1] or camera not in span.reached:
            continue
        share = span.passages.share(camera, hole[0] / 1e6, hole[1] / 1e6)
        none = (1 - share) if none is None else none * (1 - share)
    if none is not None:
        none = none * (1 - anew.share(camera, hole))
    days = keeps_days.get(camera)
    overwritten = None if days is None else from_us(hole[0]) + dt.timedelta(days=days)
    lack = _lack(hole, lacking.get(camera, ()))
    if none is None:
        return Fetch(camera, *hole, lack, None, None, overwritten)
    low, high = (float(one) for one in np.quantile(1 - none, [0.025, 0.975]))
    return Fetch(camera, *hole, lack, float((1 - none).mean()), (low, high), overwritten)


def _lacking(sources: Sequence[SourceCoverage]) -> dict[str, list[tuple[int, int, Lack]]]:
    """Return by camera what sources were supplied of, and nothing is known."""
    found: dict[str, list[tuple[int, int, Lack]]] = {}
    for one in sources:
        camera, clock = one.facts.camera, one.facts.clock
        if camera is None or clock.start is None:
            continue
        stretches = [
            (Fraction(span.from_us, 10**6), Fraction(span.to_us, 10**6), Lack(span.how.value))
            for span in one.spans
            if span.how in UNSEEN
        ]
        if one.state is not SourceState.FINISHED and one.info.declared_s:
            stretches.append((one.duration_s, Fraction(one.info.declared_s), Lack.UNFINISHED))
        for first_s, last_s, lack in stretches:
            first, last = clock.at_us(first_s), clock.at_us(last_s)
            if first is not None and last is not None and last > first:
                found.setdefault(camera, []).append((first, last, lack))
    return found


def _lack(hole: Stretch, lacking: Sequence[tuple[int, int, Lack]]) -> Lack:
    """Return what most of a hole is known to be."""
    overlaps = [(min(hole[1], last) - max(hole[0], first), lack) for first, last, lack in lacking]
    longest = max(overlaps, default=(0, Lack.NOT_SUPPLIED))
    return longest[1] if 2 * longest[0] > hole[1] - hole[0] else Lack.NOT_SUPPLIED


def _detail(store: Store, found: NextFootage) -> dict[str, object]:
    return {
        "identity_id": found.identity.identity_id,
        "fetches": len(found.fetches),
        "first": [
            {
                "camera": one.camera,
                "from_time": iso(from_us(one.from_us)),
                "to_time": iso(from_us(one.to_us)),
                "chance": one.chance,
            }
            for one in found.fetches[:LOGGED]
        ],
        "reason": store.acting.reason,
    }
