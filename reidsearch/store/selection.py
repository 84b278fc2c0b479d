"""Filters become crop ids, before anything is ranked."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, or_, select

from reidsearch.base.errors import NotFound, UsageError
from reidsearch.base.time_of_day import DAY_US, offsets
from reidsearch.base.timecode import parse_zone, to_us
from reidsearch.domain.crops import CropIds
from reidsearch.domain.request import Filters
from reidsearch.store import tables
from reidsearch.store.attributes import passing, recorded
from reidsearch.store.tables.footage import footage_location
from reidsearch.store.timezone import timezone_of

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

    def up_to(self, crop_id: int) -> Selection:
        """Return it without crops that a gallery which ends at this one does not have."""
        if not len(self.ids) or self.ids[-1] <= crop_id:
            return self
        return replace(self, ids=self.ids[: np.searchsorted(self.ids, crop_id, side="right")])


def select_crops(connection: Connection, filters: Filters) -> Selection:
    """Find the crops that pass.

    Raises:
        NotFound: a camera or source is not in the archive (a typo must not read as "no match").
        UsageError: the time range is empty, or an attribute filter names nothing known.
    """
    require_possible(connection, filters)
    crop = tables.crop.c
    time, camera, attributes, other = _conditions(connection, filters)
    where = (*time, *camera, *attributes, *other)
    ids = np.fromiter(
        connection.scalars(select(crop.id).where(*where).order_by(crop.id)), dtype=np.int64
    )
    unknown = count_unknown(connection, filters)
    return Selection(ids, unknown.time, unknown.camera, unknown.attributes)


def require_possible(connection: Connection, filters: Filters) -> None:
    """Refuse cameras that the archive does not have, and a range of time that is empty.

    Raises:
        NotFound, UsageError: as `select_crops`.
    """
    require_cameras(connection, (*filters.cameras, *filters.not_cameras))
    if filters.after and filters.before and filters.after >= filters.before:
        raise UsageError("the time range is empty: it ends before it begins")


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


def cameras_passing(connection: Connection, filters: Filters) -> tuple[str, ...]:
    """Return the names of the cameras that have crops which pass."""
    where = [one for some in _conditions(connection, filters) for one in some]
    having = select(tables.crop.c.camera_id).where(*where).distinct()
    names = select(tables.camera.c.name).where(tables.camera.c.id.in_(having))
    return tuple(sorted(connection.scalars(names)))


def _conditions(connection: Connection, filters: Filters) -> tuple[list[ColumnElement[bool]], ...]:
    """Return the conditions by time, camera, attributes, and all other."""
    crop = tables.crop.c
    where = [of_source(connection, text) for text in filters.sources]
    other = [or_(*where)] if where else []
    if filters.exclude_crops:
        other.append(crop.id.not_in(filters.exclude_crops))
    time = [*_time(filters), *at_time_of_day(connection, filters, crop.time_us, crop.time_us)]
    return time, of_cameras(filters, crop.camera_id), list(passing(filters)), other


def _time(filters: Filters) -> list[ColumnElement[bool]]:
    time_us = tables.crop.c.time_us
    conditions = []
    if filters.after:
        conditions.append(time_us >= to_us(filters.after))
    if filters.before:
        conditions.append(time_us < to_us(filters.before))
    return conditions


def at_time_of_day(
    connection: Connection,
    filters: Filters,
    first_us: ColumnElement[int],
    last_us: ColumnElement[int],
) -> list[ColumnElement[bool]]:
    """Return the condition that a stretch of wall-clock time has a part in the hours asked for.

    It is the clocks on the wall that count: where they are put back, an hour is there twice.
    """
    asked = filters.time_of_day
    if asked is None:
        return []
    ahead = _offsets(connection, asked.zone)
    first, last = (_on_the_wall(time_us, ahead) for time_us in (first_us, last_us))
    begun = _of_day(first - asked.begins_us) < asked.length_us
    if first_us is last_us:
        return [begun]
    begins_later = _of_day(asked.begins_us - first) <= last - first
    return [or_(begun, begins_later)]


def _offsets(connection: Connection, zone: str | None) -> list[tuple[int, int]]:
    """Return how far a zone's clocks were ahead of UTC while crops of the archive were taken."""
    time_us = tables.crop.c.time_us
    first, last = (connection.scalar(select(end(time_us))) for end in (func.min, func.max))
    if first is None or last is None:
        return [(0, 0)]
    name = zone or timezone_of(connection)
    around = 2 * DAY_US  # tracklets begin before their first best shot and end after the last
    return offsets(parse_zone(name) if name else None, first - around, last + around)


