"""The statements that a search or a re-run asks over and over, built once at import.

Building one costs SQLAlchemy several times what executing it costs SQLite.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    LargeBinary,
    String,
    Text,
    bindparam,
    cast,
    exists,
    func,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal

from reidsearch.base.errors import Reason
from reidsearch.store import tables
from reidsearch.store.database.proofs import intact
from reidsearch.store.tables.adjustment import adjustment
from reidsearch.store.tables.attributes import attributes
from reidsearch.store.tables.footage import footage, footage_location, moment
from reidsearch.store.tables.pending import pending

STATE = select(
    tables.archive.c.next_crop_id,
    tables.archive.c.erasures,
    tables.archive.c.model_id,
    select(func.max(adjustment.c.id)).scalar_subquery().label("adjustment"),
    select(func.count())
    .select_from(tables.failure)
    .where(tables.failure.c.reason != Reason.UNSUPPORTED.value)
    .scalar_subquery()
    .label("failures"),
    select(func.count())
    .select_from(tables.run)
    .where(tables.run.c.state == "interrupted")
    .scalar_subquery()
    .label("interrupted_runs"),
    select(func.aggregate_strings(cast(tables.run.c.id, Text), ","))
    .where(tables.run.c.state == "running")
    .scalar_subquery()
    .label("running_runs"),
    select(func.count()).select_from(pending).scalar_subquery().label("pending"),
    exists(select(footage.c.source_id)).label("any_footage"),
    exists(select(attributes.c.crop_id)).label("any_attributes"),
).where(intact(tables.archive))  # the rest is only counted

MODEL_ID = select(tables.archive.c.model_id).scalar_subquery()

EMBEDDING_COUNT = (
    select(func.count())
    .select_from(tables.embedding)
    .where(tables.embedding.c.model_id == MODEL_ID)
)

MODEL = select(
    tables.model.c.name,
    tables.model.c.precision,
    tables.model.c.digest,
    tables.model.c.preprocessing,
    tables.model.c.dimension,
).join(tables.archive, tables.archive.c.model_id == tables.model.c.id)

CROPS_OF_SOURCES = (
    select(
        tables.crop.c.id,
        tables.source.c.sha256,
        tables.source.c.width_px,
        tables.source.c.height_px,
        tables.crop.c.x1,
        tables.crop.c.y1,
        tables.crop.c.x2,
        tables.crop.c.y2,
    )
    .join(tables.source)
    .where(tables.source.c.sha256.in_(bindparam("sources", expanding=True)))
)

KNOWN = select(
    tables.location.c.key,
    tables.location.c.fingerprint,
    tables.location.c.facts,
    tables.location.c.crop_id,
).where(
    tables.location.c.key.in_(bindparam("keys", expanding=True)),
    tables.location.c.replaced_us.is_(None),
)

EMBEDDINGS = select(tables.embedding.c.crop_id, tables.embedding.c.vector).where(
    tables.embedding.c.model_id == MODEL_ID,
    tables.embedding.c.crop_id.in_(bindparam("ids", expanding=True)),
)


class _Listed(ColumnElement[int]):
    """Many ids as one text, a JSON list.

    Binding each of them took SQLAlchemy as long as reading their rows.
    """

    inherit_cache = True
    type = BigInteger()
    _traverse_internals = [("text", InternalTraversal.dp_clauseelement)]  # noqa: RUF012

    def __init__(self, name: str) -> None:
        self.text = bindparam(name, type_=String)


@compiles(_Listed, "sqlite")
def _of_sqlite(element: _Listed, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.text, **options)}))"  # noqa: S608


@compiles(_Listed, "postgresql")
def _of_postgresql(element: _Listed, compiler: SQLCompiler, **options: Any) -> str:
    text = compiler.process(element.text, **options)
    return f"(SELECT e::bigint FROM json_array_elements_text(CAST({text} AS json)) AS e)"  # noqa: S608


class _Cut(ColumnElement[bytes]):
    """Many keys of one length as one value: binding each took longer than looking it up."""

    inherit_cache = True
    type = LargeBinary()
    _traverse_internals = [  # noqa: RUF012
        ("joined", InternalTraversal.dp_clauseelement),
        ("length", InternalTraversal.dp_plain_obj),
    ]

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.length = len(keys[0]) if keys else 1
        self.joined = bindparam(None, b"".join(keys), type_=LargeBinary)


@compiles(_Cut, "sqlite")
def _cut_by_sqlite(element: _Cut, compiler: SQLCompiler, **options: Any) -> str:
    joined, length = compiler.process(element.joined, **options), element.length
    return (
        "(WITH RECURSIVE cut(at) AS ("  # noqa: S608
        "SELECT 1 UNION ALL "
        f"SELECT at + {length} FROM cut WHERE at + {length} <= length({joined})) "
        f"SELECT substr({joined}, at, {length}) FROM cut)"
    )


@compiles(_Cut, "postgresql")
def _cut_by_postgresql(element: _Cut, compiler: SQLCompiler, **options: Any) -> str:
    joined, length = compiler.process(element.joined, **options), element.length
    return (
        f"(SELECT substring(whole FROM start FOR {length}) "  # noqa: S608
        f"FROM (SELECT CAST({joined} AS bytea) AS whole) AS given, "
        f"generate_series(1, length(whole), {length}) AS start)"
    )


def among(column: ColumnElement[bytes], keys: Sequence[bytes]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of any number of keys of one length."""
    return column.op("IN", is_comparison=True)(_Cut(keys))


