"""Regions and lines that are kept with a camera, and filters that name them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, delete, insert, select

from reidsearch.base.actor import Author
from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.base.timecode import now, to_us
from reidsearch.domain.answer_json import place_json
from reidsearch.domain.event_log import Event
from reidsearch.domain.filters import Filters
from reidsearch.domain.places import Line, Place, Region
from reidsearch.store.crops.store import Store
from reidsearch.store.database.proofs import intact
from reidsearch.store.decoding import reads
from reidsearch.store.event_log import append
from reidsearch.store.selection import require_cameras
from reidsearch.store.tables.places import place as table

P = TypeVar("P", Region, Line)

KINDS: dict[type[Place], str] = {Region: "region", Line: "line"}
"""As they are stored, and called."""


def places(connection: Connection) -> list[Place]:
    """Return all that are kept, by camera and name.

    Raises:
        ArchiveError: a row is damaged.
    """
    rows = connection.execute(select(table).order_by(table.c.camera, table.c.name))
    return list(map(_place, rows))


def add(connection: Connection, place: Place) -> None:
    """Keep a region or line under its name, and record it.

    Raises:
        NotFound: the archive has no such camera.
        UsageError: it has no name, or another is kept under it.
    """
    author: Author = connection.get_execution_options()["author"]
    require_cameras(connection, (place.camera,))
    if place.name is None:
        raise UsageError("a region or line is kept under a name")
    if connection.scalar(select(table.c.id).where(table.c.name == place.name)) is not None:
        raise UsageError(
            f"a region or line named {place.name!r} is kept already",
            "take another name, or remove that one first",
        )
    told = place_json(place)
    values = {**told, "kind": place.kind, "set_by": author.name, "set_us": to_us(now())}
    connection.execute(insert(table).values(values))
    append(connection, Event.PLACE, {"change": "add", "kind": place.kind, **told})


def remove(connection: Connection, name: str, among: Collection[str] | None = None) -> Place:
    """Remove what is kept under a name, and record it.

    Args:
        among: names of the only cameras whose places are known; None: all.

    Raises:
        NotFound: nothing is.
    """
    query = select(table).where(table.c.name == name, intact(table))
    held = [one for one in map(_place, connection.execute(query)) if _seen(one, among)]
    if not held:
        raise no_place(name, "region or line")
    connection.execute(delete(table).where(table.c.name == name))
    told = {"change": "remove", "kind": held[0].kind, **place_json(held[0])}
    append(connection, Event.PLACE, told)
    return held[0]


def resolved(store: Store, filters: Filters, among: Collection[str] | None = None) -> Filters:
    """Return filters with the regions and lines that they name, and of their cameras alone.

    Args:
        among: names of the only cameras whose places are known; None: all.

    Raises:
        NotFound: nothing of the kind is kept under a name.
        UsageError: no camera has a place of every kind asked for.
    """
    if not (filters.regions or filters.crossings):
        return filters
    named = any(isinstance(one, str) for one in (*filters.regions, *filters.crossings))
    held: list[Place] = []
    if named:
        with store.read() as connection:
            held = [one for one in places(connection) if _seen(one, among)]
    regions = tuple(_of_name(Region, one, held) for one in filters.regions)
    crossings = tuple(_of_name(Line, one, held) for one in filters.crossings)
    cameras = _cameras(filters, regions, crossings)
    return replace(filters, regions=regions, crossings=crossings, cameras=cameras)


def _cameras(
    filters: Filters, regions: tuple[Region, ...], crossings: tuple[Line, ...]
) -> tuple[str, ...]:
    """Return the cameras that can pass, in the order in which they were given."""
    kinds = (filters.cameras, [one.camera for one in regions], [one.camera for one in crossings])
    every = [dict.fromkeys(names) for names in kinds if names]
    common = [name for name in every[0] if all(name in names for names in every)]
    kept = tuple(name for name in common if name not in filters.not_cameras)
    if common and not kept:
        raise UsageError(
            "nobody can pass: the regions and lines asked for are of cameras that are left out"
        )
    if not kept:
        raise UsageError(
            "nobody can pass: the cameras, regions and lines asked for have no camera in common"
        )
    return kept


def _of_name(kind: type[P], place: P | str, held: list[Place]) -> P:
    if not isinstance(place, str):
        return place
    for one in held:
        if isinstance(one, kind) and one.name == place:
            return one
    raise no_place(place, KINDS[kind])


def _seen(place: Place, among: Collection[str] | None) -> bool:
    return among is None or place.camera in among


def no_place(name: str, what: str, *, several: bool = False) -> NotFound:
    """Return the error that nothing is kept under a name; in any of several archives."""
    where = " in any of the archives" if several else ""
    return NotFound(
        f"no {what} is kept under the name {name!r}{where}", kind=Kind.PLACE_UNKNOWN, place=name
    )


@reads(table)
def _place(row: Row[Any]) -> Place:
    kind = next(one for one, name in KINDS.items() if name == row.kind)
    return kind(row.camera, tuple((x, y) for x, y in row.points), row.name)
