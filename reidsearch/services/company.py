"""Who was repeatedly seen where and when somebody was, against how often chance would have it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reidsearch.base.errors import UsageError, absent
from reidsearch.base.timecode import duration_text, now
from reidsearch.domain.analysed import analysed, not_analysed_s
from reidsearch.domain.around import MOST_WITHIN_S
from reidsearch.domain.chance import APART_S, Stay, chance, occasions
from reidsearch.domain.company import Companion, Company, CompanyStatement, Meeting
from reidsearch.domain.decisions import Linking, Member, Named, Presence
from reidsearch.domain.event_log import Event
from reidsearch.domain.nearby import Whom, whom_json
from reidsearch.services.lying import Lying, lies
from reidsearch.services.nearby import of_whom
from reidsearch.services.search_log import entries_of
from reidsearch.services.sight import Sight
from reidsearch.store.cases import asked_for
from reidsearch.store.crops.store import Store
from reidsearch.store.footage import around as around_store
from reidsearch.store.footage import reader as footage_store
from reidsearch.store.footage.both import crops_of_both
from reidsearch.store.footage.footfall import SeenAt, footfall, seen_at
from reidsearch.store.footage.instants import Timed, timed
from reidsearch.store.footage.presence import presences
from reidsearch.store.identities.proposals import last_linking
from reidsearch.store.identities.store import identities as identities_held

_US = 1_000_000
LEAST = 2
"""Occasions, or places: fewer are no repetition."""


def company(store: Store, sight: Sight, name: str, *, within_s: float) -> Company:
    """Return who was repeatedly seen where and when an identity was, and record the question.

    Others are identities, by what is confirmed of them, and those whose tracklets the last `link`
    has proposed as one person, which nobody has confirmed.

    Args:
        sight: what whoever asks may see; nothing else is compared, or counted.
        within_s: how near in time two sightings by one camera count as a meeting.

    Raises:
        NotFound: there is no such identity.
        UsageError: nothing is confirmed of it; the time is none; it needs a case, see `asked_for`.
    """
    case = asked_for(store)
    if not 0 <= within_s <= MOST_WITHIN_S:
        told = f"{duration_text(within_s)} is not between 0 and {duration_text(MOST_WITHIN_S)}"
        raise UsageError(told)
    with store.one_state():
        whom, members = of_whom(store, sight, name)
        found = _Question(store, sight, whom, members, within_s).answer()
    found = replace(found, statement=replace(found.statement, case=case))
    (logged,) = entries_of(store, [_detail(store, found)], Event.COMPANY)
    return replace(found, statement=replace(found.statement, logged=logged))


def _detail(store: Store, found: Company) -> dict[str, Any]:
    told = found.statement
    seen = (met.seen for one in found.companions for met in one.meetings)
    return {
        "statement": {**whom_json(told.whom), "within_s": told.within_s},
        "crops": [one.crop_ids[0] for one in seen if one.crop_ids],
        "reason": store.acting.reason,
    }


@dataclass(frozen=True, slots=True)
class _Other:
    """Somebody to compare with: an identity, or a proposal of nobody's.

    Args:
        members: with known time and camera.
    """

    identity: Named | None
    proposal_id: int | None
    score: float | None
    members: tuple[Member, ...]


class _Question:
    """One question while it is answered, in one state of the archive."""

    def __init__(
        self, store: Store, sight: Sight, whom: Whom, members: Sequence[Member], within_s: float
    ) -> None:
        self._store, self._sight, self._whom, self._within_s = store, sight, whom, within_s
        self._members = frozenset(members)
        self._seen: Mapping[str, SeenAt] = {
            camera: one for camera, one in seen_at(store).items() if sight.camera(camera)
        }
        self._timed = {
            Member("tracklet", number) if number > 0 else Member("crop", -number)
            for one in self._seen.values()
            for number in one.members.tolist()
        }
        with store.read() as connection:
            held = sight.presences([*presences(connection, members).values()])
            self._linked: Linking | None = last_linking(connection)
            self._identities = [
                one for one in identities_held(connection) if one.merged_into is None
            ]
        known = [one for one in held if one.first_us is not None and one.camera is not None]
        self._untimed = len(held) - len(known)
        self._sightings = tuple(sorted(known, key=lambda one: (one.first_us or 0, one.member)))

    def answer(self) -> Company:
        others = list(self._others())
        compared = [one for one in others if len(one.members) >= LEAST]
        near = self._near()
        close = [one for one in compared if not near.isdisjoint(one.members)]
        with self._store.read() as connection:
            seen = presences(connection, (member for one in close for member in one.members))
        found = [
            one
            for other in close
            if (one := self._companion(other, seen, len(compared))) is not None
        ]
        found.sort(key=lambda one: (one.chance.p, -len(one.meetings), one.meetings[0].seen.member))
        windows = list(self._windows())
        seconds = sum(one.to_us - one.from_us for one in windows) / _US
        looked = analysed(footage_store.coverage(self._store))
        missing = [
            not_analysed_s(looked.get(one.camera, ()), one.from_us, one.to_us) for one in windows
        ]
        stays = [_stay(one) for one in self._sightings]
        assigned = {member for one in others for member in one.members} | self._members
        statement = CompanyStatement(
            archive=self._store.location,
            archive_id=str(self._store.row.uuid),
            asked_at=now(),
            whom=self._whom,
            within_s=self._within_s,
            apart_s=APART_S,
            occasions=len(occasions(stays)),
            untimed=self._untimed,
            identities=sum(one.identity is not None for one in compared),
            proposals=sum(one.identity is None for one in compared),
            linked_at=self._linked.at if self._linked else None,
            unassigned=len(self._timed - assigned),
            proposed_as_whom=self._proposed_as_whom(),
            seconds=seconds,
            not_analysed_s=sum(missing),
        )
        return Company(statement, self._sightings, tuple(found))

    def _others(self) -> Iterator[_Other]:
        whom = self._whom.identity
        for one in self._identities:
            if whom is None or one.identity_id != whom.identity_id:
                yield _Other(one.named, None, None, _known(one.members, self._timed))
        for proposal in self._linked.proposals if self._linked else ():
            if proposal.adds_to is None:
                members = _known(proposal.members, self._timed)
                yield _Other(None, proposal.proposal_id, proposal.score, members)

    def _proposed_as_whom(self) -> int:
        proposals = self._linked.proposals if self._linked else ()
        return sum(
            one.adds_to == self._whom.identity and bool(_known(one.members, self._timed))
            for one in proposals
        )

    def _windows(self) -> Iterator[around_store.Interval]:
        margin_us = round(self._within_s * _US)
        for one in self._sightings:
            stay = _stay(one)
            yield around_store.Interval(
                stay.camera, stay.first_us - margin_us, stay.last_us + margin_us
            )

    def _near(self) -> set[Member]:
        """Return all that the cameras of the sightings saw around them."""
        sources: dict[str, list[Timed]] = {}
        for one in timed(self._store):
            if one.camera is not None:
                sources.setdefault(one.camera, []).append(one)
        found: set[Member] = set()
        with self._store.read() as connection:
            for interval in self._windows():
                found |= around_store.of_camera(connection, interval, sources)
        return found - self._members

    def _companion(
        self, other: _Other, present: Mapping[Member, Presence], compared: int
    ) -> Companion | None:
        """Return what there is of somebody; None: they were not met repeatedly."""
        seen = [present[member] for member in other.members if member in present]
        met = self._met(seen)
        stays = {number: _stay(self._sightings[number - 1]) for number, _, _ in met}
        every = occasions([_stay(one) for one in self._sightings])
        on = sum(any(stay in stays.values() for stay in walk) for walk in every)
        if max(on, len({stay.camera for stay in stays.values()})) < LEAST:
            return None
        with self._store.read() as connection:
            pairs = [(self._sightings[number - 1], one) for number, one, _ in met]
            crops = crops_of_both(connection, pairs)
        meetings = tuple(
            Meeting(number, one, by.gap_s, by.overlap_s, by.doubt_s, by.at_once, crop)
            for (number, one, by), crop in zip(met, crops, strict=True)
        )
        by_chance = chance(
            [_stay(one) for one in self._sightings],
            [_stay(one) for one in seen],
            footfall(self._seen, self._members | {*other.members}),
            within_s=self._within_s,
        )
        return Companion(
            other.identity,
            other.proposal_id,
            other.score,
            meetings,
            on,
            by_chance,
            min(1.0, by_chance.p * compared),
            other.identity is not None or any(one.at_once for one in meetings),
        )

    def _met(self, seen: Sequence[Presence]) -> list[tuple[int, Presence, Lying]]:
        """Return for each sighting of the person that was met the nearest of the other one's."""
        found = []
        for number, sighting in enumerate(self._sightings, start=1):
            near = [
                (by.order, one.member, one, by)
                for one in seen
                if one.camera == sighting.camera
                and (by := lies(number, sighting, one)) is not None
                and abs(by.gap_s) <= self._within_s
            ]
            if near:
                _, _, one, by = min(near, key=lambda row: row[:2])
                found.append((number, one, by))
        return found


def _known(members: Collection[Member], known: Collection[Member]) -> tuple[Member, ...]:
    return tuple(one for one in members if one in known)


def _stay(one: Presence) -> Stay:
    if one.camera is None or one.first_us is None:
        raise absent("the time and camera of a sighting")
    return Stay(one.camera, one.first_us, one.last_us or one.first_us)
