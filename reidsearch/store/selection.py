"""Filters become crop ids, before anything is ranked."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from reidsearch.base.errors import NotFound, UsageError
from reidsearch.base.timecode import to_us
from reidsearch.domain.crops import CropIds
from reidsearch.domain.request import Filters
from reidsearch.store import tables
from reidsearch.store.attributes import passing, recorded
from reidsearch.store.chunks import of_ids
from reidsearch.store.conditions import by_track, indexed, undecided_crops
from reidsearch.store.crops.store import Store
from reidsearch.store.tables.crops import crop as crop_table
from reidsearch.store.tables.footage import footage_location, moment
from reidsearch.store.wall_clock import at_time_of_day, on_weekdays

_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Unknown:
    """Crops that passed all filters but one kind, for which what it needs is not known."""

    time: int = 0
    camera: int = 0
    attributes: int = 0
    track: int = 0

    def less(self, other: Unknown) -> Unknown:
        """Return it without others that are counted in it."""
        return Unknown(
            self.time - other.time,
            self.camera - other.camera,
            self.attributes - other.attributes,
            self.track - other.track,
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """What a filter lets through, and what it left out for want of knowledge.

    Args:
        ids: (n,) increasing crop ids.
    """

    ids: CropIds
    unknown: Unknown = Unknown()

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
    asked = _conditions(connection, filters)
    ids = np.fromiter(
        connection.scalars(select(crop.id).where(*asked.every).order_by(crop.id)), dtype=np.int64
    )
    return Selection(ids, _unknown(connection, asked))


def require_possible(connection: Connection, filters: Filters) -> None:
    """Refuse cameras and runs that the archive does not have, and an empty range of time.

    Raises:
        NotFound, UsageError: as `select_crops`.
    """
    require_cameras(connection, (*filters.cameras, *filters.not_cameras))
    if filters.after and filters.before and filters.after >= filters.before:
        raise UsageError("the time range is empty: it ends before it begins")
    if (number := filters.indexed_after_run) is not None:
        newest = connection.scalar(select(func.max(tables.run.c.id))) or 0
        if not 0 <= number <= newest:
            raise NotFound(f"the archive has no index run {number}: the newest is {newest}")


def count_unknown(
    connection: Connection, filters: Filters, among: Sequence[int] | None = None
) -> Unknown:
    """Count the crops that filters left out for want of knowledge.

    Args:
        among: ids of the crops to count; None: all.
    """
    more = [] if among is None else [tables.crop.c.id.in_(among)]
    return _unknown(connection, _conditions(connection, filters, more))


def _unknown(connection: Connection, asked: _Conditions) -> Unknown:
    crop, kinds = tables.crop.c, (asked.time, asked.camera, asked.attributes, asked.track)
    lacks = (crop.time_us.is_(None), crop.camera_id.is_(None), ~recorded(), asked.no_track)

    def count(number: int) -> int:
        if not kinds[number]:
            return 0
        others = [one for other, some in enumerate(kinds) if other != number for one in some]
        return _count(connection, lacks[number], *others, *asked.other)

    return Unknown(*map(count, range(len(kinds))))


def passing_told(connection: Connection, filters: Filters) -> tuple[Unknown, tuple[str, ...]]:
    """Return what filters leave out for want of knowledge, and the cameras with what passes."""
    asked = _conditions(connection, filters)
    return _unknown(connection, asked), _cameras(connection, asked)


def cameras_passing(connection: Connection, filters: Filters) -> tuple[str, ...]:
    """Return the names of the cameras that have crops which pass."""
    return _cameras(connection, _conditions(connection, filters))


def _cameras(connection: Connection, asked: _Conditions) -> tuple[str, ...]:
    having = select(tables.crop.c.camera_id).where(*asked.every).distinct()
    names = select(tables.camera.c.name).where(tables.camera.c.id.in_(having))
    return tuple(sorted(connection.scalars(names)))


@dataclass(frozen=True, slots=True)
class _Conditions:
    """The conditions on `crop` that filters come to, by what has to be known for them.

    Args:
        no_track: the condition that those of `track` cannot be decided.
    """

    time: list[ColumnElement[bool]]
    camera: list[ColumnElement[bool]]
    attributes: list[ColumnElement[bool]]
    other: list[ColumnElement[bool]]
    track: list[ColumnElement[bool]]
    no_track: ColumnElement[bool]

    @property
    def every(self) -> tuple[ColumnElement[bool], ...]:
        """All of them."""
        return (*self.time, *self.camera, *self.attributes, *self.other, *self.track)


def _conditions(
    connection: Connection, filters: Filters, more: Sequence[ColumnElement[bool]] = ()
) -> _Conditions:
    """Return the conditions of filters, and `more` among the other ones."""
    crop = tables.crop.c
    where = [of_source(connection, text) for text in filters.sources]
    other = [or_(*where)] if where else []
    if filters.exclude_crops:
        other.append(crop.id.not_in(filters.exclude_crops))
    other += [*indexed(filters), *undecided_crops(filters), *more]
    time = [
        *_time(filters),
        *at_time_of_day(connection, filters, crop.time_us, crop.time_us),
        *on_weekdays(connection, filters, crop.time_us, crop.time_us),
    ]
    camera = of_cameras(filters, crop.camera_id)
    judged = select(moment.c.tracklet_id).join(crop_table, crop.id == moment.c.crop_id)
    judged = judged.where(*camera, *other, *(or_(crop.time_us.is_(None), one) for one in time))
    track, open_ones = by_track(connection, filters, moment.c.tracklet_id, judged)
    views = select(moment.c.crop_id)
    return _Conditions(
        time,
        camera,
        list(passing(filters)),
        other,
        [crop.id.in_(views.where(one)) for one in track],
        or_(crop.id.not_in(views), crop.id.in_(views.where(open_ones))),
    )


def _time(filters: Filters) -> list[ColumnElement[bool]]:
    time_us = tables.crop.c.time_us
    conditions = []
    if filters.after:
        conditions.append(time_us >= to_us(filters.after))
    if filters.before:
        conditions.append(time_us < to_us(filters.before))
    return conditions


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


def cameras_of(store: Store, ids: Sequence[int]) -> dict[int, int]:
    """Return the number of the camera of each of these crops, where it is known."""
    crop = tables.crop.c
    query = select(crop.id, crop.camera_id).where(crop.camera_id.is_not(None))
    with store.scan() as connection:
        return {
            row.id: row.camera_id
            for part in of_ids(query, crop.id, ids)
            for row in connection.execute(part)
        }
