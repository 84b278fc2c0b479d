"""A view of a tracklet as rows: the crop with its picture and embedding, and its moment."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, Table, insert, select, update

from reidsearch.base.timecode import now, to_us
from reidsearch.domain.crops import Vectors
from reidsearch.domain.footage import Clock, VideoInfo
from reidsearch.domain.tracklets import BestShot
from reidsearch.store import tables
from reidsearch.store.crops.rows import embedding_row
from reidsearch.store.database.proofs import intact
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.pictures.putting import Keeping
from reidsearch.store.tables.footage import footage, moment, tracklet

Rows: TypeAlias = dict[Table, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ViewOf:
    """What views of one source have in common.

    Args:
        run_id: the run that adds them.
        keeping: how their pictures are recorded.
    """

    source_id: int
    camera_id: int | None
    info: VideoInfo
    clock: Clock
    run_id: int
    model_id: int
    keeping: Keeping

    @classmethod
    def read(cls, connection: Connection, facts: Row[Any], run_id: int, model_id: int) -> ViewOf:
        """Read them from a row of `footage` with the size of its frames."""
        return cls(
            facts.source_id,
            facts.camera_id,
            footage_rows.read_info(facts),
            footage_rows.read_clock(facts),
            run_id,
            model_id,
            Keeping(connection),
        )


def view_rows(
    of: ViewOf, tracklet_id: int, crop_id: int, view: BestShot, vector: Vectors, indexed_us: int
) -> Rows:
    """Return the rows of one view, in the order in which they can be inserted."""
    media_s = of.info.media_s(view.pts)
    table, picture = of.keeping.row(crop_id, view.jpeg)
    return {
        tables.crop: {
            "id": crop_id,
            "source_id": of.source_id,
            "pts": view.pts,
            **asdict(view.box),
            "camera_id": of.camera_id,
            "time_us": of.clock.at_us(media_s),
            "run_id": of.run_id,
            "indexed_us": indexed_us,
        },
        table: picture,
        tables.embedding: embedding_row(crop_id, of.model_id, vector),
        moment: {
            "crop_id": crop_id,
            "tracklet_id": tracklet_id,
            "media_us": round(media_s * 1_000_000),
            "quality": view.quality,
            "confidence": view.confidence,
            "sharpness": view.sharpness,
            "picture": view.picture,
        },
    }


def add_view(
    connection: Connection, tracklet_id: int, source_id: int, view: BestShot, vector: Vectors
) -> int:
    """Give a stored tracklet one more view; return the crop. Its mean is not made anew here."""
    facts = connection.execute(
        select(footage, tables.source.c.width_px, tables.source.c.height_px)
        .join(tables.source)
        .where(footage.c.source_id == source_id, intact(footage))
    ).one()
    run_id = connection.scalars(select(tracklet.c.run_id).where(tracklet.c.id == tracklet_id)).one()
    row = connection.execute(select(tables.archive).where(intact(tables.archive))).one()
    of = ViewOf.read(connection, facts, run_id, row.model_id)
    crop_id = int(row.next_crop_id)
    connection.execute(update(tables.archive).values(next_crop_id=crop_id + 1))
    made = view_rows(of, tracklet_id, crop_id, view, vector, to_us(now()))
    for table, values in made.items():
        connection.execute(insert(table), values)
    return crop_id
