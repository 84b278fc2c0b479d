"""Who was at several places at given times: the combination of sightings that is most alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import NotFound, Refused, UsageError
from reidsearch.base.timecode import at_local, from_us, iso, now, only_once, parse_zone, to_us
from reidsearch.calibration.apply import ScoreReader
from reidsearch.domain.adjustment import Adjustment, WhyNotAdjusted
from reidsearch.domain.analysed import analysed, not_analysed_s
from reidsearch.domain.crops import Vectors
from reidsearch.domain.decisions import Member, Presence
from reidsearch.domain.event_log import Event
from reidsearch.domain.intersection import (
    MOST_PEOPLE,
    Accidental,
    Chain,
    Intersection,
    IntersectionStatement,
    Link,
    Place,
    PlaceSeen,
    best_chains,
    share_reaching,
)
from reidsearch.index.gallery import Gallery
from reidsearch.services.search_log import entries_of
from reidsearch.services.sight import Sight
from reidsearch.store.cases import asked_for
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import around as around_store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage.different_people import known_different
from reidsearch.store.footage.instants import Timed, timed
from reidsearch.store.footage.presence import at_once, presences
from reidsearch.store.footage.tracklet_reader import tracklet_ids
from reidsearch.store.footage.vectors import vectors_of
from reidsearch.store.identities.store import marks
from reidsearch.store.selection import camera_names
from reidsearch.store.timezone import stored_timezone

IMPOSTORS = 5_000
LEAST_IMPOSTORS = 100
"""Fewer pairs of people seen at once say nothing of how often different people are alike."""
SEED = 20_261_127
_DAYS_NAMED = 6
_NEVER = -2.0


def intersection(
    store: Store, gallery: Gallery, sight: Sight, places: Sequence[Place], k: int
) -> Intersection:
    """Return who may have been at all of these places, and record the question.

    Args:
        gallery: in sync.
        sight: what whoever asks may see.
        k: chains at most.

    Raises:
        NotFound: there is no such camera.
        UsageError: fewer than two places; a time is none, or may be of several days; two places
            are one camera at one time; too many people were at a place; it needs a case, see
            `asked_for`.
    """
    case = asked_for(store)
    if len(places) < 2:
        raise UsageError("name at least two places")
    with store.one_state():
        found = _Question(store, gallery, sight, places).answer(k)
    found = replace(found, statement=replace(found.statement, case=case))
    (logged,) = entries_of(store, [_detail(store, found)], Event.INTERSECTION)
    return replace(found, statement=replace(found.statement, logged=logged))


def _detail(store: Store, found: Intersection) -> dict[str, Any]:
    return {
        "statement": {
            "places": [
                {
                    "camera": one.camera,
                    "from": iso(from_us(one.from_us)),
                    "to": iso(from_us(one.to_us)),
                }
                for one in found.statement.places
            ]
        },
        "crops": [one.crop_ids[0] for chain in found.chains for one in chain.seen if one.crop_ids],
        "reason": store.acting.reason,
    }


class _Question:
    """One question while it is answered, in one state of the archive."""

    def __init__(
        self, store: Store, gallery: Gallery, sight: Sight, places: Sequence[Place]
    ) -> None:
        self._store = store
        with store.read() as connection:
            known = [name for name in camera_names(connection) if sight.camera(name)]
        for one in places:
            if one.camera not in known:
                told = f"cameras: {', '.join(known)}" if known else ""
                raise NotFound(f"the archive has no camera {one.camera!r}", told)
        self._sources: dict[str, list[Timed]] = {}
        for source in timed(store):
            if source.camera is not None:
                self._sources.setdefault(source.camera, []).append(source)
        self._intervals = [self._interval(one) for one in places]
        _require_apart(self._intervals)
        adjustment = gallery.adjustment()
        self._adjustment = adjustment if isinstance(adjustment, Adjustment) else None
        self._why_plain = adjustment if isinstance(adjustment, WhyNotAdjusted) else None

    def _interval(self, place: Place) -> around_store.Interval:
        """Return when a place is asked about; raises UsageError where that is not certain."""
        told = f"{place.camera} from {place.begins} to {place.ends}"
        begins, ends = place.begins, place.ends
        if isinstance(begins, dt.time):
            begins = self._of_one_day(place, begins, told)
        if isinstance(ends, dt.time):
            ends = _after(begins, ends, self._zone(), told)
        if ends <= begins:
            raise UsageError(f"the time at {told} is empty")
        return around_store.Interval(place.camera, to_us(begins), to_us(ends))

    def _zone(self) -> dt.tzinfo | None:
        name = stored_timezone(self._store)
        return parse_zone(name) if name else None

    def _of_one_day(self, place: Place, begins: dt.time, told: str) -> dt.datetime:
        """Return when a time of the day was, on the one day on which the camera has footage."""
        zone = self._zone()
        days: set[dt.date] = set()
        for source in self._sources.get(place.camera, ()):
            ends_us = (
                source.clock.at_us(one) for one in (0 * source.duration_s, source.duration_s)
            )
            first, last = (from_us(at or 0).astimezone(zone) for at in ends_us)
            day = first.date() - dt.timedelta(days=1)
            while day <= last.date():
                if _overlaps(day, place, begins, first, last, zone, told):
                    days.add(day)
                day += dt.timedelta(days=1)
        if len(days) == 1:
            return _at(dt.datetime.combine(days.pop(), begins), zone, told)
        if not days:
            raise UsageError(
                f"no footage of {told} on any day", "write the date too: 2024-05-31T09:00"
            )
        named = ", ".join(f"{day:%Y-%m-%d}" for day in sorted(days)[:_DAYS_NAMED])
        more = f" and {len(days) - _DAYS_NAMED} more" if len(days) > _DAYS_NAMED else ""
        raise UsageError(
            f"{told} may be of several days: {named}{more}", "write the date too: 2024-05-31T09:00"
        )

    def answer(self, k: int) -> Intersection:
        looked = analysed(footage_store.coverage(self._store))
        with self._store.read() as connection:
            members = [
                around_store.of_camera(connection, one, self._sources) for one in self._intervals
            ]
            cameras = {one.camera for one in self._intervals}
            untimed = around_store.untimed(connection, cameras)
            every = set[Member]().union(*members)
            vectors = vectors_of(connection, every)
            seen = presences(connection, every & vectors.keys())
        at = [
            sorted((seen[one] for one in there if one in seen), key=lambda one: one.member)
            for there in members
        ]
        for one, people in zip(self._intervals, at, strict=True):
            if len(people) > MOST_PEOPLE:
                raise UsageError(
                    f"{len(people):,} people were seen at {one.camera}, more than {MOST_PEOPLE:,}",
                    "ask about a shorter time",
                )
        held = [self._adjusted(people, vectors) for people in at]
        chosen: list[tuple[int, ...]] = []
        whole = True
        scores = self._scores(at, held)
        if all(at):
            chosen, whole = best_chains(scores, k)
        reads = _Reads(self._store, self)
        named = marks(self._store, seen)
        chains = [
            Chain(
                tuple(at[place][row] for place, row in enumerate(rows)),
                tuple(
                    mark.identity if (mark := named.get(at[place][row].member)) else None
                    for place, row in enumerate(rows)
                ),
                tuple(
                    Link(
                        i + 1,
                        j + 1,
                        score := float(scores[i][j][rows[i], rows[j]]),
                        reads.accidental(score, len(at[i]) * len(at[j])),
                    )
                    for i in range(len(rows))
                    for j in range(i + 1, len(rows))
                ),
            )
            for rows in chosen
        ]
        return Intersection(
            IntersectionStatement(
                archive=self._store.location,
                archive_id=str(self._store.row.uuid),
                asked_at=now(),
                places=tuple(
                    PlaceSeen(
                        **asdict(one),
                        people=len(people),
                        not_analysed_s=not_analysed_s(
                            looked.get(one.camera, ()), one.from_us, one.to_us
                        ),
                        untimed=untimed.get(one.camera, 0),
                    )
                    for one, people in zip(self._intervals, at, strict=True)
                ),
                why_plain=self._why_plain,
                read_by=reads.by,
                impostors=len(reads.impostors),
                whole=whole,
            ),
            tuple(chains),
        )

    def _scores(
        self, at: Sequence[Sequence[Presence]], held: Sequence[Vectors]
    ) -> list[list[NDArray[np.float32]]]:
        """Return by place and place how alike their people are; who cannot be one is below -1."""
        named = marks(self._store, {one.member for people in at for one in people})
        whose = []
        for people in at:
            told = (named.get(one.member) for one in people)
            numbers = [mark.identity.identity_id if mark and mark.identity else 0 for mark in told]
            whose.append(np.array(numbers, np.int64))
        found = []
        for i, one in enumerate(held):
            row = []
            for j, other in enumerate(held):
                if not len(one) or not len(other):  # of nobody no length of embeddings is known
                    row.append(np.zeros((len(one), len(other)), np.float32))
                    continue
                scores = np.clip(one @ other.T, -1.0, 1.0).astype(np.float32)
                both = (whose[i][:, None] > 0) & (whose[j][None] > 0)
                scores[both & (whose[i][:, None] != whose[j][None])] = _NEVER
                if self._intervals[i].camera == self._intervals[j].camera:
                    for a, first in enumerate(at[i]):
                        for b, second in enumerate(at[j]):
                            if first.member != second.member and at_once(first, second):
                                scores[a, b] = _NEVER
                row.append(scores)
            found.append(row)
        return found

    def _adjusted(self, people: Sequence[Presence], vectors: dict[Member, Vectors]) -> Vectors:
        rows = [vectors[one.member] for one in people]
        return self.adjusted(np.stack(rows) if rows else np.zeros((0, 1), np.float32), people)

    def adjusted(self, rows: Vectors, people: Sequence[Presence]) -> Vectors:
        """Return (n, d) embeddings less what is common to their cameras, where that is known."""
        if self._adjustment is None or not len(rows):
            return rows
        return self._adjustment.queries(rows, [one.camera for one in people])

    @property
    def is_adjusted(self) -> bool:
        """Whether scores are camera-adjusted."""
        return self._adjustment is not None


class _Reads:
    """How often different people of an archive reach a score.

    Attributes:
        by, impostors: as in `IntersectionStatement`; impostors are their scores.
    """

    def __init__(self, store: Store, question: _Question) -> None:
        self._calibration = ScoreReader.of(store).fitting(adjusted=question.is_adjusted).calibration
        self.impostors = np.zeros(0, np.float32)
        if self._calibration is None:
            self.impostors = _impostors(store, question)
        few = len(self.impostors) < LEAST_IMPOSTORS
        self.by = "calibration" if self._calibration else None if few else "impostors"

    def accidental(self, score: float, pairs: int) -> Accidental | None:
        """Return how many of so many pairs of different people reach a score."""
        if self._calibration is not None:
            read = self._calibration.read(score, prior=0.5, comparisons=1)
            low, high = read.false_alarm_rate_interval
            share = read.false_alarm_rate
        elif self.by is not None:
            share, low, high = share_reaching(self.impostors, score)
        else:
            return None
        return Accidental(share * pairs, low * pairs, high * pairs)


def _impostors(store: Store, question: _Question) -> NDArray[np.float32]:
    """Return the scores of tracklets that one recording shows at once."""
    pairs = known_different(store, IMPOSTORS, SEED)
    of = tracklet_ids(store, sorted({one for pair in pairs for one in pair}))
    members = {Member("tracklet", number) for number in of.values()}
    with store.read() as connection:
        vectors = vectors_of(connection, members)
        seen = presences(connection, members & vectors.keys())
    sides = [
        (Member("tracklet", of[a]), Member("tracklet", of[b]))
        for a, b in pairs
        if a in of and b in of
    ]
    sides = [(a, b) for a, b in sides if a in seen and b in seen]
    if not sides:
        return np.zeros(0, np.float32)
    rows = [
        question.adjusted(
            np.stack([vectors[pair[side]] for pair in sides]), [seen[pair[side]] for pair in sides]
        )
        for side in (0, 1)
    ]
    scores: NDArray[np.float32] = np.einsum("nd,nd->n", rows[0], rows[1]).astype(np.float32)
    return scores


def _require_apart(intervals: Sequence[around_store.Interval]) -> None:
    """Refuse one camera at one time twice: everybody there would be a chain with themselves."""
    for number, one in enumerate(intervals, start=1):
        for other, two in enumerate(intervals[: number - 1], start=1):
            if one.camera == two.camera and one.from_us < two.to_us and two.from_us < one.to_us:
                raise UsageError(
                    f"places {other} and {number} are both camera {one.camera!r}, at times that "
                    "overlap",
                    "give times that do not overlap, or another camera",
                )


def _at(local: dt.datetime, zone: dt.tzinfo | None, told: str) -> dt.datetime:
    try:
        return only_once(at_local(local, zone), told)
    except Refused as refused:
        raise refused.reworded(refused.message, UsageError) from refused


def _after(begins: dt.datetime, ends: dt.time, zone: dt.tzinfo | None, told: str) -> dt.datetime:
    """Return the first such time of the day after another time."""
    local = begins.astimezone(zone)
    found = _at(dt.datetime.combine(local.date(), ends), zone, told)
    if found == begins:
        raise UsageError(f"the time at {told} is empty")
    if found > begins:
        return found
    return _at(dt.datetime.combine(local.date() + dt.timedelta(days=1), ends), zone, told)


def _overlaps(
    day: dt.date,
    place: Place,
    begins: dt.time,
    first: dt.datetime,
    last: dt.datetime,
    zone: dt.tzinfo | None,
    told: str,
) -> bool:
    """Tell whether a recording has anything of a place's time on a day.

    Raises:
        UsageError: the recording is of that day, whose clocks show the time twice or never.
    """
    try:
        start = _at(dt.datetime.combine(day, begins), zone, told)
        ends = place.ends
        end = ends if isinstance(ends, dt.datetime) else _after(start, ends, zone, told)
    except UsageError:
        if day < first.date():  # looked at only because a time may end on the next day
            return False
        raise
    return start < last and first < end and start < end
