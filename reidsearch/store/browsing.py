"""Tracklets, and crops of no tracklet, that pass filters: counted, and in order, page by page.

The database filters and sorts; nothing but a page's ids comes into memory. A page goes on behind a
place in the order rather than behind a number of items, so what is added or deleted meanwhile
neither repeats nor hides anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from reidsearch.base.timecode import to_us
from reidsearch.domain.browsing import BrowseRequest, Sort
from reidsearch.domain.decisions import Member
from reidsearch.domain.request import Filters
from reidsearch.store import tables
from reidsearch.store.attributes import Fitting, fitting, recorded_tracklets
from reidsearch.store.conditions import by_track, decided_by, indexed, indexed_views
from reidsearch.store.footage.durations import tracklets_seen
from reidsearch.store.selection import (
    in_source,
    of_cameras,
    of_source,
    require_possible,
)
from reidsearch.store.tables.attributes import attributes
from reidsearch.store.tables.footage import footage, moment, tracklet, tracklet_part
from reidsearch.store.tables.identities import identity_member
from reidsearch.store.wall_clock import at_time_of_day, on_weekdays

Track: TypeAlias = tuple[list[ColumnElement[bool]], ColumnElement[bool]]
"""As `conditions.by_track` gives it."""

KINDS = ("tracklet", "crop")
"""Of members, in their order where all else is equal."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item stands in the order.

    Args:
        key: what is sorted by, as the database computes it; None: not known.
        kind: as in `KINDS`.
    """

    key: int | float | None
    kind: int
    number: int

    @property
    def member(self) -> Member:
        """Return what stands there."""
        return Member(KINDS[self.kind], self.number)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items there are, how many pass, and how many are left out for want of knowledge."""

    stored: int
    passed: int
    unknown_time: int
    unknown_camera: int
    unknown_attributes: int
    unknown_track: int


class Listing:
    """What passes a request, in one state of the archive.

    Args:
        identity_id: of the identity asked for.

    Raises:
        NotFound: a camera or source is not in the archive.
        UsageError: the time range is empty.
    """

    def __init__(
        self, connection: Connection, request: BrowseRequest, identity_id: int | None = None
    ) -> None:
        require_possible(connection, request.filters)
        self._connection, self._request = connection, request
        self._kinds = _kinds(connection, request, identity_id)

    def counts(self) -> Counts:
        """Count what passes, whatever page is asked for."""
        stored = _stored(self._connection)
        if _everything(self._request):
            return Counts(stored, stored, 0, 0, 0, 0)
        counted = [0, 0, 0, 0, 0]
        for kind in self._kinds:
            row = self._connection.execute(kind.counts()).one()
            counted = [total + (found or 0) for total, found in zip(counted, row, strict=True)]
        return Counts(stored, *counted)

    def places(self, after: Place | None = None) -> list[Place]:
        """Return the first `request.limit` + 1 items that pass, or those behind a place."""
        request = self._request
        every = union_all(*(kind.keys(request.order) for kind in self._kinds)).subquery("every")
        c, most = every.c, request.limit + 1
        # A known key is compared by an index of the database's own sorter; unknown ones stand last.
        key = c.key.desc() if request.descending else c.key.asc()
        found: list[Place] = []
        for unknown in (False, True):
            where = _behind(every.c, after, descending=request.descending, unknown=unknown)
            if where is None or len(found) == most:
                continue
            rows = self._connection.execute(
                select(c.key, c.kind, c.number)
                .where(where)
                .order_by(*([] if unknown else [key]), c.kind, c.number)
                .limit(most - len(found))
            )
            found += [Place(*row) for row in rows]
            if request.order is not Sort.TIME:  # the only key that may be unknown
                break
        return found


def _behind(
    c: Any, after: Place | None, *, descending: bool, unknown: bool
) -> ColumnElement[bool] | None:
    """Return the condition on what stands behind a place, among known or unknown keys."""
    among: ColumnElement[bool] = c.key.is_(None) if unknown else c.key.is_not(None)
    if after is None or (unknown and after.key is not None):
        return among
    behind = or_(c.kind > after.kind, and_(c.kind == after.kind, c.number > after.number))
    if unknown:
        return and_(among, behind)
    if after.key is None:
        return None
    further: ColumnElement[bool] = c.key < after.key if descending else c.key > after.key
    return and_(among, or_(further, and_(c.key == after.key, behind)))


