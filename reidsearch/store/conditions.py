"""Conditions that filters come to: by where people went, what was decided, and when indexed."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, false, select

from reidsearch.base.timecode import to_us
from reidsearch.domain.filters import Filters
from reidsearch.store import tables
from reidsearch.store.database.numbers import numbers
from reidsearch.store.footage.durations import tracklets_seen
from reidsearch.store.footage.tracks_passing import tracks_passing
from reidsearch.store.tables.footage import moment
from reidsearch.store.tables.identities import identity_member, identity_rejection


def by_track(
    connection: Connection,
    filters: Filters,
    number: ColumnElement[int],
    among: Select[tuple[int]] | None = None,
) -> tuple[list[ColumnElement[bool]], ColumnElement[bool]]:
    """Return the conditions on a tracklet's number by where it went and how long it stayed.

    And the condition that it cannot be decided.

    Args:
        among: query for the numbers of those who pass everything else; None: not known.
    """
    conditions: list[ColumnElement[bool]] = []
    undecided: ColumnElement[bool] = false()
    if filters.regions or filters.crossings:
        judged = tracks_passing(connection, filters, among)
        conditions.append(number.in_(numbers(connection, judged.passing)))
        if judged.undecided:
            undecided = number.in_(numbers(connection, judged.undecided))
    if filters.dwell_s is not None and not filters.regions:
        seen = tracklets_seen().c
        stayed = select(seen.number).where(seen.duration_us >= round(filters.dwell_s * 1e6))
        conditions.append(number.in_(stayed))
        undecided = and_(undecided, number.in_(stayed))
    return conditions, undecided


def indexed(filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions on `crop` by when it was indexed."""
    crop = tables.crop.c
    conditions: list[ColumnElement[bool]] = []
    if filters.indexed_after is not None:
        conditions.append(crop.indexed_us > to_us(filters.indexed_after))
    if filters.indexed_after_run is not None:
        conditions.append(crop.run_id > filters.indexed_after_run)
    return conditions


def indexed_views(filters: Filters) -> Select[tuple[int]] | None:
    """Return the query for the tracklets with a view that was indexed as filters ask; None: all."""
    conditions = indexed(filters)
    if not conditions:
        return None
    views = select(moment.c.tracklet_id).join(tables.crop, tables.crop.c.id == moment.c.crop_id)
    return views.where(*conditions)


def undecided_crops(filters: Filters) -> list[ColumnElement[bool]]:
    """Return the conditions on `crop` by what was decided of it, or of its tracklet."""
    conditions: list[ColumnElement[bool]] = []
    for table in decided_by(filters):
        crops = select(table.c.crop_id).where(table.c.crop_id.is_not(None))
        of = select(table.c.tracklet_id).where(table.c.tracklet_id.is_not(None))
        views = select(moment.c.crop_id).where(moment.c.tracklet_id.in_(of))
        conditions += [tables.crop.c.id.not_in(crops), tables.crop.c.id.not_in(views)]
    return conditions


def decided_by(filters: Filters) -> tuple[Table, ...]:
    """Return the tables of decisions whose members filters leave out."""
    if filters.unreviewed:
        return identity_member, identity_rejection
    return (identity_member,) if filters.no_identity else ()
