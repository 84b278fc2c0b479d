"""The neighbour graph of an open archive: derived, verified on opening, caught up with the index.

Its file `neighbours/graph-N.npy` is described by a row of the `neighbours` table (size, SHA-256).
It is of camera-adjusted scores where the archive's are, and the row says by which means: when these
are made anew, so is the graph. Which crops it holds stands in the file; what the index has more is
added, what it has less is taken out, so it cannot drift apart from the archive. A file that is
missing or altered is left alone and made anew. Searching does without where catching up would take
too long.
"""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Callable

import numpy as np

from reidsearch.base import atomic, own_files
from reidsearch.base.errors import ArchiveError, absent
from reidsearch.base.progress import NO_PROGRESS, Progress, parts, step
from reidsearch.domain.adjustment import Adjustment, WhyNotAdjusted
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.domain.event_log import Event
from reidsearch.index.contract import VectorIndex
from reidsearch.index.disk import reading, writing
from reidsearch.index.gallery import Gallery
from reidsearch.index.generations import file_sha256, require_file
from reidsearch.index.layout import mapped, require_increasing
from reidsearch.index.leftovers import UNFINISHED_GRAPH, recorded
from reidsearch.index.neighbours.graph import BLOCK, WIDTH, Graph, extended, without, work_of
from reidsearch.index.scan import NOTHING
from reidsearch.store.crops.state import State
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import (
    GRAPH_FOLDER,
    Contents,
    GraphFile,
    announce_graph,
    forget_graph,
    graph_name,
    newest_graph,
)
from reidsearch.store.log_reading import record

# Blocks of 1024 x 1024 products; about 10 ms of a core each (benchmarks/neighbours.py).
BLOCKS_IN_A_SEARCH = 100
"""Worth catching up before a search: 10 000 crops from nothing, 1000 more among 100 000. About a
second."""
BLOCKS_IN_A_RUN = 10_000
"""Worth catching up at the end of an index run: 100 000 crops from nothing, about a minute where
embedding them takes a quarter of an hour."""

READ_AT_ONCE = 8192

_LAYOUT = np.dtype(
    [
        ("crop_id", "<i8"),
        ("near", "<i4", (WIDTH,)),
        ("score", "<f4", (WIDTH,)),
        ("least", "<f4"),
        ("farthest", "<i4"),
    ]
)