def _stored(connection: Connection) -> int:
    tracklets = connection.scalar(select(func.count()).select_from(tracklet)) or 0
    return tracklets + _lone_crops(connection)


def _lone_crops(connection: Connection) -> int:
    crops, views = (
        connection.scalar(select(func.count()).select_from(table)) or 0
        for table in (tables.crop, moment)
    )
    return crops - views


def _everything(request: BrowseRequest) -> bool:
    narrowed = (request.least_s, request.most_s, request.identity)
    return request.filters.empty and narrowed == (None, None, None) and not request.unreviewed


class _Kind:
    """All tracklets, or all crops of none, with what is filtered and sorted by.

    Args:
        rows: query with `number`, `first_us`, `last_us`, `duration_us`, `camera_id`.
        height: of the best shot, correlated with `rows`.
        recorded: query for the numbers of which attributes are recorded.
        track: the conditions by where they went, and that on those of which nobody knows.
    """

    def __init__(
        self,
        connection: Connection,
        request: BrowseRequest,
        number: int,
        rows: Any,
        height: ColumnElement[int],
        other: Sequence[ColumnElement[bool]],
        met: Any,
        recorded: Select[tuple[int]],
        track: Track,
    ) -> None:
        c, filters = rows.c, request.filters
        self._number, self._rows, self._height, self._met = number, rows, height, met
        self._time = [
            *_at_time(filters, c.first_us, c.last_us),
            *at_time_of_day(connection, filters, c.first_us, c.last_us),
            *on_weekdays(connection, filters, c.first_us, c.last_us),
        ]
        self._camera = of_cameras(filters, c.camera_id)
        self._attributes = [] if met is None else [c.number.in_(select(met.c.number))]
        self._recorded = c.number.in_(recorded)
        self._track, self._no_track = track
        self._other = [*other]
        if request.least_s is not None:
            self._other.append(c.duration_us >= round(request.least_s * 1e6))
        if request.most_s is not None:
            self._other.append(c.duration_us <= round(request.most_s * 1e6))

    def counts(self) -> Select[Any]:
        """Return how many pass, and how many lack time, camera, attributes and a track."""
        c = self._rows.c
        kinds = (self._time, self._camera, self._attributes, self._track)
        lacks = (c.first_us.is_(None), c.camera_id.is_(None), ~self._recorded, self._no_track)

        def count(*where: ColumnElement[bool]) -> ColumnElement[int]:
            return func.sum(case((and_(true(), *where), 1), else_=0))

        counts = [count(*(one for some in kinds for one in some))]
        for number, kind in enumerate(kinds):
            others = (one for other, some in enumerate(kinds) if other != number for one in some)
            counts.append(count(lacks[number], *others) if kind else literal(0))
        query: Any = select(*counts)
        return query.select_from(self._rows).where(*self._other)  # type: ignore[no-any-return]

    def keys(self, order: Sort) -> Select[Any]:
        """Return `key`, `kind` and `number` of what passes."""
        c = self._rows.c
        key = {
            Sort.TIME: c.first_us,
            Sort.DURATION: c.duration_us,
            Sort.SIZE: self._height,
            Sort.CONFIDENCE: null() if self._met is None else self._met.c.confidence,
        }[order]
        query = select(
            key.label("key"), literal(self._number).label("kind"), c.number.label("number")
        ).select_from(self._rows)
        worn = self._attributes
        if order is Sort.CONFIDENCE:
            query, worn = query.join(self._met, self._met.c.number == c.number), []
        return query.where(*self._time, *self._camera, *worn, *self._track, *self._other)


def _kinds(connection: Connection, request: BrowseRequest, identity_id: int | None) -> list[_Kind]:
    filters = request.filters
    met = None if filters.attributes_empty else fitting(filters.attributes)
    tracklets = _tracklets(connection, request, identity_id, met)
    crops = _crops(connection, request, identity_id, met)
    # Finding out crop by crop that none is without a tracklet would cost more than all else.
    return [tracklets, crops] if _lone_crops(connection) else [tracklets]