def listed(column: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that a number is in the parameter `ids`, a JSON list of any length."""
    return column.op("IN", is_comparison=True)(_Listed("ids"))


EMBEDDING_ROWS = (
    select(tables.embedding.c.crop_id, tables.embedding.c.vector)
    .where(
        tables.embedding.c.model_id == MODEL_ID,
        listed(tables.embedding.c.crop_id),
    )
    .order_by(tables.embedding.c.crop_id)
)

# Of a crop's locations the one that its facts come from is shown; there is just one. A view of a
# tracklet has its source's. `reading.py` takes the columns by their places.
_C, _F = tables.crop.c, footage.c
_CROP = (
    select(
        *(_C.id, _C.source_id, tables.source.c.sha256),
        func.coalesce(tables.location.c.text, footage_location.c.text).label("location"),
        *(_C.x1, _C.y1, _C.x2, _C.y2),
        *(_C.camera_id, tables.camera.c.name.label("camera")),
        *(_C.time_us, _C.person, _C.extra, _C.indexed_us),
        *(moment.c.tracklet_id, _C.pts, moment.c.quality, moment.c.picture),
        *(_F.time_base_num, _F.time_base_den, _F.first_pts, _F.uncertainty_s),
        *(_F.offset_us, _F.moved_us, _F.clock_until_us),
    )
    .select_from(tables.crop)
    .join(tables.source)
    .outerjoin(tables.camera, tables.camera.c.id == tables.crop.c.camera_id)
    .outerjoin(
        tables.location,
        (tables.location.c.crop_id == tables.crop.c.id) & tables.location.c.own.is_not(False),
    )
    .outerjoin(moment, moment.c.crop_id == tables.crop.c.id)
    .outerjoin(footage, footage.c.source_id == tables.crop.c.source_id)
    .outerjoin(
        footage_location,
        (footage_location.c.source_id == tables.crop.c.source_id)
        & footage_location.c.own.is_not(False),
    )
)

CROPS = _CROP.where(listed(tables.crop.c.id))

CROPS_WITH_EMBEDDINGS = (
    _CROP.add_columns(tables.embedding.c.vector)
    .join(tables.embedding, tables.embedding.c.crop_id == tables.crop.c.id)
    .where(tables.embedding.c.model_id == MODEL_ID, listed(tables.crop.c.id))
)

TRACKLET_IDS = select(moment.c.crop_id, moment.c.tracklet_id).where(listed(moment.c.crop_id))
