"""Legal holds: their rows, and which crops they hold.

`require_free` is asked in the transaction that deletes, so that no face and no job deletes past a
hold. A hold on one view of a tracklet holds the whole tracklet.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from reidsearch.base.actor import Author
from reidsearch.base.errors import DECODING_ERRORS, Kind, NotFound, UsageError
from reidsearch.base.timecode import from_us, now, to_us
from reidsearch.domain.decisions import Member
from reidsearch.domain.event_log import QUESTIONS, Event
from reidsearch.domain.holds import HeldBack, Hold, HoldOf
from reidsearch.store import tables
from reidsearch.store.cases import require_case
from reidsearch.store.chunks import chunks, possible
from reidsearch.store.database.proofs import require_intact
from reidsearch.store.decoding import reads
from reidsearch.store.event_log import append, asked_with
from reidsearch.store.identities.ledger import Ledger
from reidsearch.store.identities.photos import cases_of, ever_of
from reidsearch.store.identities.store import log
from reidsearch.store.selection import in_source, of_source, require_cameras
from reidsearch.store.tables.event_log import log_entry
from reidsearch.store.tables.footage import footage, moment
from reidsearch.store.tables.identities import identity
from reidsearch.store.tables.retention import hold as table

_OF_CASE = (*QUESTIONS, Event.SAVED, Event.DECISION, Event.INDEX)


def add_hold(connection: Connection, of: HoldOf, note: str) -> Hold:
    """Set a hold, and record it.

    Raises:
        NotFound: there is no such case, identity, source or camera.
    """
    author: Author = connection.get_execution_options()["author"]
    values: dict[str, Any] = {"note": note, "set_by": author.name, "set_us": to_us(now())}
    if of.case is not None:
        values["case_number"] = require_case(connection, of.case).number
    if of.identity is not None:
        values["identity_id"] = Ledger.replay(log(connection)).find(of.identity).identity_id
    if of.source is not None:
        values |= {"source": of.source, "source_ids": _sources(connection, of.source)}
    if of.camera is not None:
        require_cameras(connection, (of.camera,))
        values["camera"] = of.camera
        values["from_us"] = to_us(of.after) if of.after else None
        values["to_us"] = to_us(of.before) if of.before else None
    made = connection.execute(insert(table).values(values)).inserted_primary_key
    return _recorded(connection, "add", int(made[0]) if made else 0)


def release_hold(connection: Connection, hold_id: int, note: str) -> Hold:
    """Release a hold, and record it.

    Raises:
        NotFound: there is none of this number.
        UsageError: it was released already.
    """
    held = require_hold(connection, hold_id)
    if held.released_at is not None:
        raise UsageError(f"hold {hold_id} was released already, by {held.released_by}")
    author: Author = connection.get_execution_options()["author"]
    values = {"released_us": to_us(now()), "released_by": author.name}
    connection.execute(update(table).where(table.c.id == hold_id).values(values))
    return _recorded(connection, "release", hold_id, note)


def require_hold(connection: Connection, hold_id: int) -> Hold:
    """Return a hold by its number.

    Raises:
        NotFound: there is none.
    """
    for held in holds(connection):
        if held.hold_id == hold_id:
            return held
    raise NotFound(f"there is no hold {hold_id}", kind=Kind.HOLD_UNKNOWN)


def holds(connection: Connection, *, in_force: bool = False) -> list[Hold]:
    """Return all holds as they were set, or those that are in force."""
    return [_hold(row) for row in _rows(connection, in_force=in_force)]


def _rows(connection: Connection, *, in_force: bool) -> Sequence[Row[Any]]:
    # A damaged row must not be passed over: what it held would be deleted.
    require_intact(connection, table)
    rows = select(table, identity.c.name.label("identity_name")).outerjoin(
        identity, identity.c.id == table.c.identity_id
    )
    if in_force:
        rows = rows.where(table.c.released_us.is_(None))
    return connection.execute(rows.order_by(table.c.id)).all()


@reads(table)
def _hold(row: Row[Any]) -> Hold:
    return Hold(
        hold_id=row.id,
        case=row.case_number,
        identity_id=row.identity_id,
        identity=row.identity_name,
        source=row.source,
        camera=row.camera,
        after=None if row.from_us is None else from_us(row.from_us),
        before=None if row.to_us is None else from_us(row.to_us),
        note=row.note,
        set_at=from_us(row.set_us),
        set_by=row.set_by,
        released_at=None if row.released_us is None else from_us(row.released_us),
        released_by=row.released_by,
    )


def _recorded(connection: Connection, change: str, hold_id: int, note: str = "") -> Hold:
    held = require_hold(connection, hold_id)
    # Neither the name of a person nor that of a file: what is erased later must not stay here.
    of = {"case": held.case, "identity_id": held.identity_id, "camera": held.camera}
    detail = {"change": change, "hold": hold_id, **of, "note": note or held.note}
    append(connection, Event.HOLD, detail)
    return held


def _sources(connection: Connection, text: str) -> list[int]:
    crop = tables.crop.c
    found = set(connection.scalars(select(crop.source_id).where(of_source(connection, text))))
    found |= set(
        connection.scalars(select(footage.c.source_id).where(in_source(text, footage.c.source_id)))
    )
    return sorted(found)


# -- what they hold -------------------------------------------------------------------------


def held_crops(connection: Connection) -> list[tuple[Hold, set[int]]]:
    """Return every hold in force with the crops that it holds."""
    rows = _rows(connection, in_force=True)
    if not rows:
        return []
    ledger = Ledger.replay(log(connection))
    return [(_hold(row), _whole(connection, _held(connection, row, ledger))) for row in rows]


def held_back(
    held: Iterable[tuple[Hold, set[int]]], crop_ids: Iterable[int]
) -> tuple[HeldBack, ...]:
    """Return which holds hold some of these crops, and how many."""
    wanted = set(crop_ids)
    found = ((one, len(wanted & crops)) for one, crops in held)
    return tuple(HeldBack(one.hold_id, one.text, count) for one, count in found if count)


def held_cases(connection: Connection) -> frozenset[str]:
    """Return the cases on hold: the details of their entries of the event log stay."""
    return frozenset(one.case for one in holds(connection, in_force=True) if one.case is not None)


def held_sources(connection: Connection) -> frozenset[int]:
    """Return the sources on hold by themselves, those without crops among them."""
    rows = _rows(connection, in_force=True)
    found = {one for row in rows for one in row.source_ids or ()}
    for row in rows:
        if row.source:
            at = select(footage.c.source_id).where(in_source(row.source, footage.c.source_id))
            found |= set(connection.scalars(at))
        if row.camera is not None:
            shown = select(tables.camera.c.id).where(tables.camera.c.name == row.camera)
            of = select(footage.c.source_id).where(footage.c.camera_id.in_(shown))
            found |= set(connection.scalars(of))
    return frozenset(found)


def require_free(connection: Connection, crop_ids: Sequence[int]) -> None:
    """Refuse to delete what is on hold, in the transaction that would.

    Raises:
        UsageError: something is.
    """
    found = held_back(held_crops(connection), crop_ids)
    if found:
        raise on_hold(found)


def held_identities(connection: Connection, identities: Sequence[int]) -> list[Hold]:
    """Return the holds on identities as a whole, and on cases that their photographs are of."""
    if not identities:
        return []
    cases = cases_of(connection, ever_of(connection, identities))
    return [
        one
        for one in holds(connection, in_force=True)
        if one.identity_id in identities or one.case in cases
    ]


def require_identities_free(connection: Connection, identities: Sequence[int]) -> None:
    """Refuse to erase identities that are on hold, in the transaction that would.

    Raises:
        UsageError: something is.
    """
    found = held_identities(connection, identities)
    if found:
        raise on_hold([HeldBack(one.hold_id, one.text, 0) for one in found])


def on_hold(found: Sequence[HeldBack]) -> UsageError:
    """Return the error that holds keep what is to be deleted."""
    told = "; ".join(f"hold {one.hold_id} ({one.what}) holds {one.crops}" for one in found)
    return UsageError(f"what is to be deleted is on hold: {told}", kind=Kind.ON_HOLD)


def _held(connection: Connection, row: Row[Any], ledger: Ledger) -> set[int]:
    if row.case_number is not None:
        return _of_case(connection, row.case_number)
    if row.identity_id is not None:
        return _of_members(connection, members_of(ledger, row.identity_id))
    crop = tables.crop.c
    if row.camera is not None:
        camera = select(tables.camera.c.id).where(tables.camera.c.name == row.camera)
        return _crops(connection, crop.camera_id.in_(camera), *_within(row))
    found = set[int]()
    for part in chunks(row.source_ids or ()):
        found |= _crops(connection, crop.source_id.in_(part))
    if row.source:
        try:
            found |= _crops(connection, of_source(connection, row.source))
        except NotFound:  # its file was moved; its number stays
            return found
    return found


def _within(row: Row[Any]) -> Iterator[ColumnElement[bool]]:
    """Yield the condition on a crop's time; one of unknown time may be of any."""
    time_us = tables.crop.c.time_us
    if row.from_us is not None:
        yield or_(time_us.is_(None), time_us >= row.from_us)
    if row.to_us is not None:
        yield or_(time_us.is_(None), time_us < row.to_us)