def _tracklets(
    connection: Connection, request: BrowseRequest, identity_id: int | None, met: Fitting | None
) -> _Kind:
    part, filters = tracklet_part.c, request.filters
    # What cannot pass is left out before parts are brought together; unknown cameras are counted.
    early = [
        or_(footage.c.camera_id.is_(None), of_camera)
        for of_camera in of_cameras(filters, footage.c.camera_id)
    ]
    if filters.sources:
        any_part = tracklet_part.alias("any_part").c
        of_sources = or_(*(in_source(text, any_part.source_id) for text in filters.sources))
        early.append(part.tracklet_id.in_(select(any_part.tracklet_id).where(of_sources)))
    seen = tracklets_seen(early)
    other: list[ColumnElement[bool]] = []
    if filters.exclude_crops:
        shown = select(moment.c.tracklet_id).where(moment.c.crop_id.in_(filters.exclude_crops))
        other.append(seen.c.number.not_in(shown))
    height = (
        select(tables.crop.c.y2 - tables.crop.c.y1)
        .select_from(moment)
        .join(tables.crop, tables.crop.c.id == moment.c.crop_id)
        .where(moment.c.tracklet_id == seen.c.number)
        .order_by(moment.c.quality.desc(), moment.c.crop_id)
        .limit(1)
        .scalar_subquery()
    )
    other += _decided(seen.c.number, "tracklet_id", request, identity_id)
    if (views := indexed_views(filters)) is not None:
        other.append(seen.c.number.in_(views))
    tracklets = met.tracklets if met else None
    c = seen.c
    times = [
        *_at_time(filters, c.first_us, c.last_us),
        *at_time_of_day(connection, filters, c.first_us, c.last_us),
        *on_weekdays(connection, filters, c.first_us, c.last_us),
    ]
    where = [*other, *(or_(c.first_us.is_(None), one) for one in times)]
    track = by_track(connection, filters, seen.c.number, select(seen.c.number).where(*where))
    number = 0
    return _Kind(
        connection, request, number, seen, height, other, tracklets, recorded_tracklets(), track
    )


def _crops(
    connection: Connection, request: BrowseRequest, identity_id: int | None, met: Fitting | None
) -> _Kind:
    crop, filters = tables.crop.c, request.filters
    where = [~exists().where(moment.c.crop_id == crop.id)]
    if filters.sources:
        where.append(or_(*(of_source(connection, text) for text in filters.sources)))
    alone = (
        select(
            crop.id.label("number"),
            crop.time_us.label("first_us"),
            crop.time_us.label("last_us"),
            literal(0, Integer).label("duration_us"),
            crop.camera_id,
            (crop.y2 - crop.y1).label("height"),
        ).where(*where, *indexed(filters))
    ).subquery("alone")
    other: list[ColumnElement[bool]] = []
    if filters.exclude_crops:
        other.append(alone.c.number.not_in(filters.exclude_crops))
    other += _decided(alone.c.number, "crop_id", request, identity_id)
    recorded = select(attributes.c.crop_id)
    crops = met.crops if met else None
    # What is in no tracklet has no track.
    track: Track = ([false()], true()) if filters.by_track else ([], false())
    number = 1
    return _Kind(connection, request, number, alone, alone.c.height, other, crops, recorded, track)


def _at_time(
    filters: Filters, first_us: ColumnElement[int], last_us: ColumnElement[int]
) -> list[ColumnElement[bool]]:
    """Return the conditions on who was there at some moment of the time asked for."""
    conditions = []
    if filters.after:
        conditions.append(last_us >= to_us(filters.after))
    if filters.before:
        conditions.append(first_us < to_us(filters.before))
    return conditions


def _decided(
    number: ColumnElement[int], column: str, request: BrowseRequest, identity_id: int | None
) -> list[ColumnElement[bool]]:
    """Return the conditions by what was decided."""
    conditions: list[ColumnElement[bool]] = []
    if request.identity is not None:
        mine = select(identity_member.c[column]).where(
            identity_member.c.identity_id == identity_id, identity_member.c[column].is_not(None)
        )
        conditions.append(number.in_(mine))
    filters = request.filters
    if request.unreviewed:
        filters = replace(filters, unreviewed=True)
    for table in decided_by(filters):
        decided = select(table.c[column]).where(table.c[column].is_not(None))
        conditions.append(number.not_in(decided))
    return conditions
