"""Bytes of what was erased, looked for in every file of an archive and of its caches.

`PIECES` says which bytes of a crop an archive keeps, and where. Of each piece a few short sequences
are taken, from places where they are unlike those of other pieces. A database keeps a big value in
pages, so a sequence may be cut by a page's border; all of one value are not.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import JSON, Column, LargeBinary, Text, cast, func, select

from reidsearch.base.errors import DECODING_ERRORS
from reidsearch.base.locations import location_text
from reidsearch.domain.certificates import ByteSearch, DerivedFile
from reidsearch.domain.event_log import Event
from reidsearch.index.compact.index import Compact
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import load as load_graph
from reidsearch.maintenance.erase import Erasure, sources_only_of
from reidsearch.maintenance.forget import digests_of, places_of
from reidsearch.store import derived, log_reading, saved_erasing, tables
from reidsearch.store.chunks import chunks
from reidsearch.store.crops.store import Store
from reidsearch.store.identities.photos import digests_of_photos
from reidsearch.store.pictures.going import left
from reidsearch.store.pictures.reading import pictures
from reidsearch.store.tables.every import metadata
from reidsearch.store.tables.footage import moment, tracklet_embedding
from reidsearch.store.tables.photos import photo_embedding, photo_picture
from reidsearch.store.tables.pictures import picture_gone, picture_object

LENGTH = 32
PLACES = (0.2, 0.4, 0.6, 0.8)
LEAST_DIFFERENT = 16
"""Bytes of a sequence that are unlike each other: runs of equal ones are in every picture."""
READ_AT_ONCE = 1 << 24

Values: TypeAlias = Callable[[Store, Gallery, Erasure | None], Iterator[bytes]]
"""Yields bytes of what is to be erased; None: of all that the archive holds."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """One kind of bytes that an archive keeps of people.

    Args:
        name: as a certificate tells it.
    """

    name: str
    values: Values


def _of_column(column: Column[bytes]) -> Values:
    """Return what yields a column of a table that has `crop_id`."""

    def values(store: Store, gallery: Gallery, planned: Erasure | None) -> Iterator[bytes]:
        with store.scan() as connection:
            every = select(column).execution_options(yield_per=500)
            if planned is None:
                yield from connection.scalars(every)
                return
            for part in chunks(planned.ids.tolist()):
                yield from connection.scalars(every.where(column.table.c.crop_id.in_(part)))

    return values


def _logged(store: Store, gallery: Gallery, planned: Erasure | None) -> Iterator[bytes]:
    """Yield embeddings as the event log has those of pictures that were searched with."""
    for vectors in (_of_column(tables.embedding.c.vector), _of_photos(photo_embedding.c.vector)):
        for value in vectors(store, gallery, planned):
            yield base64.b64encode(value)


def _searched(store: Store, gallery: Gallery, planned: Erasure | None) -> Iterator[bytes]:
    """Yield the embeddings in details of searches that are erased themselves."""
    if planned is not None and not planned.searches:
        return
    for entry in log_reading.entries(store, events=[Event.SEARCH]):
        if planned is not None and entry.number not in planned.searches:
            continue
        try:
            told = (entry.said or {}).get("query_embeddings") or []
        except DECODING_ERRORS:  # damage, which `check` tells of
            continue
        yield from (one.encode() for one in told if isinstance(one, str))


def _saved(store: Store, gallery: Gallery, planned: Erasure | None) -> Iterator[bytes]:
    """Yield the embeddings of pictures of saved questions; those that go, or all."""
    with store.scan() as connection:
        numbers = None
        if planned is not None:
            sources = [*sources_only_of(connection, planned.ids), *planned.footage]
            digests = digests_of(connection, planned.ids, sources)
            digests |= digests_of_photos(connection, planned.photos)
            places = places_of(connection, planned.ids, planned.footage)
            what = saved_erasing.Going(places, digests, {*planned.identities}, planned.searches)
            numbers = saved_erasing.going(connection, what)
        yield from saved_erasing.embeddings(connection, numbers)


def _of_photos(column: Column[bytes]) -> Values:
    """Return what yields a column of a table that has `photo_id`."""

    def values(store: Store, gallery: Gallery, planned: Erasure | None) -> Iterator[bytes]:
        every = select(column).execution_options(yield_per=10)
        if planned is not None:
            every = every.where(column.table.c.photo_id.in_(planned.photos))
        with store.scan() as connection:
            yield from connection.scalars(every)

    return values


def _means(store: Store, gallery: Gallery, planned: Erasure | None) -> Iterator[bytes]:
    """Yield the mean embeddings of tracklets that show these crops."""
    mean = tracklet_embedding.c
    with store.scan() as connection:
        if planned is None:
            yield from connection.scalars(select(mean.vector).execution_options(yield_per=500))
            return
        for part in chunks(planned.ids.tolist()):
            shown = select(moment.c.tracklet_id).where(moment.c.crop_id.in_(part))
            yield from connection.scalars(select(mean.vector).where(mean.tracklet_id.in_(shown)))


def _codes(store: Store, gallery: Gallery, planned: Erasure | None) -> Iterator[bytes]:
    """Yield the codes by which a compact index has embeddings; a flat one has the embeddings."""
    with gallery.busy:
        gallery.sync()
        index = gallery.index
        if isinstance(index, Compact):
            yield from index.codes(index.ids() if planned is None else planned.ids)


def _pictures(store: Store, gallery: Gallery, planned: Erasure | None) -> Iterator[bytes]:
    """Yield the pictures of crops, also those in a store of objects."""
    yield from _of_column(tables.picture.c.jpeg)(store, gallery, planned)
    with store.scan() as connection:
        ids = list(connection.scalars(select(picture_object.c.crop_id)))
    if planned is not None:
        ids = np.intersect1d(np.array(ids, np.int64), planned.ids).tolist()
    yield from (jpeg for _, jpeg in pictures(store, ids) if jpeg is not None)


PIECES = (
    Pieces("pictures", _pictures),
    Pieces("embeddings", _of_column(tables.embedding.c.vector)),
    Pieces("embeddings_in_log", _logged),
    Pieces("tracklet_means", _means),
    Pieces("index_codes", _codes),
    Pieces("photographs", _of_photos(photo_picture.c.data)),
    Pieces("photograph_embeddings", _of_photos(photo_embedding.c.vector)),
    Pieces("search_embeddings", _searched),
    Pieces("saved_embeddings", _saved),
)
"""What is looked for; whatever else an archive comes to keep of somebody gets a line here."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """Sequences of bytes of what is about to be erased.

    Args:
        counts: of how many pieces of each kind.
    """

    counts: Mapping[str, int]
    sequences: frozenset[bytes]


def patterns_of(store: Store, gallery: Gallery, planned: Erasure) -> Patterns:
    """Return what to look for after this was erased."""
    found: set[bytes] = set()
    counts: dict[str, int] = {}
    for kind in PIECES:
        counts[kind.name] = 0
        for value in kind.values(store, gallery, planned):
            taken = set(_sequences(value))
            found |= taken
            counts[kind.name] += bool(taken)
    return Patterns(counts, frozenset(found))


def _sequences(value: bytes) -> Iterator[bytes]:
    for place in PLACES:
        start = int(place * max(0, len(value) - LENGTH))
        taken = value[start : start + LENGTH]
        if len(taken) == LENGTH and len(set(taken)) >= LEAST_DIFFERENT:
            yield taken


def look_for(
    store: Store, gallery: Gallery, patterns: Patterns, folders: Iterable[Path]
) -> ByteSearch:
    """Look for sequences in every file of these folders, and in the tables of a server.

    What the archive still holds in other crops (a copy of the same picture) is not counted.
    """
    files = sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    )
    table = _first_bytes(patterns.sequences)
    hits: dict[str, frozenset[bytes]] = {}
    unread: list[str] = []
    size = 0
    for path in files:
        try:
            hits[location_text(str(path))] = _found_in(path, table, patterns.sequences)
            size += path.stat().st_size
        except FileNotFoundError:  # of another process, which has removed it meanwhile
            continue
        except OSError:
            unread.append(location_text(str(path)))
    read, values = len(hits), None
    if not store.in_file:
        in_tables, values = _found_in_tables(store, table, patterns.sequences)
        hits |= in_tables
    every = frozenset[bytes]().union(*hits.values())
    shared = _still_held(store, gallery, every) if every else frozenset()
    left = {place: len(some - shared) for place, some in hits.items()}
    found = {place: number for place, number in left.items() if number}
    sequences = len(patterns.sequences - shared)
    return ByteSearch(patterns.counts, sequences, read, size, values, found, tuple(unread))


def _first_bytes(sequences: frozenset[bytes]) -> NDArray[np.bool_]:
    """Return which first three bytes to look at more closely."""
    table = np.zeros(1 << 24, np.bool_)
    table[[int.from_bytes(one[:3], "little") for one in sequences]] = True
    return table


def _found_in_tables(
    store: Store, table: NDArray[np.bool_], sequences: frozenset[bytes]
) -> tuple[dict[str, frozenset[bytes]], int]:
    """Look for sequences in the long values of all tables; return where, and in how many values.

    A column that only rows of things held have is passed over: what is in it is held.
    """
    hits: dict[str, frozenset[bytes]] = {}
    values = 0
    held = {tables.picture, tables.embedding, photo_picture, photo_embedding}
    for one in metadata.sorted_tables:
        for column in one.c if sequences and one not in held else ():
            if not isinstance(column.type, JSON | Text | LargeBinary):
                continue
            found: set[bytes] = set()
            long = func.length(cast(column, Text)) >= LENGTH
            asked = column if isinstance(column.type, LargeBinary) else cast(column, Text)
            with store.scan() as connection:
                rows = select(asked).where(column.is_not(None))
                rows = rows if isinstance(column.type, LargeBinary) else rows.where(long)
                for value in connection.scalars(rows.execution_options(yield_per=100)):
                    data = value.encode() if isinstance(value, str) else value
                    found.update(_found(data, table, sequences))
                    values += 1
            hits[f"{one.name}.{column.name}"] = frozenset(found)
    return hits, values


def _found_in(
    path: Path, table: NDArray[np.bool_], sequences: frozenset[bytes]
) -> frozenset[bytes]:
    if not sequences:
        return frozenset()
    found: set[bytes] = set()
    with path.open("rb") as file:
        rest = b""
        while data := file.read(READ_AT_ONCE):
            data = rest + data
            found.update(_found(data, table, sequences))
            rest = data[-(LENGTH - 1) :]
    return frozenset(found)


def _found(data: bytes, table: NDArray[np.bool_], sequences: frozenset[bytes]) -> Iterator[bytes]:
    if len(data) < LENGTH:
        return
    values = np.frombuffer(data, np.uint8)[: len(data) - LENGTH + 3].astype(np.uint32)
    three = values[:-2] | values[1:-1] << 8 | values[2:] << 16
    for start in np.flatnonzero(table[three]).tolist():
        taken = data[start : start + LENGTH]
        if taken in sequences:
            yield taken


def _still_held(store: Store, gallery: Gallery, sequences: frozenset[bytes]) -> frozenset[bytes]:
    """Return which of these lie in what the archive holds of other crops."""
    found: set[bytes] = set()
    for kind in PIECES:
        for value in kind.values(store, gallery, None):
            found.update(one for one in sequences if one in value)
    return frozenset(found)


# -- what no bytes tell of ------------------------------------------------------------------


def rows_left(store: Store, crop_ids: Sequence[int]) -> Mapping[str, int]:
    """Return how many rows of each table belong to these crops, or are them: none, once erased."""
    counts: dict[str, int] = {}
    with store.scan() as connection:
        for table in metadata.sorted_tables:
            columns = [
                column
                for column in table.columns
                for key in column.foreign_keys
                if key.column is tables.crop.c.id
            ]
            columns += [tables.crop.c.id] if table is tables.crop else []
            if not columns:
                continue
            counts[table.name] = 0
            for column in columns:
                for part in chunks(list(crop_ids)):
                    here = select(column).where(column.in_(part))
                    counts[table.name] += len(connection.scalars(here).all())
        counts[picture_gone.name] = left(connection)  # objects that are not deleted yet
    return counts


def derived_files(
    store: Store, gallery: Gallery, crop_ids: Sequence[int]
) -> tuple[DerivedFile, ...]:
    """Return the index and the neighbour graph in force, and how many of these crops they hold.

    They name crops by numbers, which no search for bytes tells from others.
    """
    wanted = np.array(crop_ids, dtype=np.int64)
    found = []
    with gallery.busy:
        gallery.sync()
        generation, index = derived.newest_generation(store), gallery.index
        if generation is not None and index is not None:
            ids = index.ids()
            held = int(np.isin(wanted, ids).sum())
            found.append(DerivedFile("index", generation.path.name, len(ids), held))
    graph = derived.newest_graph(store)
    if graph is not None:
        ids = load_graph(graph).ids
        held = int(np.isin(wanted, ids).sum())
        found.append(DerivedFile("neighbour-graph", graph.path.name, len(ids), held))
    return tuple(found)
