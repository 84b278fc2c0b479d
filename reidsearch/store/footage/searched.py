"""How the footage that an answer is about was analysed, and its coverage gaps."""

from __future__ import annotations

import hashlib
import weakref
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, exists, func, select

from reidsearch.base.timecode import to_us
from reidsearch.domain.answers import FootageSearched
from reidsearch.domain.footage import Clock, HeightsSeen, How, SourceState, Span
from reidsearch.domain.renamed import current_names
from reidsearch.domain.request import Filters
from reidsearch.store import tables
from reidsearch.store.chunks import of_ids
from reidsearch.store.crops.store import Store
from reidsearch.store.database.unproven import UNPROVEN
from reidsearch.store.footage import erased
from reidsearch.store.footage import rows as footage_rows
from reidsearch.store.footage.gaps import Stretch, not_supplied
from reidsearch.store.footage.reader import any_footage, at_one_of, heights_of, read_spans
from reidsearch.store.row_digests import DIGEST
from reidsearch.store.tables.footage import erased as erased_table
from reidsearch.store.tables.footage import footage, footage_location, span


@dataclass(frozen=True, slots=True)
class SearchedSource:
    """One source; its times are None when its clock is not known.

    Args:
        settings: how it was analysed.
    """

    source_id: int
    camera: str | None
    location: str
    sha256: str
    state: SourceState
    duration_us: int
    erased: bool
    small: int
    heights: HeightsSeen | None
    first_us: int | None
    last_us: int | None
    clock: Clock
    settings: Mapping[str, Any]
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Analysed:
    """A source that passes filters by camera and place, and how it was analysed.

    Args:
        spans: as far as what was found there is still held.
    """

    source: SearchedSource
    spans: tuple[Span, ...]


def analysed(store: Store, filters: Filters) -> list[Analysed]:
    """Return the sources that pass the filters by camera and place, whatever their time."""
    live_runs = store.running_runs()
    with store.read() as connection:
        sources = [
            one
            for one in _sources(store, connection, live_runs)
            if _of_camera_and_place(one, filters)
        ]
        ids = [one.source_id for one in sources]
        spans = read_spans(connection, ids)
        holes = erased.holes(connection, [one.source_id for one in sources if one.erased])
    return [
        Analysed(
            one,
            erased.held(
                spans.get(one.source_id, ()),
                holes.get(one.source_id, ()),
                None if one.state is SourceState.FINISHED else one.duration_us,
            ),
        )
        for one in sources
    ]


def footage_stamp(store: Store) -> bytes:
    """Return what changes whenever `analysed` may return something else for the same filters."""
    live_runs = store.running_runs()
    with store.scan() as connection:
        return _stamp(connection, live_runs)


def _stamp(connection: Connection, live_runs: frozenset[int]) -> bytes:
    digest = hashlib.blake2b(repr(sorted(live_runs)).encode(), digest_size=16)
    for table in (footage, footage_location, erased_table, tables.camera):
        rows = select(table.c[DIGEST]).order_by(*table.primary_key.columns)
        digest.update(repr(connection.scalars(rows, execution_options=UNPROVEN).all()).encode())
    return digest.digest()


def footage_searched(store: Store, filters: Filters) -> FootageSearched:
    """Describe the footage that passes the filters by camera, time and place.

    A source of unknown camera or time counts: its crops may have been left out, and the statement
    says so, but nobody can say that the person was not in it.
    """
    if not any_footage(store):
        return FootageSearched()
    live_runs = store.running_runs()
    with store.read() as connection:
        sources = [
            one
            for one in _sources(store, connection, live_runs)
            if _of_camera_and_place(one, filters)
        ]
        concerned = [one for one in sources if _of_time(one, filters)]
        seconds = _seconds(connection, concerned, everything=filters.empty)
    return FootageSearched(
        sources=len(concerned),
        unfinished=sum(one.state is SourceState.INTERRUPTED for one in concerned),
        running=sum(one.state is SourceState.RUNNING for one in concerned),
        seconds=seconds,
        not_supplied_s={} if filters.sources else _coverage_gaps(sources, filters),
        small=sum(one.small for one in concerned),
        heights=_heights(concerned),
    )


_F = footage.c
_SOURCES = (
    select(
        _F.source_id,
        tables.source.c.sha256,
        tables.camera.c.name.label("camera"),
        footage_location.c.text.label("location"),
        _F.state,
        _F.run_id,
        *(_F.start_us, _F.clock_origin, _F.uncertainty_s, _F.offset_us, _F.drift_ppm),
        *(_F.moved_us, _F.clock_until_us),
        *(_F.duration_us, _F.counts, _F.settings),
        *(tables.source.c.width_px, tables.source.c.height_px),
        exists().where(erased_table.c.source_id == _F.source_id).label("erased"),
    )
    .select_from(footage)
    .join(tables.source)
    .outerjoin(tables.camera, tables.camera.c.id == _F.camera_id)
    .outerjoin(
        footage_location,
        (footage_location.c.source_id == _F.source_id) & footage_location.c.own.is_not(False),
    )
)


