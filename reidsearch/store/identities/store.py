"""Decisions in the database: the log, what it leaves in force, and taking one more.

A decision is one short transaction that SQLite itself serialises with all others; it does not
take the writer lock, so that an investigator need not wait for hours of indexing to end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, insert, select, update

from reidsearch.base.errors import ArchiveError, Kind, NotFound, absent
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.decisions import (
    EDITS,
    PHOTO,
    Change,
    Decision,
    Identity,
    Mark,
    Member,
    Named,
    Of,
    Presence,
    Value,
)
from reidsearch.store import tables
from reidsearch.store.cases import require_authors_case
from reidsearch.store.chunks import CHUNK
from reidsearch.store.crops.store import Store
from reidsearch.store.database.numbering import next_number
from reidsearch.store.database.proofs import intact
from reidsearch.store.decoding import reads
from reidsearch.store.event_log import record_decision
from reidsearch.store.events import require_record
from reidsearch.store.footage.tracklet_edits import apply_edit
from reidsearch.store.identities.ledger import UNDO, Ledger, from_json, to_json, with_undone
from reidsearch.store.tables.footage import moment, tracklet
from reidsearch.store.tables.identities import (
    decision,
    identity,
    identity_member,
    identity_rejection,
)
from reidsearch.store.tables.photos import reference_photo

UNSURE = "unsure"
Plan = Callable[[Connection, Ledger, Sequence[Decision]], Sequence[Change]]
"""What a decision changes, worked out in its own transaction from what is in force there."""


def log(connection: Connection) -> list[Decision]:
    """Return all decisions, oldest first.

    Raises:
        ArchiveError: it was altered.
    """
    # Proven here, because a decision is taken on a connection that writes.
    rows = connection.execute(select(decision).where(intact(decision)).order_by(decision.c.id))
    return with_undone([_decision(row) for row in rows])


@reads(decision)
def _decision(row: Row[Any]) -> Decision:
    return Decision(
        decision_id=row.id,
        at=from_us(row.at_us),
        who=row.who,
        what=row.what,
        note=row.note,
        forced=row.forced,
        undoes=row.undoes,
        changes=from_json(row.changes),
    )


def last_decision(connection: Connection) -> int:
    """Return the number of the last decision; 0: there is none."""
    last = select(decision.c.id).order_by(decision.c.id.desc()).limit(1)
    return connection.scalar(last) or 0


def decide(
    store: Store,
    what: str,
    plan: Plan,
    *,
    actor: str,
    note: str = "",
    forced: bool = False,
    undoes: Callable[[Sequence[Decision]], int] | None = None,
) -> Decision | None:
    """Take a decision: append it to the log and bring the tables to what it leaves in force.

    Args:
        plan: raises when the decision cannot be taken; nothing is changed then.
        actor: who decides.
        undoes: finds the decision that this one reverses.

    Raises:
        UsageError: actor or note cannot be stored.

    Returns:
        The decision; None when it would change nothing, which is then not logged.
    """
    require_record(actor, note)
    with store.write() as connection:
        before = log(connection)
        ledger = Ledger.replay(before)
        reversed_id = undoes(before) if undoes else None
        changes = tuple(plan(connection, ledger, before))
        if not changes:
            return None
        ledger.apply(changes)
        ledger.require_whole(changes)
        made = Decision(0, now(), actor, what, note, forced, reversed_id, changes)
        return append_decision(connection, made)


def append_decision(connection: Connection, made: Decision) -> Decision:
    """Add a decision to the log, and bring the tables to it; its number is given here."""
    require_authors_case(connection)
    inserted = connection.execute(
        insert(decision).values(
            **next_number(connection, decision),
            at_us=to_us(made.at),
            who=made.who,
            what=made.what,
            note=made.note,
            forced=made.forced,
            undoes=made.undoes,
            changes=to_json(made.changes),
        )
    ).inserted_primary_key
    if inserted is None:
        raise absent("the id of a new row")
    record_decision(connection, int(inserted[0]))
    for change in sorted(made.changes, key=_order):
        if change.of in EDITS:
            apply_edit(connection, change)
        else:
            _apply(connection, change)
    return replace(made, decision_id=int(inserted[0]))


def _order(change: Change) -> int:
    """Identities first, then tracklets: members refer to both."""
    return 0 if change.member is None else 1 if change.of in EDITS else 2


def _apply(connection: Connection, change: Change) -> None:
    """Bring the tables of what is in force to one change."""
    if change.of in {Of.NAME, Of.MERGED}:
        row = connection.scalar(select(identity.c.id).where(identity.c.id == change.identity_id))
        if row is None:
            connection.execute(insert(identity).values(id=change.identity_id))
        column = "name" if change.of is Of.NAME else "merged_into"
        connection.execute(
            update(identity)
            .where(identity.c.id == change.identity_id)
            .values({column: change.after})
        )
        return
    if change.of is Of.UNSURE:  # the log alone holds it
        return
    if change.member is None:
        raise absent("the member of a change")
    if change.member.kind == PHOTO:
        put_to(connection, change.member.number, change.after)
        return
    table = identity_member if change.of is Of.MEMBER else identity_rejection
    identity_id = change.identity_id if change.of is Of.REJECTED else change.after
    where = [_column(table, change.member.kind) == change.member.number]
    if change.of is Of.REJECTED:
        where.append(table.c.identity_id == change.identity_id)
    connection.execute(delete(table).where(*where))
    if change.after is not None and exists(connection, change.member):
        row_values = {"identity_id": identity_id, f"{change.member.kind}_id": change.member.number}
        connection.execute(insert(table).values(row_values))


def put_to(connection: Connection, photo_id: int, identity_id: Value) -> None:
    """Let a reference photograph belong to an identity, or to none; one that is gone stays gone."""
    of = reference_photo.c.id == photo_id
    connection.execute(update(reference_photo).where(of).values(identity_id=identity_id))


def _column(table: Table, kind: str) -> ColumnElement[int]:
    return table.c[f"{kind}_id"]


def exists(connection: Connection, member: Member) -> bool:
    """Tell whether the archive still stores a member."""
    table = tracklet if member.kind == "tracklet" else tables.crop
    return connection.scalar(select(table.c.id).where(table.c.id == member.number)) is not None


def rebuild(connection: Connection) -> None:
    """Make the tables of identities anew from the log; what tracklets show stays as it is."""
    before = log(connection)
    Ledger.replay(before)
    for table in (identity_member, identity_rejection):
        connection.execute(delete(table))
    connection.execute(update(reference_photo).values(identity_id=None))
    connection.execute(update(identity).values(name=None, merged_into=None))
    for one in before:
        for change in sorted(one.changes, key=_order):
            if change.of not in EDITS:
                _apply(connection, change)


def members_of_crops(connection: Connection, crop_ids: Iterable[int]) -> dict[int, Member]:
    """Return what each of those crops is a view of: its tracklet, or itself.

    Raises:
        NotFound: there is no such crop.
    """
    wanted = list(dict.fromkeys(crop_ids))
    possible = [crop_id for crop_id in wanted if 0 < crop_id < 2**63]
    found: dict[int, Member] = {}
    for start in range(0, len(possible), CHUNK):
        rows = connection.execute(
            select(tables.crop.c.id, moment.c.tracklet_id)
            .outerjoin(moment, moment.c.crop_id == tables.crop.c.id)
            .where(tables.crop.c.id.in_(possible[start : start + CHUNK]))
        )
        for row in rows:
            of_tracklet = row.tracklet_id is not None
            found[row.id] = (
                Member("tracklet", row.tracklet_id) if of_tracklet else Member("crop", row.id)
            )
    for crop_id in wanted:
        if crop_id not in found:
            raise NotFound(f"the archive holds no crop {crop_id}", "every answer shows the ids")
    return {crop_id: found[crop_id] for crop_id in wanted}


def given_by(connection: Connection, crop_ids: Iterable[int]) -> dict[Member, tuple[int, ...]]:
    """Return what those crops are views of, each with the crops that named it.

    Raises:
        NotFound: there is no such crop.
    """
    given: dict[Member, tuple[int, ...]] = {}
    for crop_id, member in members_of_crops(connection, crop_ids).items():
        given[member] = (*given.get(member, ()), crop_id)
    return given


def with_given(
    seen: Mapping[Member, Presence], decisions: Iterable[Decision]
) -> dict[Member, Presence]:
    """Return the presences, each with the crops by which decisions that stand named it."""
    named: dict[Member, dict[int, None]] = {}
    for one in decisions:
        if one.what == UNDO or one.undone_by is not None:
            continue
        for change in one.changes:
            if change.member is not None:
                named.setdefault(change.member, {}).update(dict.fromkeys(change.crops))
    return {
        # A crop may belong to another tracklet by now, cut off by hand.
        member: replace(
            one, named_by=tuple(crop for crop in named.get(member, ()) if crop in one.crop_ids)
        )
        for member, one in seen.items()
    }


def identities(connection: Connection) -> list[Identity]:
    """Return all identities that were not undone, by id, with their stored members."""
    members = _by_identity(connection, identity_member)
    rejected = _by_identity(connection, identity_rejection)
    photos = _photos(connection)
    rows = connection.execute(
        select(identity).where(identity.c.name.is_not(None)).order_by(identity.c.id)
    )
    return [
        Identity(
            row.id,
            row.name,
            tuple(members.get(row.id, ())),
            tuple(rejected.get(row.id, ())),
            row.merged_into,
            tuple(photos.get(row.id, ())),
        )
        for row in rows
    ]


def _photos(connection: Connection) -> dict[int, list[int]]:
    """Return the numbers of the reference photographs of each identity."""
    found: dict[int, list[int]] = {}
    c = reference_photo.c
    held = select(c.id, c.identity_id).where(c.identity_id.is_not(None))
    for row in connection.execute(held.order_by(c.id)):
        found.setdefault(row.identity_id, []).append(row.id)
    return found


def _by_identity(connection: Connection, table: Table) -> dict[int, list[Member]]:
    found: dict[int, list[Member]] = {}
    for row in connection.execute(select(table)):
        found.setdefault(row.identity_id, []).append(_member(row.tracklet_id, row.crop_id))
    return {identity_id: sorted(held) for identity_id, held in found.items()}


def _member(tracklet_id: int | None, crop_id: int | None) -> Member:
    if tracklet_id is not None:
        return Member("tracklet", tracklet_id)
    if crop_id is None:
        raise ArchiveError(
            "a row of an identity names neither a tracklet nor a crop", kind=Kind.ARCHIVE_DAMAGED
        )
    return Member("crop", crop_id)


_ANY = select(decision.c.id).limit(1)


def marks(store: Store, members: Iterable[Member]) -> dict[Member, Mark]:
    """Return what was decided of these members; others are left out."""
    members = tuple(members)
    with store.read() as connection:
        if connection.scalar(_ANY) is None:
            return {}
        found: dict[Member, Mark] = {}
        by_kind: dict[str, list[int]] = {}
        for member in members:
            by_kind.setdefault(member.kind, []).append(member.number)
        for kind, numbers in by_kind.items():
            for start in range(0, len(numbers), CHUNK):
                found |= _marks(connection, kind, numbers[start : start + CHUNK])
        if connection.scalar(_ANY_UNSURE) is None:
            return found
        unsure = _unsure(connection)
    for member in members:
        if member in unsure:
            found[member] = replace(found.get(member, Mark()), unsure_for=unsure[member])
    return found


_ANY_UNSURE = select(decision.c.id).where(decision.c.what == UNSURE).limit(1)


def _unsure(connection: Connection) -> dict[Member, tuple[Named, ...]]:
    """Return of whom somebody could not tell whether they are which identities."""
    ledger = Ledger.replay(log(connection))
    names, found = ledger.names(), dict[Member, tuple[Named, ...]]()
    for identity_id, member in sorted(ledger.unsure()):
        if identity_id in names:
            named = Named(identity_id, names[identity_id])
            found[member] = (*found.get(member, ()), named)
    return found


def _marks(connection: Connection, kind: str, numbers: list[int]) -> dict[Member, Mark]:
    belonging: dict[Member, Named] = {}
    rejected: dict[Member, list[Named]] = {}
    for table in (identity_member, identity_rejection):
        column = _column(table, kind)
        rows = connection.execute(
            select(column.label("number"), identity.c.id, identity.c.name)
            .join(identity, identity.c.id == table.c.identity_id)
            .where(column.in_(numbers))
            .order_by(identity.c.id)
        )
        for row in rows:
            member, named = Member(kind, row.number), Named(row.id, row.name)
            if table is identity_member:
                belonging[member] = named
            else:
                rejected.setdefault(member, []).append(named)
    return {
        member: Mark(belonging.get(member), tuple(rejected.get(member, ())))
        for member in {*belonging, *rejected}
    }
