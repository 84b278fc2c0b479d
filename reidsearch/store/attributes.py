"""Attributes in the archive: recorded crop by crop, told as the mean over a tracklet's views."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Numeric,
    Select,
    Subquery,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
)

from reidsearch.base.errors import ArchiveError
from reidsearch.domain.attributes import (
    NAMES,
    PARTS,
    PRESENT,
    WORN,
    Asked,
    Attributes,
    Values,
    columns_of,
    require_things,
    worn,
)
from reidsearch.domain.event_log import Event
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.request import Filters
from reidsearch.store import tables
from reidsearch.store.chunks import CHUNK
from reidsearch.store.crops.model import model_row
from reidsearch.store.crops.store import Store
from reidsearch.store.event_log import append
from reidsearch.store.pictures.reading import pictures
from reidsearch.store.tables.attributes import attributes, column_of
from reidsearch.store.tables.footage import moment

UNITS_AT_ONCE = 64  # tracklets, or pictures, of one transaction
ROUNDING = 1e-4  # of sums of float32
CONFIDENCE_DIGITS = 6

_Value: TypeAlias = Callable[[str], ColumnElement[float]]
"""The column of a name, or what is made of it."""

Unit: TypeAlias = list[tuple[int, bytes]]
"""Crop ids and JPEGs (empty: damaged) of one tracklet, or of one crop without a tracklet."""

_VALUES = [attributes.c[column_of(name)] for name in NAMES]


def pending(store: Store, model: ModelIdentity) -> tuple[int, Iterator[list[Unit]]]:
    """Count crops without attributes of `model`; yield them tracklet by tracklet too.

    A tracklet of which one view lacks them comes whole, so that a mean is never of two models.
    """
    m = tables.model.c
    this = select(m.id).where(m.digest == model.digest, m.preprocessing == model.preprocessing)
    lacks = ~exists().where(
        attributes.c.crop_id == tables.crop.c.id,
        attributes.c.model_id == this.scalar_subquery(),
    )
    lone = lacks & ~exists().where(moment.c.crop_id == tables.crop.c.id)
    # Materialised per question: ids only, a few bytes a tracklet.
    of_tracklets = (
        select(moment.c.tracklet_id).join(tables.crop, tables.crop.c.id == moment.c.crop_id)
    ).where(lacks)
    with store.scan() as connection:
        count = connection.scalar(select(func.count()).select_from(tables.crop).where(lone)) or 0
        count += (
            connection.scalar(
                select(func.count())
                .select_from(moment)
                .where(moment.c.tracklet_id.in_(of_tracklets))
            )
            or 0
        )

    def units() -> Iterator[list[Unit]]:
        last = 0
        query = select(tables.crop.c.id).where(lone).order_by(tables.crop.c.id)
        while ids := _next(store, query.where(tables.crop.c.id > last).limit(UNITS_AT_ONCE)):
            yield [[picture] for picture in _pictures(store, ids)]
            last = ids[-1]
        last = 0
        query = of_tracklets.distinct().order_by(moment.c.tracklet_id)
        while ids := _next(store, query.where(moment.c.tracklet_id > last).limit(UNITS_AT_ONCE)):
            yield [list(_pictures(store, _views(store, tracklet_id))) for tracklet_id in ids]
            last = ids[-1]

    return count, units()


def _next(store: Store, query: object) -> list[int]:
    with store.scan() as connection:
        return list(connection.scalars(query))  # type: ignore[call-overload]


def _views(store: Store, tracklet_id: int) -> list[int]:
    query = select(moment.c.crop_id).where(moment.c.tracklet_id == tracklet_id)
    return _next(store, query.order_by(moment.c.crop_id))


def _pictures(store: Store, ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    for crop_id, jpeg in pictures(store, ids):
        yield crop_id, jpeg or b""  # one damaged picture is reported by its crop, the others go on


def record(
    store: Store, model: ModelIdentity, count: int, batches: Iterable[list[tuple[int, Values]]]
) -> None:
    """Commit batch after batch; what was recorded of these crops before is replaced.

    The event log says that it begins before anything is replaced, because all of it is more than
    one transaction.

    Args:
        count: crops that lack attributes of the model; nothing is logged where there are none.

    Raises:
        ArchiveLocked: another process writes.
    """
    with store.indexing():
        with store.write() as connection:
            model_id = model_row(connection, model)
            if count:
                append(connection, Event.ANNOTATE, {"model": model.text, "crops": count})
        for batch in batches:
            with store.write() as connection:
                _replace(connection, model_id, batch)


def _replace(connection: Connection, model_id: int, batch: list[tuple[int, Values]]) -> None:
    ids = [crop_id for crop_id, _ in batch]
    _forget(connection, ids)
    # An index run beside this one may have taken some back since their pictures were read.
    held = set(connection.scalars(select(tables.crop.c.id).where(tables.crop.c.id.in_(ids))))
    names = [column_of(name) for name in NAMES]
    rows = [
        {"crop_id": crop_id, "model_id": model_id}
        | dict(zip(names, values.astype(float).tolist(), strict=True))
        for crop_id, values in batch
        if crop_id in held
    ]
    if rows:
        connection.execute(insert(attributes), rows)


def attributes_of(
    store: Store, crop_ids: Sequence[int], filters: Filters = Filters()
) -> dict[int, Attributes]:
    """Return by crop id what its tracklet (or it alone) wears, where something is recorded.

    How many of its crops meet the filters by themselves is told with it.

    Costs nothing in an archive without attributes.
    """
    found: dict[int, Attributes] = {}
    if not store.state().any_attributes:
        return found
    with store.read() as connection:
        for start in range(0, len(crop_ids), CHUNK):
            part = list(crop_ids[start : start + CHUNK])
            found.update(_attributes(connection, part, filters.attributes))
    return found


def _attributes(connection: Connection, ids: list[int], asked: Asked) -> dict[int, Attributes]:
    whose = {
        row.crop_id: row.tracklet_id
        for row in connection.execute(select(moment).where(moment.c.crop_id.in_(ids)))
    }
    of_tracklets = (
        select(moment.c.tracklet_id, attributes.c.crop_id, *_VALUES)
        .join(attributes, attributes.c.crop_id == moment.c.crop_id)
        .where(moment.c.tracklet_id.in_(set(whose.values())))
        .order_by(attributes.c.crop_id)
    )
    views: dict[int, list[Sequence[float]]] = {}
    for row in connection.execute(of_tracklets):
        views.setdefault(row.tracklet_id, []).append(row[2:])
    means = {
        tracklet_id: Attributes.mean(_possible(rows, f"tracklet {tracklet_id}"), asked)
        for tracklet_id, rows in views.items()
    }
    found = {crop_id: means[of] for crop_id, of in whose.items() if of in means}
    alone = select(attributes.c.crop_id, *_VALUES).where(
        attributes.c.crop_id.in_([crop_id for crop_id in ids if crop_id not in whose])
    )
    for row in connection.execute(alone):
        found[row.crop_id] = Attributes.mean(_possible([row[1:]], f"crop {row.crop_id}"), asked)
    return found


def _possible(rows: Sequence[Sequence[float]], whose: str) -> Values:
    """Return stored confidences, which all lie between 0 and 1 unless they are damaged."""
    stored = np.array(rows, np.float64)
    if not ((stored >= -ROUNDING) & (stored <= 1 + ROUNDING)).all():
        raise ArchiveError(f"impossible attributes are recorded of {whose}")
    return stored.astype(np.float32)


def passing(filters: Filters) -> list[ColumnElement[bool]]:
    """Return the condition on `crop` that the attribute filters come to, if there are any.

    A view of a tracklet passes when the mean of its tracklet's views does.

    Raises:
        UsageError: a filter names no colour, part or thing.
    """
    if filters.attributes_empty:
        return []
    fits = fitting(filters.attributes)
    views = select(moment.c.crop_id).where(
        moment.c.tracklet_id.in_(select(fits.tracklets.c.number))
    )
    return [
        or_(tables.crop.c.id.in_(select(fits.crops.c.number)), tables.crop.c.id.in_(views)),
    ]


@dataclass(frozen=True, slots=True)
class Fitting:
    """Who meets the attribute filters: queries for `number` and `confidence`.

    Args:
        tracklets: by the mean of their views; `number` is the tracklet's.
        crops: those of no tracklet.
    """

    tracklets: Subquery
    crops: Subquery


def fitting(asked: Asked) -> Fitting:
    """Return who meets attribute filters, of which there is at least one, and how surely.

    The confidence is that of `Asked.confidence`, rounded, so that it is the same however the
    database adds up.

    Raises:
        UsageError: a filter names no colour, part or thing.
    """
    require_things((*asked.with_things, *asked.without_things))

    def told(value: _Value) -> tuple[ColumnElement[bool], ColumnElement[float]]:
        """Return whether all is met, and how surely, by means or by the only view."""
        worn_by = [_shares(text, value) for text in asked.wearing]
        wears = [or_(*(share >= WORN for share in shares)) for shares in worn_by]
        has = [value(thing) >= PRESENT for thing in asked.with_things]
        lacks = [value(thing) < PRESENT for thing in asked.without_things]
        sure = [_most(shares) for shares in worn_by]
        sure += [value(thing) for thing in asked.with_things]
        sure += [1.0 - value(thing) for thing in asked.without_things]
        # PostgreSQL rounds to digits what is decimal alone.
        least = cast(_least(sure), Numeric)
        confidence = func.round(least, literal_column(str(CONFIDENCE_DIGITS)), type_=Float)
        return and_(*wears, *has, *lacks), confidence.label("confidence")

    met, sure = told(lambda name: attributes.c[column_of(name)])
    alone = select(attributes.c.crop_id.label("number"), sure).where(
        met, ~exists().where(moment.c.crop_id == attributes.c.crop_id)
    )
    met, sure = told(lambda name: func.avg(attributes.c[column_of(name)]))
    means = (
        select(moment.c.tracklet_id.label("number"), sure)
        .select_from(moment)
        .join(attributes, attributes.c.crop_id == moment.c.crop_id)
        .group_by(moment.c.tracklet_id)
        .having(met)
    )
    return Fitting(means.subquery("fitting_tracklets"), alone.subquery("fitting_crops"))


def _shares(text: str, value: _Value) -> list[ColumnElement[float]]:
    parts, names = worn(text)
    return [_sum([value(f"{part}:{name}") for name in names]) for part in parts]


def _least(values: Sequence[ColumnElement[float]]) -> ColumnElement[float]:
    """Return the least of some values, in words that every database knows."""
    whens = []
    for place, one in enumerate(values[:-1]):
        others = (*values[:place], *values[place + 1 :])
        whens.append((and_(*(one <= other for other in others)), one))
    return case(*whens, else_=values[-1]) if whens else values[-1]


def _most(values: Sequence[ColumnElement[float]]) -> ColumnElement[float]:
    one, *other = values  # parts of the body: there are two at most
    return case((one >= other[0], one), else_=other[0]) if other else one


def recorded() -> ColumnElement[bool]:
    """Return the condition that attributes of `crop`, or of its tracklet, are recorded."""
    return or_(
        tables.crop.c.id.in_(select(attributes.c.crop_id)),
        tables.crop.c.id.in_(
            select(moment.c.crop_id).where(moment.c.tracklet_id.in_(recorded_tracklets()))
        ),
    )


def recorded_tracklets() -> Select[tuple[int]]:
    """Return the query for the tracklets of which something is recorded."""
    return select(moment.c.tracklet_id).join(attributes, attributes.c.crop_id == moment.c.crop_id)


def damaged(connection: Connection) -> list[int]:
    """Return crops with attributes that no model gives."""
    upper, lower = (_VALUES[columns_of(part)] for part in PARTS)
    wrong = or_(
        *(~column.between(-ROUNDING, 1 + ROUNDING) for column in _VALUES),
        *(func.abs(_sum(part) - 1) > ROUNDING for part in (upper, lower)),
    )
    return list(
        connection.scalars(select(attributes.c.crop_id).where(wrong).order_by(attributes.c.crop_id))
    )


def forget_damaged(store: Store) -> None:
    """Drop what `damaged` finds; the caller holds the writer lock."""
    with store.write() as connection:
        _forget(connection, damaged(connection))


def _forget(connection: Connection, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        connection.execute(delete(attributes).where(attributes.c.crop_id.in_(part)))


def _sum(values: Sequence[ColumnElement[float]]) -> ColumnElement[float]:
    return functools.reduce(operator.add, values)