def _on_the_wall(time_us: ColumnElement[int], ahead: list[tuple[int, int]]) -> ColumnElement[int]:
    """Return what the clocks of a zone show, as microseconds."""
    *_, (_, last) = ahead
    whens = [(time_us < until, time_us + offset) for (_, offset), (until, _) in pairwise(ahead)]
    return case(*whens, else_=time_us + last) if whens else time_us + last


def _of_day(local_us: ColumnElement[int]) -> ColumnElement[int]:
    # Twice: what is left of a negative number is negative.
    return (local_us % DAY_US + DAY_US) % DAY_US


def of_cameras(filters: Filters, camera_id: ColumnElement[int]) -> list[ColumnElement[bool]]:
    """Return the conditions on a camera's id; of an unknown camera they are unknown."""

    def named(names: tuple[str, ...]) -> ColumnElement[bool]:
        return camera_id.in_(select(tables.camera.c.id).where(tables.camera.c.name.in_(names)))

    conditions = [named(filters.cameras)] if filters.cameras else []
    if filters.not_cameras:
        # NOT (NULL IN ...) is NULL: an unknown camera might be the one to leave out.
        conditions.append(~named(filters.not_cameras))
    return conditions


def of_source(connection: Connection, text: str) -> ColumnElement[bool]:
    """Return the condition on `crop` that it is of a source with this in its location or SHA-256.

    Raises:
        NotFound: there is no such source.
    """
    at_location: ColumnElement[bool] = exists().where(
        and_(
            tables.location.c.crop_id == tables.crop.c.id,
            tables.location.c.text.icontains(text, autoescape=True),
        )
    )
    in_footage = _footage_at(text)
    at_location = or_(at_location, tables.crop.c.source_id.in_(in_footage))
    condition: ColumnElement[bool] = at_location
    of_bytes = _of_bytes(text)
    if of_bytes is not None:
        condition = or_(tables.crop.c.source_id.in_(of_bytes), at_location)
    empty_footage = in_footage.limit(1)  # in which nobody was found
    if (
        connection.scalar(select(tables.crop.c.id).where(condition).limit(1)) is None
        and connection.scalar(empty_footage) is None
    ):
        raise no_source(text)
    return condition


def in_source(text: str, source_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the same condition on the id of a source of footage."""
    of_bytes = _of_bytes(text)
    at_location = source_id.in_(_footage_at(text))
    return at_location if of_bytes is None else or_(at_location, source_id.in_(of_bytes))


def _footage_at(text: str) -> Select[tuple[int]]:
    return select(footage_location.c.source_id).where(
        footage_location.c.text.icontains(text, autoescape=True)
    )


def _of_bytes(text: str) -> Select[tuple[int]] | None:
    """Return the sources whose SHA-256 begins with a text; None: it is no beginning of one."""
    if not (8 <= len(text) <= 64 and set(text.lower()) <= _HEX):
        return None
    first, last = (bytes.fromhex(text.ljust(64, end)) for end in "0f")
    return select(tables.source.c.id).where(tables.source.c.sha256.between(first, last))


def require_cameras(connection: Connection, names: tuple[str, ...]) -> None:
    """Refuse names of cameras that the archive does not have.

    Raises:
        NotFound: one is none.
    """
    if not names:
        return
    known = camera_names(connection)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            hint = f"did you mean {', '.join(near)}?" if near else f"cameras: {', '.join(known)}"
            raise NotFound(f"the archive has no camera {name!r}", hint if known else "")


def camera_names(connection: Connection) -> list[str]:
    """Return the names of all cameras, in order."""
    return list(connection.scalars(select(tables.camera.c.name).order_by(tables.camera.c.name)))


def _count(connection: Connection, *where: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(tables.crop).where(*where)) or 0


def means_source(connection: Connection, text: str) -> bool:
    """Tell whether a text means a source of the archive."""
    try:
        of_source(connection, text)
    except NotFound:
        return False
    return True


def no_source(text: str) -> NotFound:
    """Return the error that nothing is called so."""
    return NotFound(
        f"no source matches {text!r}",
        "give part of a location, or the first 8 or more characters of a source's SHA-256",
    )
