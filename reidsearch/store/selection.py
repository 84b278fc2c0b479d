"""Filters become crop ids, before anything is ranked."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from reidsearch.base.errors import NotFound, UsageError
from reidsearch.base.timecode import to_us
from reidsearch.domain.crops import CropIds
from reidsearch.domain.request import Filters
from reidsearch.store import tables
from reidsearch.store.attributes import passing, recorded
from reidsearch.store.tables.footage import footage_location

_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Selection:
    """What a filter lets through, and what it left out for want of knowledge.

    Args:
        ids: (n,) increasing crop ids.
        unknown_time / unknown_camera / unknown_attributes: crops that passed everything else but
            whose time, camera or attributes are not known, so that the filter could not let them
            through.
    """

    ids: CropIds
    unknown_time: int
    unknown_camera: int
    unknown_attributes: int = 0


def select_crops(connection: Connection, filters: Filters) -> Selection:
    """Find the crops that pass.

    Raises:
        NotFound: a camera or source is not in the archive (a typo must not read as "no match").
        UsageError: the time range is empty, or an attribute filter names nothing known.
    """
    require_cameras(connection, (*filters.cameras, *filters.not_cameras))
    if filters.after and filters.before and filters.after >= filters.before:
        raise UsageError("the time range is empty: it ends before it begins")
    crop = tables.crop.c
    time, camera, attributes, other = _conditions(connection, filters)
    where = (*time, *camera, *attributes, *other)
    ids = np.fromiter(
        connection.scalars(select(crop.id).where(*where).order_by(crop.id)), dtype=np.int64
    )
    unknown = count_unknown(connection, filters)
    return Selection(ids, unknown.time, unknown.camera, unknown.attributes)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Crops that a filter could not let through because theirs is not known; as in `Selection`."""

    time: int
    camera: int
    attributes: int


def count_unknown(
    connection: Connection, filters: Filters, among: Sequence[int] | None = None
) -> Unknown:
    """Count the crops that filters left out for want of knowledge.

    Args:
        among: ids of the crops to count; None: all.
    """
    crop = tables.crop.c
    time, camera, attributes, other = _conditions(connection, filters)
    if among is not None:
        other.append(crop.id.in_(among))

    def count(asked: list[ColumnElement[bool]], *where: ColumnElement[bool]) -> int:
        return _count(connection, *where, *other) if asked else 0

    return Unknown(
        count(time, crop.time_us.is_(None), *camera, *attributes),
        count(camera, crop.camera_id.is_(None), *time, *attributes),
        count(attributes, ~recorded(), *time, *camera),
    )


def _conditions(connection: Connection, filters: Filters) -> tuple[list[ColumnElement[bool]], ...]:
    """Return the conditions by time, camera, attributes, and all other."""
    where = [_source(connection, text) for text in filters.sources]
    other = [or_(*where)] if where else []
    if filters.exclude_crops:
        other.append(tables.crop.c.id.not_in(filters.exclude_crops))
    return _time(filters), _camera(filters), list(passing(filters)), other


def _time(filters: Filters) -> list[ColumnElement[bool]]:
    time_us = tables.crop.c.time_us
    conditions = []
    if filters.after:
        conditions.append(time_us >= to_us(filters.after))
    if filters.before:
        conditions.append(time_us < to_us(filters.before))
    return conditions


def _camera(filters: Filters) -> list[ColumnElement[bool]]:
    def ids(names: tuple[str, ...]) -> ColumnElement[bool]:
        named = select(tables.camera.c.id).where(tables.camera.c.name.in_(names))
        return tables.crop.c.camera_id.in_(named)

    conditions = [ids(filters.cameras)] if filters.cameras else []
    if filters.not_cameras:
        # NOT (NULL IN ...) is NULL: an unknown camera might be the one to leave out.
        conditions.append(~ids(filters.not_cameras))
    return conditions


def _source(connection: Connection, text: str) -> ColumnElement[bool]:
    at_location: ColumnElement[bool] = exists().where(
        and_(
            tables.location.c.crop_id == tables.crop.c.id,
            tables.location.c.text.contains(text, autoescape=True),
        )
    )
    in_footage = select(footage_location.c.source_id).where(
        footage_location.c.text.contains(text, autoescape=True)
    )
    at_location = or_(at_location, tables.crop.c.source_id.in_(in_footage))
    condition: ColumnElement[bool] = at_location
    if 8 <= len(text) <= 64 and set(text.lower()) <= _HEX:
        first, last = (bytes.fromhex(text.ljust(64, end)) for end in "0f")
        of_bytes = select(tables.source.c.id).where(tables.source.c.sha256.between(first, last))
        condition = or_(tables.crop.c.source_id.in_(of_bytes), at_location)
    empty_footage = in_footage.limit(1)  # in which nobody was found
    if (
        connection.scalar(select(tables.crop.c.id).where(condition).limit(1)) is None
        and connection.scalar(empty_footage) is None
    ):
        raise no_source(text)
    return condition


def require_cameras(connection: Connection, names: tuple[str, ...]) -> None:
    """Refuse names of cameras that the archive does not have.

    Raises:
        NotFound: one is none.
    """
    if not names:
        return
    known = list(connection.scalars(select(tables.camera.c.name).order_by(tables.camera.c.name)))
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            hint = f"did you mean {', '.join(near)}?" if near else f"cameras: {', '.join(known)}"
            raise NotFound(f"the archive has no camera {name!r}", hint if known else "")


def _count(connection: Connection, *where: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(tables.crop).where(*where)) or 0


def no_source(text: str) -> NotFound:
    """Return the error that nothing is called so."""
    return NotFound(
        f"no source matches {text!r}",
        "give part of a location, or the first 8 or more characters of a source's SHA-256",
    )
