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
import json
from collections.abc import Callable

import numpy as np

from reidsearch.base import atomic, own_files
from reidsearch.base.errors import ArchiveError, absent
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.domain.adjustment import Adjustment, WhyNotAdjusted
from reidsearch.domain.answers import Recall, WhyNot
from reidsearch.domain.event_log import Event
from reidsearch.index.disk import reading, writing
from reidsearch.index.gallery import Gallery
from reidsearch.index.generations import file_sha256, require_file
from reidsearch.index.layout import mapped, require_increasing
from reidsearch.index.leftovers import UNFINISHED_GRAPH, recorded
from reidsearch.index.neighbours.graph import NEEDED, WIDTH, Graph
from reidsearch.index.neighbours.making import (
    BLOCKS_IN_A_RUN,
    BLOCKS_IN_A_SEARCH,
    Catching,
    Source,
    Way,
    usable,
    way_of,
    with_recall,
    work,
)
from reidsearch.index.recall import recall
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
            return self._graph if self._current and usable(self._graph) else None

    @property
    def why_not(self) -> WhyNot:
        """Why `graph` returned none."""
        return WhyNot.OUTDATED if usable(self._graph) else WhyNot.IMPRECISE

    @property
    def found(self) -> float:
        """Share of the true neighbours that the lists have, as measured; 1: they are exact."""
        return 1.0 if self._graph.recall is None else self._graph.recall.value

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
        self._current = self._catch_up(blocks, progress, stopped, measuring=True)
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
        self,
        blocks: int | None,
        progress: Progress,
        stopped: Callable[[], bool],
        *,
        measuring: bool = False,
    ) -> bool:
        state, index = self._gallery.state, self._gallery.index
        if state is None or state.model_id is None or index is None:
            return False
        found = self._gallery.adjustment()
        adjust = found if isinstance(found, Adjustment) else None
        self._open(state.model_id, bytes.fromhex(adjust.by.means_sha256) if adjust else None)
        ids = index.ids()
        graph = self._graph
        fresh = np.setdiff1d(ids, graph.ids, assume_unique=True)
        if len(fresh) and len(graph) and fresh[0] < graph.ids[-1]:
            graph, fresh = Graph.empty(), ids  # of another past than this archive's
        way = way_of(graph, len(fresh), len(ids), asked=blocks is None)
        if way is Way.EXACTLY and graph.recall is not None:
            graph, fresh = Graph.empty(), ids
        amount = work(way, len(fresh), len(ids))
        if blocks is not None and amount > blocks:
            return False
        if np.array_equal(ids, graph.ids):
            return True
        if way is not Way.EXACTLY and graph.recall is None and not measuring:
            return False  # of what it becomes nothing was measured, which takes longer
        if amount <= BLOCKS_IN_A_SEARCH:  # not worth telling
            progress = NO_PROGRESS
        source = Source(index, ids, adjust)
        made = Catching(source, progress, stopped, blocks).up(graph, way)
        if made is None:
            return False
        if made is not self._graph:
            self._graph, self._unwritten = made, True
        if way is not Way.EXACTLY and measuring and self._unwritten:
            self._graph = with_recall(self._graph, source)
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
    end = len(head) + file.crops * _LAYOUT.itemsize
    if data[: len(head)] != head or len(data) < end:
        raise ArchiveError(f"{name} is of another layout than this version's")
    measured = _recall_of(bytes(data[end:]), name)
    rows = np.frombuffer(data, _LAYOUT, file.crops, len(head))
    ids, least, farthest = (
        np.ascontiguousarray(rows[column]) for column in ("crop_id", "least", "farthest")
    )
    graph = Graph(ids, rows["near"], rows["score"], least, farthest, measured)
    _require_sane(graph, name)
    return graph


def _head(count: int) -> bytes:
    """Return how NumPy's file of so many rows begins."""
    head = io.BytesIO()
    described = {"descr": np.lib.format.dtype_to_descr(_LAYOUT), "fortran_order": False}
    np.lib.format.write_array_header_1_0(head, {**described, "shape": (count,)})
    return head.getvalue()


def _recall_row(found: Recall | None) -> bytes:
    """Return what follows the rows of lists that are not exact."""
    if found is None:
        return b""
    return json.dumps({"found": round(found.value * found.of), "of": found.of}).encode("ascii")


def _recall_of(row: bytes, name: str) -> Recall | None:
    """Read what follows the rows.

    Raises:
        ArchiveError: it is no recall.
    """
    if not row:
        return None
    try:
        told = json.loads(row)
        found, of = told["found"], told["of"]
        if not (type(found) is type(of) is int and 0 <= found <= of and of > 0):
            raise ValueError(told)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ArchiveError(f"{name} is of another layout than this version's") from error
    return recall(found, of, NEEDED)


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
                file.write(_recall_row(graph.recall))
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


def _never() -> bool:
    return False
