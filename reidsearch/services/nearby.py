"""Who else was seen around the sightings of somebody, and what footage of that time there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.base.timecode import duration_text, now
from reidsearch.domain.analysed import analysed, not_analysed_s
from reidsearch.domain.around import MOST_WITHIN_S, Around
from reidsearch.domain.decisions import Member, Presence, Transits
from reidsearch.domain.event_log import Event
from reidsearch.domain.nearby import (
    CloserThan,
    Nearby,
    NearbyStatement,
    SeenNearby,
    Watched,
    Whom,
    whom_json,
)
from reidsearch.services.distance import DistanceService
from reidsearch.services.lying import lies
from reidsearch.services.nearby_distance import closer_only
from reidsearch.services.search_log import entries_of
from reidsearch.services.sight import Sight
from reidsearch.store.cases import asked_for
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import around as around_store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage.instants import Timed, timed
from reidsearch.store.footage.presence import presences
from reidsearch.store.identities.proposals import last_linking
from reidsearch.store.identities.store import identities as identities_held
from reidsearch.store.identities.store import marks, members_of_crops

_US = 1_000_000


def nearby(
    store: Store,
    sight: Sight,
    whom: int | str | Member,
    *,
    within_s: float,
    around: Around,
    closer_than: CloserThan | None = None,
    distances: DistanceService | None = None,
) -> Nearby:
    """Return who else was seen around the sightings of somebody, and record the question.

    Args:
        sight: what whoever asks may see; nothing else is looked at, or counted.
        whom: a crop's id, an identity's name or number as text, or a tracklet.
        closer_than: leave out who was not so near; `distances` tells.

    Raises:
        NotFound: there is no such crop, tracklet or identity.
        UsageError: nothing is confirmed of the identity; the time is none; it needs a case, see
            `asked_for`.
    """
    case = asked_for(store)
    if not 0 <= within_s <= MOST_WITHIN_S:
        told = f"{duration_text(within_s)} is not between 0 and {duration_text(MOST_WITHIN_S)}"
        raise UsageError(told)
    with store.one_state():
        asked, members = of_whom(store, sight, whom)
        found = _Question(store, sight, asked, members, within_s, around).answer()
        if closer_than is not None and distances is not None:
            found = closer_only(store, distances, found, closer_than)
    found = replace(found, statement=replace(found.statement, case=case))
    (logged,) = entries_of(store, [_detail(store, found)], Event.NEARBY)
    return replace(found, statement=replace(found.statement, logged=logged))


def of_whom(
    store: Store, sight: Sight, whom: int | str | Member
) -> tuple[Whom, tuple[Member, ...]]:
    """Return who is meant, and the members that are their sightings.

    Raises:
        NotFound: there is no such crop, tracklet or identity, or it may not be seen.
        UsageError: nothing is confirmed of the identity.
    """
    if isinstance(whom, str):
        identity = sight.require_identity(whom)
        if not identity.members:
            raise UsageError(
                f"nothing is confirmed of {identity.named.text}, so it has no sightings",
                "confirm a match first",
                kind=Kind.IDENTITY_EMPTY,
                identity=identity.name,
            )
        return Whom(None, identity.named), identity.members
    member, crops = _member(store, sight, whom)
    mark = marks(store, [member]).get(member)
    return Whom(member, mark.identity if mark else None, crops), (member,)


def _member(store: Store, sight: Sight, whom: int | Member) -> tuple[Member, tuple[int, ...]]:
    if isinstance(whom, int):
        sight.require_crops([whom])
        store.crop(whom)
        with store.read() as connection:
            return members_of_crops(connection, [whom])[whom], (whom,)
    with store.read() as connection:
        seen = presences(connection, [whom])
    if whom not in seen:
        raise NotFound(f"{store.location} holds no {whom.text}")
    if whom.kind == "tracklet":
        sight.require_tracklets([whom.number])
    else:
        sight.require_crops([whom.number])
    return whom, seen[whom].crop_ids


def _detail(store: Store, found: Nearby) -> dict[str, Any]:
    """Return the detail of the entry of the log: what was asked, and the best crop of each."""
    told = found.statement
    return {
        "statement": {
            **whom_json(told.whom),
            "within_s": told.within_s,
            "cameras": told.around.value,
            "closer_than": told.closer_than and told.closer_than.limit.text,
            "for_s": told.closer_than and told.closer_than.for_s,
        },
        "crops": [one.seen.crop_ids[0] for one in found.people if one.seen.crop_ids],
        "reason": store.acting.reason,
    }


class _Question:
    """One question while it is answered, in one state of the archive."""

    def __init__(
        self,
        store: Store,
        sight: Sight,
        whom: Whom,
        members: Sequence[Member],
        within_s: float,
        around: Around,
    ) -> None:
        self._store, self._sight, self._whom = store, sight, whom
        self._within_s, self._around = within_s, around
        with store.read() as connection:
            held = sight.presences([*presences(connection, members).values()])
            linked = last_linking(connection)
        self._sightings = tuple(
            sorted(held, key=lambda one: (one.first_us is None, one.first_us or 0, one.member))
        )
        self._transits = sight.transits(linked.transits if linked else Transits())

    def answer(self) -> Nearby:
        watched = tuple(self._watched())
        cameras = {one.camera for one in watched}
        with self._store.read() as connection:
            found = self._candidates(watched)
            own = self._own() & found
            seen = presences(connection, found - own - {one.member for one in self._sightings})
            untimed = around_store.untimed(connection, cameras)
        people = tuple(self._people([one for one in seen.values() if self._may(one)]))
        untold = [n for n, one in self._numbered() if one.first_us is None or one.camera is None]
        return Nearby(
            NearbyStatement(
                archive=self._store.location,
                archive_id=str(self._store.row.uuid),
                asked_at=now(),
                whom=self._whom,
                within_s=self._within_s,
                around=self._around,
                watched=watched,
                without_time=tuple(n for n in untold if self._has_footage(n)),
                without_footage=tuple(n for n in untold if not self._has_footage(n)),
                untimed_sources=untimed,
                own=len(own - {one.member for one in self._sightings}),
                ways_known=bool(self._transits.minima),
            ),
            self._sightings,
            people,
        )

    def _numbered(self) -> Iterator[tuple[int, Presence]]:
        return enumerate(self._sightings, start=1)

    def _has_footage(self, number: int) -> bool:
        return self._sightings[number - 1].member.kind == "tracklet"

    def _may(self, one: Presence) -> bool:
        return self._sight.camera(one.camera)

    def _own(self) -> set[Member]:
        """Return everything that is confirmed as the person who is asked for."""
        identity = self._whom.identity
        if identity is None:
            return set()
        with self._store.read() as connection:
            every = identities_held(connection)
        return {m for one in every if one.identity_id == identity.identity_id for m in one.members}

    def _watched(self) -> Iterator[Watched]:
        """Yield the cameras that are looked at around each sighting whose time is known."""
        looked = analysed(footage_store.coverage(self._store))
        margin_us = round(self._within_s * _US)
        for number, one in self._numbered():
            if one.first_us is None or one.camera is None:
                continue
            from_us, to_us = one.first_us - margin_us, (one.last_us or one.first_us) + margin_us
            for camera, transit_s in self._cameras(one.camera).items():
                missing = not_analysed_s(looked.get(camera, ()), from_us, to_us)
                yield Watched(number, camera, transit_s, from_us, to_us, missing)

    def _cameras(self, camera: str) -> dict[str, float | None]:
        """Return a camera and its neighbours, each with the least time to get there."""
        found: dict[str, float | None] = {camera: None}
        if self._around is Around.SAME:
            return found
        for one, other, seconds in self._transits.minima:
            if camera in (one, other) and seconds <= self._within_s:
                found[other if camera == one else one] = seconds
        return found

    def _candidates(self, watched: Iterable[Watched]) -> set[Member]:
        """Return everything that was seen in the time around, own sightings among it."""
        sources: dict[str, list[Timed]] = {}
        for one in timed(self._store):
            if one.camera is not None:
                sources.setdefault(one.camera, []).append(one)
        margin_us = round(self._within_s * _US)
        found: set[Member] = set()
        with self._store.read() as connection:
            for _, sighting in self._numbered():
                if sighting.member.kind != "tracklet":
                    continue
                for part in sighting.parts:
                    found |= around_store.of_source(
                        connection,
                        part.source_id,
                        part.first_us - margin_us,
                        part.last_us + margin_us,
                    )
            for at in watched:
                interval = around_store.Interval(at.camera, at.from_us, at.to_us)
                found |= around_store.of_camera(connection, interval, sources)
        return found

    def _people(self, seen: Sequence[Presence]) -> Iterable[SeenNearby]:
        named = marks(self._store, [one.member for one in seen])
        found = []
        for one in seen:
            near = [
                lying
                for number, sighting in self._numbered()
                if self._looked_at(sighting, one)
                and (lying := lies(number, sighting, one)) is not None
                and abs(lying.gap_s) <= self._within_s
            ]
            if not near:
                continue
            best = min(near, key=lambda lying: lying.order)
            mark = named.get(one.member)
            found.append(
                SeenNearby(
                    one,
                    best.sighting,
                    best.gap_s,
                    best.overlap_s,
                    best.doubt_s,
                    any(lying.at_once for lying in near),
                    mark.identity if mark else None,
                    tuple(lying.sighting for lying in near),
                )
            )
        return sorted(
            found, key=lambda one: (abs(one.gap_s), -one.overlap_s, one.sighting, one.seen.member)
        )

    def _looked_at(self, sighting: Presence, other: Presence) -> bool:
        """Tell whether another one's camera was looked at around a sighting."""
        if {part.source_id for part in sighting.parts} & {part.source_id for part in other.parts}:
            return True
        return sighting.camera is not None and other.camera in self._cameras(sighting.camera)