class Neighbours:
    """The graph of the crops that a gallery's index holds, kept from one search to the next.

    Threads may share it, as they may share the gallery; searches wait while it is brought up to
    date.

    Args:
        blocks: how much work it may be to catch up before a search; None: `BLOCKS_IN_A_SEARCH`.
    """

    def __init__(self, store: Store, gallery: Gallery, blocks: int | None = None) -> None:
        self._store, self._gallery, self._blocks = store, gallery, blocks
        self._graph = Graph.empty()
        self._model_id: int | None = None
        self._adjusted_by: bytes | None = None
        self._file: GraphFile | None = None  # that the graph came from
        self._unwritten = False  # the graph is no longer the file's
        self._asked: State | None = None  # the last state that was caught up with, or given up on
        self._current = False

    def graph(self) -> Graph | None:
        """Return the graph of all that the gallery holds since its last `sync`.

        Returns:
            None when catching up would take too long for a search; `keep` makes up for it.
        """
        with self._gallery.busy:
            if self._gallery.state != self._asked:
                self._asked = self._gallery.state
                blocks = BLOCKS_IN_A_SEARCH if self._blocks is None else self._blocks
                self._current = self._catch_up(blocks, NO_PROGRESS, _never)
            return self._graph if self._current else None

    def keep(
        self,
        progress: Progress = NO_PROGRESS,
        *,
        blocks: int | None = BLOCKS_IN_A_RUN,
        stopped: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Catch up with the gallery, and write the graph if it has changed.

        Args:
            blocks: how much work it may be; None: whatever it takes.
            stopped: asked between blocks; nothing is written then.

        Returns:
            Whether the graph holds all that the gallery holds.

        Raises:
            ArchiveLocked: another process writes these files.
            StorageError: it cannot be written.
        """
        with self._gallery.busy:
            return self._keep(progress, blocks, stopped)

    def _keep(
        self,
        progress: Progress,
        blocks: int | None,
        stopped: Callable[[], bool],
    ) -> bool:
        self._gallery.sync(progress)
        if len(self._gallery) and self._gallery.adjustment() is WhyNotAdjusted.NOT_PREPARED:
            with self._store.deriving():
                self._gallery.compact(progress)
            self._gallery.sync(progress)
        self._asked = self._gallery.state
        self._current = self._catch_up(blocks, progress, stopped)
        if self._current and self._unwritten and self._model_id is not None:
            with self._store.deriving():
                self._file = _write(
                    self._store,
                    self._graph,
                    self._model_id,
                    self._adjusted_by,
                    asked=blocks is None,  # else it is part of a run
                )
            self._unwritten = False
        elif self._current and self._file and blocks is None:  # it was all there already
            record(self._store, Event.PREPARE_RERANKING, {"crops": len(self._graph)})
        elif not (self._current and self._file) and not stopped() and newest_graph(self._store):
            # What was not read may hold what was deleted, and deleted means gone.
            with self._store.deriving():
                forget(self._store)
            self._file = None
        return self._current

    def _catch_up(
        self, blocks: int | None, progress: Progress, stopped: Callable[[], bool]
    ) -> bool:
        state, index = self._gallery.state, self._gallery.index
        if state is None or state.model_id is None or index is None:
            return False
        found = self._gallery.adjustment()
        adjust = found if isinstance(found, Adjustment) else None
        self._open(state.model_id, bytes.fromhex(adjust.by.means_sha256) if adjust else None)
        ids = index.ids()
        fresh = np.setdiff1d(ids, self._graph.ids, assume_unique=True)
        if len(fresh) and len(self._graph) and fresh[0] < self._graph.ids[-1]:
            self._graph, fresh = Graph.empty(), ids  # of another past than this archive's
        gone = np.setdiff1d(self._graph.ids, ids, assume_unique=True)
        work = _blocks(len(fresh)) * _blocks(len(ids))
        if blocks is not None and work > blocks:
            return False
        if work <= BLOCKS_IN_A_SEARCH:  # not worth telling
            progress = NO_PROGRESS
        # Reading, mending and writing take as long as some blocks of rows for every row.
        weights = [_blocks(len(ids)), _blocks(len(ids)), work]
        with parts(progress, "finding neighbours", weights, "blocks") as whole:
            vectors = _ReadOnce(index, ids, adjust, whole)
            if len(fresh):
                vectors.read()
            with step(whole, "removing what was deleted"):
                kept = without(self._graph, gone, vectors, _either(stopped, blocks))
            if kept is not None and len(fresh):
                whole.begin(
                    "comparing new crops with all", work_of(len(kept), len(fresh)), "blocks"
                )
                kept = extended(kept, fresh, vectors, whole, stopped)
                whole.end()
        if kept is None:
            return False
        self._unwritten |= bool(len(fresh) or len(gone))
        self._graph = kept
        return True

    def _open(self, model_id: int, adjusted_by: bytes | None) -> None:
        """Read the newest file, unless it is read already or another process's holds less."""
        if (self._model_id, self._adjusted_by) != (model_id, adjusted_by):
            self._graph, self._file = Graph.empty(), None
            self._model_id, self._adjusted_by = model_id, adjusted_by
        newest = newest_graph(self._store)
        if newest is None or newest == self._file or newest.model_id != model_id:
            return
        if newest.adjusted_by != adjusted_by:
            return
        if newest.crops < len(self._graph):
            return
        # One that is missing, as in a restored backup, or altered is made anew.
        with contextlib.suppress(ArchiveError, OSError):
            self._graph, self._file, self._unwritten = load(newest), newest, False


class _ReadOnce:
    """An index's vectors, all read at the first call: an index may have them from the database.

    They are adjusted where scores are.
    """

    def __init__(
        self, index: VectorIndex, ids: CropIds, adjust: Adjustment | None, progress: Progress
    ) -> None:
        self._index, self._ids, self._adjust, self._progress = index, ids, adjust, progress
        self._matrix: Vectors | None = None

    def __call__(self, ids: CropIds) -> Vectors:
        """(n, d) float32 of (n,) stored ids."""
        return self.read()[np.searchsorted(self._ids, ids)]

    def read(self) -> Vectors:
        """Return all of them, read at the first call."""
        if self._matrix is None:
            read = []
            self._progress.begin("reading embeddings", len(self._ids), "crops")
            for start in range(0, len(self._ids), READ_AT_ONCE):
                part = self._ids[start : start + READ_AT_ONCE]
                vectors = self._index.vectors(part)
                read.append(self._adjust.vectors(part, vectors) if self._adjust else vectors)
                self._progress.advance(len(read[-1]))
            self._progress.end()
            self._matrix = np.concatenate(read)
        return self._matrix


def load(file: GraphFile) -> Graph:
    """Map a graph file, once it is verified to be what the database says.

    Raises:
        ArchiveError: missing, of another size, altered, or no graph.
    """
    name = file.path.name
    if file.odd:
        raise ArchiveError(f"the row that describes the neighbour graph is damaged: {file.odd}")
    with reading(file.path):
        require_file(file.path, file.size_bytes, file.sha256)
        data, head = mapped(file.path), _head(file.crops)
    if data[: len(head)] != head or len(data) != len(head) + file.crops * _LAYOUT.itemsize:
        raise ArchiveError(f"{name} is of another layout than this version's")
    rows = np.frombuffer(data, _LAYOUT, file.crops, len(head))
    ids, least, farthest = (
        np.ascontiguousarray(rows[column]) for column in ("crop_id", "least", "farthest")
    )
    graph = Graph(ids, rows["near"], rows["score"], least, farthest)
    _require_sane(graph, name)
    return graph


def _head(count: int) -> bytes:
    """Return how NumPy's file of so many rows begins."""
    head = io.BytesIO()
    described = {"descr": np.lib.format.dtype_to_descr(_LAYOUT), "fortran_order": False}
    np.lib.format.write_array_header_1_0(head, {**described, "shape": (count,)})
    return head.getvalue()


def _require_sane(graph: Graph, name: str) -> None:
    """Refuse a graph whose rows point outside it: a fitting checksum does not say that it is sane.

    Raises:
        ArchiveError: they do.
    """
    require_increasing(graph.ids, name)
    for start in range(0, len(graph), READ_AT_ONCE):
        part = slice(start, start + READ_AT_ONCE)
        near, scores, farthest = graph.near[part], graph.scores[part], graph.farthest[part]
        if (
            near.min() < NOTHING
            or near.max() >= len(graph)
            or farthest.min() < NOTHING
            or farthest.max() >= len(graph)
            or np.isnan(scores).any()
            or np.isnan(graph.least[part]).any()
        ):
            raise ArchiveError(f"{name} holds rows that point to no crop")


def _write(
    store: Store, graph: Graph, model_id: int, adjusted_by: bytes | None, *, asked: bool
) -> GraphFile:
    """Write, sync, rename, announce, and remove older files. The caller may write them."""
    folder = store.derived(GRAPH_FOLDER)
    fresh = folder / UNFINISHED_GRAPH
    rows = np.empty(len(graph), dtype=_LAYOUT)
    rows["crop_id"], rows["near"], rows["score"] = graph.ids, graph.near, graph.scores
    rows["least"], rows["farthest"] = graph.least, graph.farthest

    def publish(number: int) -> str:
        path = folder / graph_name(number)
        with writing(path):
            own_files.rename(fresh, path)
        return path.name

    with recorded(store):
        with writing(fresh):
            own_files.make_folder(folder)
            own_files.remove(fresh)  # a killed writer's
            with own_files.create(fresh) as file:
                np.save(file, rows, allow_pickle=False)
            atomic.sync(fresh)  # before the transaction: it may take long
            contents = Contents(model_id, fresh.stat().st_size, file_sha256(fresh), len(graph))
        announce_graph(store, contents, publish, adjusted_by, asked=asked)
    written = newest_graph(store)
    if written is None:
        raise absent("the neighbour graph that was written")
    return written


def forget(store: Store) -> None:
    """Remove the graph; the caller may write these files."""
    with recorded(store):
        forget_graph(store)


def _blocks(rows: int) -> int:
    return -(-rows // BLOCK)


def _never() -> bool:
    return False


def _either(stopped: Callable[[], bool], blocks: int | None) -> Callable[[], bool]:
    """Stopped, or asked more often than there are blocks to spend."""
    spent = itertools.count()
    return lambda: stopped() or (blocks is not None and next(spent) >= blocks)
