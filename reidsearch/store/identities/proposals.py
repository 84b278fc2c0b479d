"""Proposals in the database: those of the last `link`, replaced as a whole by the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from reidsearch.base.errors import absent
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.decisions import Linking, Member, Named, Proposal, Transits
from reidsearch.domain.event_log import Event
from reidsearch.store.crops.store import Store
from reidsearch.store.decoding import reads
from reidsearch.store.event_log import append
from reidsearch.store.identities.store import exists
from reidsearch.store.tables.identities import (
    identity,
    identity_member,
    linking,
    proposal,
    proposal_member,
)


@dataclass(frozen=True, slots=True)
class Proposed:
    """One proposal before it has a number; fields as in `Proposal`."""

    adds_to: int | None
    members: tuple[Member, ...]
    scores: tuple[float, ...]
    score: float


def replace_proposals(
    store: Store,
    proposed: Iterable[Proposed],
    *,
    join_above: float,
    transits: Transits,
    linked: int,
    capped: int,
    model: str,
) -> None:
    """Forget the proposals there were, and keep these; their numbers were never used before.

    The event log has the entry of it in the same transaction.
    """
    with store.write() as connection:
        connection.execute(delete(linking))
        inserted = connection.execute(
            insert(linking).values(
                at_us=to_us(now()),
                settings={
                    "join_above": join_above,
                    "transits": [list(one) for one in transits.minima],
                    "model": model,
                },
                counts={"linked": linked, "capped": capped},
            )
        ).inserted_primary_key
        if inserted is None:
            raise absent("the id of a new row")
        for one in proposed:
            _insert(connection, int(inserted[0]), one)
        made = last_linking(connection)
        if made is None:
            raise absent("the proposals that were just kept")
        told = {"join_above": join_above, "proposals": len(made.proposals)}
        append(connection, Event.LINK, told)


def _insert(connection: Connection, linking_id: int, one: Proposed) -> None:
    pairs = [
        (member, score)
        for member, score in zip(one.members, one.scores, strict=True)
        if exists(connection, member)  # deleted while everything was being compared
    ]
    if not pairs:
        return
    inserted = connection.execute(
        insert(proposal).values(linking_id=linking_id, identity_id=one.adds_to, score=one.score)
    ).inserted_primary_key
    if inserted is None:
        raise absent("the id of a new row")
    for member, score in pairs:
        connection.execute(
            insert(proposal_member).values(
                {"proposal_id": inserted[0], f"{member.kind}_id": member.number, "score": score}
            )
        )


def last_linking(connection: Connection) -> Linking | None:
    """Return the last `link` with its open proposals; None: there was none.

    Members that belong to an identity by now are left out, and proposals of which no more than
    one member is left, unless it would be added to an identity.
    """
    row = connection.execute(select(linking)).one_or_none()
    if row is None:
        return None
    return _linking(row, tuple(_open_proposals(connection)))


@reads(linking)
def _linking(row: Row[Any], proposals: tuple[Proposal, ...]) -> Linking:
    settings = row.settings
    return Linking(
        linking_id=row.id,
        at=from_us(row.at_us),
        join_above=settings["join_above"],
        transits=Transits(tuple((a, b, float(s)) for a, b, s in settings["transits"])),
        linked=row.counts["linked"],
        capped=row.counts["capped"],
        model=settings["model"],
        proposals=proposals,
    )


def _open_proposals(connection: Connection) -> Iterable[Proposal]:
    members: dict[int, list[tuple[Member, float]]] = {}
    decided = select(func.count()).select_from(identity_member)
    mine = proposal_member.c
    taken = decided.where(
        (identity_member.c.tracklet_id == mine.tracklet_id)
        | (identity_member.c.crop_id == mine.crop_id)
    ).scalar_subquery()
    for row in connection.execute(select(proposal_member).where(taken == 0).order_by(mine.id)):
        kind, number = ("tracklet", row.tracklet_id) if row.tracklet_id else ("crop", row.crop_id)
        members.setdefault(row.proposal_id, []).append((Member(kind, number), row.score))
    rows = connection.execute(
        select(proposal, identity.c.name, identity.c.merged_into)
        .outerjoin(identity, identity.c.id == proposal.c.identity_id)
        .order_by(proposal.c.id)
    )
    for row in rows:
        held = members.get(row.id, [])
        gone = row.identity_id is not None and (row.name is None or row.merged_into is not None)
        if gone or not held or (row.identity_id is None and len(held) < 2):
            continue
        yield Proposal(
            proposal_id=row.id,
            adds_to=None if row.identity_id is None else Named(row.identity_id, row.name),
            members=tuple(member for member, _ in held),
            scores=tuple(score for _, score in held),
            score=row.score,
        )


def proposing(connection: Connection, tracklet_ids: Iterable[int]) -> tuple[int, ...]:
    """Return the proposals that some tracklets are in."""
    mine = proposal_member.c
    found = connection.scalars(
        select(mine.proposal_id)
        .where(mine.tracklet_id.in_(list(tracklet_ids)))
        .distinct()
        .order_by(mine.proposal_id)
    )
    return tuple(found)