def members_of(ledger: Ledger, identity_id: int) -> set[Member]:
    """Return the members of an identity; those that were merged into it have handed theirs on."""
    return {member for member, one in ledger.members().items() if one == identity_id}


def crops_of(connection: Connection, members: Iterable[Member]) -> set[int]:
    """Return the crops of members that are held: all views of a tracklet."""
    return _whole(connection, _of_members(connection, members))


def _of_members(connection: Connection, members: Iterable[Member]) -> set[int]:
    """Return the crops of members: all views of a tracklet."""
    tracklets = [one.number for one in members if one.kind == "tracklet"]
    found = {one.number for one in members if one.kind == "crop"}
    for part in chunks(sorted(tracklets)):
        views = select(moment.c.crop_id).where(moment.c.tracklet_id.in_(part))
        found |= set(connection.scalars(views))
    return found


def _of_case(connection: Connection, number: str) -> set[int]:
    """Return the crops that belong to a case: asked with, answered, decided on, indexed for it."""
    c = log_entry.c
    told = select(c.event, c.detail).where(
        c.case_number == number, c.detail.is_not(None), c.event.in_(_OF_CASE)
    )
    found, decisions, runs, sources = set[int](), set[int](), set[int](), set[str]()
    for row in connection.execute(told):
        try:
            said = json.loads(row.detail)
            found |= {int(crop_id) for crop_id, _ in said.get("matches", ())}
            found |= {*asked_with(said), *map(int, said.get("crops", ()))}
            filters = said.get("statement", {}).get("filters") or {}
            sources |= set(filters.get("sources", ()))
            if row.event == Event.EXPLAIN:
                found.add(int(said["crop"]))
            if row.event == Event.DECISION:
                decisions.add(said["decision"])
            if row.event == Event.INDEX:
                runs.add(said["run"])
        except (RecursionError, *DECODING_ERRORS):
            continue  # `log verify` and `check` name it
    members = {
        change.member
        for one in log(connection)
        if one.decision_id in decisions
        for change in one.changes
        if change.member is not None
    }
    found |= _of_members(connection, members)
    crop = tables.crop.c
    for part in chunks(sorted(runs)):
        found |= _crops(connection, crop.run_id.in_(part))
    for text in sources:
        try:
            found |= _crops(connection, of_source(connection, text))
        except NotFound:
            continue
    return found


def _crops(connection: Connection, *where: ColumnElement[bool]) -> set[int]:
    return set(connection.scalars(select(tables.crop.c.id).where(*where)))


def _whole(connection: Connection, crop_ids: Iterable[int]) -> set[int]:
    """Return those of these crops that there are, with all other views of their tracklets."""
    found, tracklets = set[int](), set[int]()
    for part in chunks(sorted(possible(crop_ids))):
        rows = select(tables.crop.c.id, moment.c.tracklet_id).outerjoin(
            moment, moment.c.crop_id == tables.crop.c.id
        )
        for row in connection.execute(rows.where(tables.crop.c.id.in_(part))):
            found.add(row.id)
            if row.tracklet_id is not None:
                tracklets.add(row.tracklet_id)
    return found | _of_members(connection, [Member("tracklet", one) for one in tracklets])
