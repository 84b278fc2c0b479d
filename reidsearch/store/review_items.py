"""What a review can show: what was decided for a case, and people who are known to be others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, select

from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.domain.decisions import PHOTO, Decision, Member, Named, Presence
from reidsearch.domain.review import First, placed
from reidsearch.store import tables
from reidsearch.store.chunks import chunks
from reidsearch.store.crops.embeddings import embeddings_of
from reidsearch.store.crops.store import Store
from reidsearch.store.event_log import entries_of_decisions
from reidsearch.store.footage.presence import at_once, presences
from reidsearch.store.identities.ledger import UNDO, Ledger
from reidsearch.store.identities.store import log, members_of_crops
from reidsearch.store.tables.event_log import log_entry
from reidsearch.store.tables.footage import moment, tracklet_part

LEAST_TOGETHER_US = 500_000
"""How long one camera has to show two tracklets at once: a box that is drawn twice on one person
for a moment makes no filler."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided for a case on one identity.

    Args:
        references: members that are taken as the person.
        candidates: member -> what was decided of it.
        not_fillers: what may be the person after all: members, and what somebody was unsure of.
        examiners: who took these decisions.
    """

    identity: Named
    references: tuple[Member, ...]
    candidates: Mapping[Member, First]
    not_fillers: frozenset[Member]
    examiners: tuple[str, ...]


def decided(connection: Connection, case: str, name: str, crop_ids: Sequence[int]) -> Decided:
    """Return what was decided for a case on an identity, and stands.

    Args:
        crop_ids: of the reference pictures, members of the identity; none: of what was confirmed
            of it first.

    Raises:
        NotFound: there is no such identity or crop, or nothing of it was decided for this case.
        UsageError: a reference was not confirmed as the identity.
    """
    decisions = log(connection)
    ledger = Ledger.replay(decisions)
    identity = ledger.find(name)
    number = identity.identity_id
    members = {
        member for member, one in ledger.members().items() if one == number and member.kind != PHOTO
    }
    states = {member: First.UNSURE for one, member in ledger.unsure() if one == number}
    rejected = {member for one, member in ledger.rejections() if one == number}
    states |= dict.fromkeys(rejected, First.REJECTED) | dict.fromkeys(members, First.CONFIRMED)
    told = _in_force(decisions, states)
    references = _references(connection, identity, members, told, crop_ids)
    of_case = _of_case(connection, case, told)
    candidates = {
        member: states[member]
        for one in told
        if one.decision_id in of_case
        for member in _members(one)
        if member in states and member not in references
    }
    if not candidates:
        raise NotFound(
            f"nothing but its reference was decided on {identity.text} for case {case!r}",
            kind=Kind.REVIEW_OF_NOTHING,
        )
    about = {*candidates, *references}
    examiners = {one.who for one in told if about.intersection(_members(one))}
    rivals = frozenset(member for member, state in states.items() if state is not First.REJECTED)
    not_fillers = rivals | candidates.keys()
    return Decided(identity, references, candidates, not_fillers, tuple(sorted(examiners)))


def _in_force(decisions: Iterable[Decision], states: Mapping[Member, First]) -> list[Decision]:
    return [
        one
        for one in decisions
        if one.what != UNDO and one.undone_by is None and states.keys() & _members(one)
    ]


def _members(decision: Decision) -> set[Member]:
    return {change.member for change in decision.changes if change.member is not None}


def _references(
    connection: Connection,
    identity: Named,
    members: set[Member],
    decisions: Sequence[Decision],
    crop_ids: Sequence[int],
) -> tuple[Member, ...]:
    if crop_ids:
        given = tuple(dict.fromkeys(members_of_crops(connection, crop_ids).values()))
        for one in given:
            if one not in members:
                raise UsageError(f"{one.text} was not confirmed as {identity.text}")
        return given
    for decision in decisions:
        first = sorted(members & _members(decision) & presences(connection, members).keys())
        if first:
            return (first[0],)
    raise NotFound(
        f"nothing that the archive still holds is confirmed as {identity.text}",
        kind=Kind.REVIEW_OF_NOTHING,
    )


def _of_case(connection: Connection, case: str, decisions: Sequence[Decision]) -> set[int]:
    """Return those of these decisions that were taken for a case."""
    entries = entries_of_decisions(connection, [one.decision_id for one in decisions])
    found: set[int] = set()
    for part in chunks(sorted(entries.values())):
        c = log_entry.c
        rows = select(c.id).where(c.id.in_(part), c.case_number == case)
        found |= set(connection.scalars(rows))
    return {decision for decision, entry in entries.items() if entry in found}


# -- fillers --------------------------------------------------------------------------------


def fillers(
    store: Store, connection: Connection, found: Decided, wanted: int, seed: bytes
) -> dict[Member, tuple[Member, ...]]:
    """Return people who are known to be others, each with the members that it was seen beside.

    One recording shows them at the same time as a reference or a confirmed candidate. Half of them
    are those that look most like the references, the others are drawn by lot.

    Args:
        wanted: how many; there may be fewer.
        seed: of the lot.
    """
    beside = [*found.references]
    beside += [one for one, first in found.candidates.items() if first is First.CONFIRMED]
    seen = {member: one for member, one in presences(connection, beside).items() if _pure(one)}
    others = presences(connection, _in_sources(connection, seen.values()))
    together = {
        member: tuple(sorted(with_ for with_, one in seen.items() if _surely(one, other)))
        for member, other in others.items()
        if member not in found.not_fillers and other.crop_ids and _pure(other)
    }
    possible = {member: with_ for member, with_ in together.items() if with_}
    shown = presences(connection, found.references)
    likeness = _likeness(store, [others[one] for one in possible], list(shown.values()))
    ranked = sorted(possible, key=lambda one: (-likeness.get(one, -1.0), one))
    hard = ranked[: -(-wanted // 2)]
    rest = placed(seed, ranked[len(hard) :])
    return {one: possible[one] for one in [*hard, *rest][:wanted]}


def _pure(one: Presence) -> bool:
    """Tell whether it is not doubted to show two people."""
    return one.purity is None or not one.purity.doubts


def _surely(one: Presence, other: Presence) -> bool:
    """Tell whether one recording shows both at once, tracklets for long enough."""
    if not at_once(one, other):
        return False
    if "crop" in {one.member.kind, other.member.kind}:
        return one.member.kind == other.member.kind  # two boxes of one picture
    return any(
        a.source_id == b.source_id
        and min(a.last_us, b.last_us) - max(a.first_us, b.first_us) >= LEAST_TOGETHER_US
        for a in one.parts
        for b in other.parts
    )


def _in_sources(connection: Connection, seen: Iterable[Presence]) -> set[Member]:
    """Return everything that the sources of these show."""
    sources = sorted({part.source_id for one in seen for part in one.parts})
    found: set[Member] = set()
    crop = tables.crop.c
    for ids in chunks(sources):
        tracklets = select(tracklet_part.c.tracklet_id).where(tracklet_part.c.source_id.in_(ids))
        found |= {Member("tracklet", one) for one in connection.scalars(tracklets)}
        crops = (
            select(crop.id)
            .outerjoin(moment, moment.c.crop_id == crop.id)
            .where(crop.source_id.in_(ids), moment.c.crop_id.is_(None))
        )
        found |= {Member("crop", one) for one in connection.scalars(crops)}
    return found


def _likeness(
    store: Store, others: Sequence[Presence], references: Sequence[Presence]
) -> dict[Member, float]:
    """Return the best score of each with a reference."""
    vectors = embeddings_of(
        store, (crop_id for one in (*others, *references) for crop_id in one.crop_ids)
    )
    shown = [vectors[crop] for one in references for crop in one.crop_ids if crop in vectors]
    if not shown:
        return {}
    queries = np.stack(shown).T
    found: dict[Member, float] = {}
    for one in others:
        views = [vectors[crop] for crop in one.crop_ids if crop in vectors]
        if views:
            found[one.member] = float((np.stack(views) @ queries).max())
    return found
