"""Reading footage: which sources are held, and what was seen of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select

from reidsearch.base.errors import NotFound
from reidsearch.base.locations import composed
from reidsearch.domain.footage import (
    HeightsSeen,
    How,
    SourceCoverage,
    SourceFacts,
    Span,
    tiles_used,
)
from reidsearch.domain.renamed import current_names
from reidsearch.domain.told import FactNote
from reidsearch.store import tables
from reidsearch.store.chunks import CHUNK, of_ids
from reidsearch.store.crops.store import Store
from reidsearch.store.database.unproven import UNPROVEN
from reidsearch.store.decoding import reads
from reidsearch.store.footage import erased
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.location_keys import location_key
from reidsearch.store.tables.footage import erased as erased_table
from reidsearch.store.tables.footage import (
    footage,
    footage_location,
    moment,
    span,
    tracklet_part,
)

SHORTEST_SHA = 8  # characters of a SHA-256 that may stand for a source


@dataclass(frozen=True, slots=True)
class KnownSource:
    """What earlier runs recorded of a source.

    Args:
        fingerprint, facts: of the place that was asked about; empty when asked by checksum.
        settings: how it was analysed.
        counts: what was found in it.
        remarks: what a reader of its coverage must know.
        notes: on its facts; None where others are told of its first place.
        sha256, size_bytes: of its bytes.
        erased: some of what was found in it was deleted since.
        permanently: no run is to bring that back.
        emptied: nothing of it is left.
    """

    source_id: int
    state: str
    settings: Mapping[str, Any]
    counts: Mapping[str, int]
    remarks: Sequence[str]
    sha256: bytes
    size_bytes: int
    erased: bool
    permanently: bool
    emptied: bool
    fingerprint: str = ""
    facts: str = ""
    notes: tuple[FactNote, ...] | None = None

    @property
    def finished(self) -> bool:
        """Whether it was worked through to its end."""
        return self.state == "finished"


_BYTES_AND_LOSS = (
    tables.source.c.sha256,
    tables.source.c.size_bytes,
    exists().where(erased_table.c.source_id == footage.c.source_id),
    exists().where(erased_table.c.source_id == footage.c.source_id, erased_table.c.permanent),
    ~exists().where(tracklet_part.c.source_id == footage.c.source_id),
)


def source_at(store: Store, location: str) -> KnownSource | None:
    """Return the source that was last found at a place."""
    where = footage_location.c
    with store.read() as connection:
        row = connection.execute(
            select(
                footage.c.source_id,
                footage.c.state,
                footage.c.settings,
                footage.c.counts,
                footage.c.notes,
                *_BYTES_AND_LOSS,
                where.fingerprint,
                where.facts,
                footage.c.facts_notes,
                where.own.is_not(False),
            )
            .select_from(footage)
            .join(tables.source)
            .join(footage_location, where.source_id == footage.c.source_id)
            .where(where.key == location_key(location), where.replaced_us.is_(None))
        ).one_or_none()
    if row is None:
        return None
    *known, notes, own = row
    known.append(footage_rows.read_notes(notes) if own else None)
    return KnownSource(*known)


def finished_at(store: Store, locations: Sequence[str]) -> dict[str, str]:
    """Return which places hold what was worked through to its end: location -> fingerprint."""
    where = footage_location.c
    by_key = {location_key(location): location for location in locations}
    keys, found = list(by_key), dict[str, str]()
    query = select(where.key, where.fingerprint).join(
        footage, footage.c.source_id == where.source_id
    )
    query = query.where(where.replaced_us.is_(None), footage.c.state == "finished")
    with store.read() as connection:
        for start in range(0, len(keys), CHUNK):
            part = where.key.in_(keys[start : start + CHUNK])
            for row in connection.execute(query.where(part)):
                found[by_key[bytes(row.key)]] = row.fingerprint
    return found


def unfinished_places(store: Store) -> list[str]:
    """Return where sources lie that no run has worked through to their end."""
    where = footage_location.c
    query = (
        select(where.text)
        .join(footage, footage.c.source_id == where.source_id)
        .where(footage.c.state != "finished", where.own.is_not(False), where.replaced_us.is_(None))
    )
    with store.read() as connection:
        return list(connection.scalars(query.order_by(where.text)))


def facts_at(store: Store, locations: Iterable[str]) -> list[SourceFacts]:
    """Return what is known of the sources at some places, each source once."""
    where = footage_location.c
    keys = [location_key(location) for location in locations]
    found: dict[int, SourceFacts] = {}
    with store.read() as connection:
        for start in range(0, len(keys), CHUNK):
            part = where.key.in_(keys[start : start + CHUNK])
            for row in connection.execute(_SOURCES_AT.where(part, where.replaced_us.is_(None))):
                found[row.source_id] = footage_rows.read_facts(row)
    return list(found.values())


_SOURCES_AT = (
    select(footage, tables.camera.c.name.label("camera"))
    .join(footage_location, footage_location.c.source_id == footage.c.source_id)
    .outerjoin(tables.camera, tables.camera.c.id == footage.c.camera_id)
)


def source_of(store: Store, sha256: bytes) -> KnownSource | None:
    """Return the source with these bytes, wherever it lies."""
    with store.read() as connection:
        row = connection.execute(
            select(
                footage.c.source_id,
                footage.c.state,
                footage.c.settings,
                footage.c.counts,
                footage.c.notes,
                *_BYTES_AND_LOSS,
            )
            .select_from(footage)
            .join(tables.source)
            .where(tables.source.c.sha256 == sha256)
        ).one_or_none()
    return KnownSource(*row) if row else None


_SOURCES = (
    select(
        footage,
        tables.source.c.sha256,
        tables.source.c.width_px,
        tables.source.c.height_px,
        tables.camera.c.name.label("camera"),
        footage_location.c.text.label("location"),
        footage_location.c.replaced_us,
    )
    .select_from(footage)
    .join(tables.source)
    .outerjoin(tables.camera, tables.camera.c.id == footage.c.camera_id)
    .outerjoin(
        footage_location,
        (footage_location.c.source_id == footage.c.source_id)
        & footage_location.c.own.is_not(False),
    )
)


def _held(connection: Connection, source_id: int | None = None) -> dict[int, dict[str, int]]:
    """Return how many tracklets and views are held, by source; None: of all."""
    crop, part = tables.crop.c, tracklet_part.c
    parts = select(part.source_id, func.count()).group_by(part.source_id)
    views = select(crop.source_id, func.count()).join(moment).group_by(crop.source_id)
    if source_id is not None:
        parts = parts.where(part.source_id == source_id)
        views = views.where(crop.source_id == source_id)
    found: dict[int, dict[str, int]] = {}
    for name, query in (("tracklets", parts), ("best_shots", views)):
        for one, count in connection.execute(query, execution_options=UNPROVEN):
            found.setdefault(one, {})[name] = count
    return found


def coverage(store: Store) -> list[SourceCoverage]:
    """Return what was seen of every source of footage; by camera, then start, then place."""
    live_runs = store.running_runs()
    with store.read() as connection:
        rows = connection.execute(_SOURCES).all()
        counts = _held(connection)
        spans = read_spans(connection)
        holes = erased.holes(connection)
    found = [
        _coverage(
            row,
            counts.get(row.source_id, {}),
            spans.get(row.source_id, ()),
            holes.get(row.source_id, ()),
            live_runs,
        )
        for row in rows
    ]
    return sorted(found, key=_order)


def read_spans(connection: Connection, ids: Sequence[int] | None = None) -> dict[int, list[Span]]:
    """Return how sources were analysed, as it was then, by source; None: of all."""
    every = select(span).order_by(span.c.source_id, span.c.number)
    spans: dict[int, list[Span]] = {}
    for part in of_ids(every, span.c.source_id, ids):
        for row in connection.execute(part):
            spans.setdefault(row.source_id, []).append(_span(row))
    return spans


@reads(span)
def _span(row: Row[Any]) -> Span:
    return Span(row.from_us, row.to_us, How(row.how), row.detail)


def _order(one: SourceCoverage) -> tuple[bool, str, bool, float, str]:
    start = one.facts.clock.start
    return (
        one.facts.camera is None,
        one.facts.camera or "",
        start is None,
        start.timestamp() if start else 0.0,
        one.location,
    )


@reads(footage)
def _coverage(
    row: Row[Any],
    held: Mapping[str, int],
    spans: Sequence[Span],
    holes: Sequence[erased.Interval],
    live_runs: frozenset[int],
) -> SourceCoverage:
    until_us = None if row.state == "finished" else row.duration_us
    facts = footage_rows.read_facts(row)
    settings = current_names(row.settings)
    info = footage_rows.read_info(row)
    return SourceCoverage(
        source_id=row.source_id,
        sha256=row.sha256.hex(),
        location=row.location or "",
        info=info,
        facts=facts,
        state=footage_rows.read_state(row, live_runs),
        duration_s=Fraction(row.duration_us, 1_000_000),
        measured_fps=row.measured_fps,
        settings=settings,
        # Found when it was analysed; what is held may be less since.
        counts={
            **current_names(row.counts),
            "tracklets": held.get("tracklets", 0),
            "best_shots": held.get("best_shots", 0),
        },
        spans=erased.held(spans, holes, until_us),
        warnings=(*row.notes, *facts.warnings),
        replaced=row.replaced_us is not None,
        heights=heights_of(settings, info.width_px, info.height_px),
    )


def heights_of(settings: Mapping[str, Any], width_px: int, height_px: int) -> HeightsSeen | None:
    """Return how tall people have to be in a source to be seen, by how it was analysed."""
    from reidsearch.vision.detection.heights import heights_seen

    return heights_seen(*detected_by(settings, width_px, height_px))


def detected_by(
    settings: Mapping[str, Any], width_px: int, height_px: int
) -> tuple[str, int, int, int, int]:
    """Return how people were detected in a source, as `heights_seen` and `recall_of` take it."""
    least_px = settings.get("min_height_px")
    return (
        str(settings.get("detector")),
        width_px,
        height_px,
        tiles_used(settings),
        least_px if isinstance(least_px, int) and 0 < least_px <= height_px else 0,
    )


def footage_at(store: Store, texts: Sequence[str]) -> tuple[int, ...]:
    """Return sources of footage whose place or checksum matches a text, as in `Filters`."""
    query = select(footage_location.c.source_id, footage_location.c.text, tables.source.c.sha256)
    query = query.join(tables.source, tables.source.c.id == footage_location.c.source_id)
    with store.scan() as connection:
        places = connection.execute(query.order_by(footage_location.c.source_id)).all()
    found = [one.source_id for one in places if at_one_of(one.text, one.sha256.hex(), texts)]
    return tuple(dict.fromkeys(found))


def at_one_of(location: str, sha256: str, texts: Sequence[str]) -> bool:
    """Tell whether any text is part of a source's place, or begins its SHA-256."""
    place = composed(location)
    return any(
        composed(text) in place or (len(text) >= SHORTEST_SHA and sha256.startswith(text.lower()))
        for text in texts
    )


def any_footage(store: Store) -> bool:
    """Tell whether the archive holds footage at all."""
    return store.state().any_footage


def source(store: Store, source_id: int) -> SourceCoverage:
    """Return one source of footage.

    Raises:
        NotFound: no source of footage has this id.
    """
    with store.read() as connection:
        row = connection.execute(_SOURCES.where(footage.c.source_id == source_id)).one_or_none()
        if row is None:
            raise NotFound(f"{store.location} holds no footage {source_id}")
        held = _held(connection, source_id).get(source_id, {})
        spans = read_spans(connection, [source_id]).get(source_id, ())
        holes = erased.holes(connection, [source_id]).get(source_id, ())
    return _coverage(row, held, spans, holes, store.running_runs())