_kept: weakref.WeakKeyDictionary[Store, tuple[bytes, list[SearchedSource]]] = (
    weakref.WeakKeyDictionary()
)
"""Of each open archive what was read last, and the stamp of that state: every search asks for it,
and reading and proving 10 000 sources takes a second.
"""


def _sources(
    store: Store, connection: Connection, live_runs: frozenset[int]
) -> list[SearchedSource]:
    """Return all sources of footage as this connection sees them."""
    stamp, kept = _stamp(connection, live_runs), _kept.get(store)
    if kept is None or kept[0] != stamp:
        kept = _kept[store] = stamp, _read_sources(connection, live_runs)
    return kept[1]


def _read_sources(connection: Connection, live_runs: frozenset[int]) -> list[SearchedSource]:
    found = []
    for row in connection.execute(_SOURCES):
        clock, settings = footage_rows.read_clock(row), current_names(row.settings)
        found.append(
            SearchedSource(
                row.source_id,
                row.camera,
                row.location or "",
                row.sha256.hex(),
                footage_rows.read_state(row, live_runs),
                row.duration_us,
                row.erased,
                int(current_names(row.counts).get("small", 0)),
                heights_of(settings, row.width_px, row.height_px),
                clock.at_media_us(0),
                clock.at_media_us(row.duration_us),
                clock,
                settings,
                row.width_px,
                row.height_px,
            )
        )
    return found


def _heights(sources: Sequence[SearchedSource]) -> dict[HeightsSeen | None, int]:
    """Count sources by how tall people have to be in them; most sources first."""
    counted = Counter(one.heights for one in sources)
    return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0] is None, str(one[0]))))


def _of_camera_and_place(one: SearchedSource, filters: Filters) -> bool:
    camera = one.camera
    if camera is not None and (
        (filters.cameras and camera not in filters.cameras) or camera in filters.not_cameras
    ):
        return False
    return not filters.sources or at_one_of(one.location, one.sha256, filters.sources)


def _of_time(one: SearchedSource, filters: Filters) -> bool:
    if one.first_us is None or one.last_us is None:
        return True
    after, before = filters.after, filters.before
    return not (
        (after is not None and one.last_us < to_us(after))
        or (before is not None and one.first_us >= to_us(before))
    )


def _seconds(
    connection: Connection, sources: Sequence[SearchedSource], *, everything: bool
) -> dict[How, float]:
    """Media time by how it was analysed, of these sources; `everything`: they are all there are."""
    summed = select(span.c.how, func.sum(span.c.to_us - span.c.from_us)).group_by(span.c.how)
    ids = None if everything else [one.source_id for one in sources]
    # In whole microseconds: what is taken out again leaves nothing, and no -1e-16 s.
    lengths_us: dict[How, int] = {}
    for part in of_ids(summed, span.c.source_id, ids):
        for how, length_us in connection.execute(part):
            lengths_us[How(how)] = lengths_us.get(How(how), 0) + length_us
    _take_out(connection, lengths_us, sources)
    return {how: length_us / 1_000_000 for how, length_us in lengths_us.items()}


def _take_out(
    connection: Connection, lengths_us: dict[How, int], sources: Sequence[SearchedSource]
) -> None:
    """Count apart what was deleted, and not at all what is not committed yet."""
    until = {
        one.source_id: None if one.state is SourceState.FINISHED else one.duration_us
        for one in sources
        if one.erased or one.state is not SourceState.FINISHED
    }
    if not until:
        return
    holes = erased.holes(connection, list(until))
    for source_id, spans in read_spans(connection, list(until)).items():
        kept = erased.held(spans, holes.get(source_id, ()), until[source_id])
        for sign, counted in ((-1, spans), (1, kept)):
            for one in counted:
                length_us = one.to_us - one.from_us
                lengths_us[one.how] = lengths_us.get(one.how, 0) + sign * length_us


def _coverage_gaps(sources: list[SearchedSource], filters: Filters) -> dict[str, float]:
    """Seconds by camera."""
    holes = not_supplied(
        (
            Stretch(one.camera, one.first_us, one.last_us)
            for one in sources
            if one.camera is not None and one.first_us is not None and one.last_us is not None
        ),
        None if filters.after is None else to_us(filters.after),
        None if filters.before is None else to_us(filters.before),
    )
    seconds: dict[str, float] = {}
    for hole in holes:
        seconds[hole.camera] = seconds.get(hole.camera, 0.0) + hole.seconds
    return seconds
