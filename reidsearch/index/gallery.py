"""The index of an open archive: loaded if it can be verified, caught up, rebuilt if it cannot.

What the newest generation lacks is added from the database, what was erased is masked, so index
and database cannot drift apart; a file that is missing, truncated or altered is not trusted but
rebuilt, without the model.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.errors import ArchiveError, ArchiveLocked, StorageError, absent
from reidsearch.base.progress import NO_PROGRESS, Progress, step
from reidsearch.domain.adjustment import Adjustment, WhyNotAdjusted
from reidsearch.index.confirmed import Confirmed, confirm
from reidsearch.index.contract import (
    Hits,
    IndexAway,
    IndexDamaged,
    IndexIncomplete,
    VectorIndex,
    no_hits,
)
from reidsearch.index.factory import (
    ENGINES,
    TAKEOVER,
    Choose,
    choice_for,
    elsewhere,
    on_server,
)
from reidsearch.index.generations import index_folder, lacks_much, write_generation
from reidsearch.index.in_memory import IndexInMemory
from reidsearch.index.leftovers import recorded
from reidsearch.index.recall import Measured, measure
from reidsearch.store.derived import Generation, newest_generation

if TYPE_CHECKING:
    from reidsearch.domain.answers import Plan, Recall
    from reidsearch.domain.crops import CropIds, Vectors
    from reidsearch.store.crops.state import State
    from reidsearch.store.crops.store import Store


class Gallery(IndexInMemory):
    """All embeddings of an archive, searchable; always equal to the database.

    Threads may share it: each method takes `busy`, so that the index is not changed while another
    thread searches it. Hold `busy` over several calls that must see the same index.

    Args:
        choose: the engine; None: what the archive's settings say.
    """

    def __init__(self, store: Store, choose: Choose | None = None) -> None:
        super().__init__(store, choose or choice_for(store))
        self._state: State | None = None
        self.busy = threading.RLock()
        self._warnings: list[str] = []

    @property
    def warnings(self) -> list[str]:
        """What whoever reads an answer has to know of the index."""
        now = self._index.warning if self._index is not None else ""
        return [*self._warnings, *([now] if now else [])]

    @property
    def state(self) -> State | None:
        """Where the archive stood at the last `sync`; the index has all of it."""
        return self._state

    def recall(self, k: int, *, adjusted: bool = False) -> Recall | None:
        """Return what was measured of answers that are not proven; None: nothing was."""
        measured = self._measured
        return measured.at(k) if measured and measured.adjusted == adjusted else None

    def adjustment(self) -> Adjustment | WhyNotAdjusted:
        """Return how scores are adjusted for the cameras since the last `sync`, or why not."""
        with self.busy:
            if self._index is None or self._state is None:
                return WhyNotAdjusted.NOT_PREPARED
            return self._adjusting.of(self._index, self._state, self._dimension())

    def sync(self, progress: Progress = NO_PROGRESS) -> None:
        """Load the newest generation, then take in whatever the database has more or less.

        Costs one small read when nothing changed. A damaged index file is rebuilt, and written
        anew if nobody else is writing; `warnings` tells of it.
        """
        with self.busy:
            self._truth.forget()  # each answer rests on rows that were verified for it
            self._sync(progress, None)

    def _sync(self, progress: Progress, folder: Path | None) -> None:
        state = self._store.state()
        if state == self._state or state.model_id is None:
            self._state = state
            return
        self._truth.forget()
        newest = newest_generation(self._store)
        if (
            self._index is None
            or self._state is None
            or self._state.model_id != state.model_id
            or (newest is not None and newest.number != self.generation)
        ):
            self._load(newest, state, progress, folder)
        elif self._state.erasures != state.erasures:
            self._mask_erased(self._last_id())
        self._catch_up(progress)
        self._state = state

    # -- searching --------------------------------------------------------------------------

    def plan(self, k: int, allowed: CropIds | None = None, *, exact: bool = False) -> Plan | None:
        """Return how `search` will go; None while the archive has no model."""
        with self.busy:
            return self._index.plan(k, allowed, exact=exact) if self._index is not None else None

    def search(
        self,
        query: Vectors,
        k: int,
        allowed: CropIds | None = None,
        *,
        exact: bool = False,
        adjust: Adjustment | None = None,
    ) -> Confirmed:
        """Find the k best, each checked against the database's own embedding.

        Args:
            query: (d,) float32 of unit length; adjusted where scores are to be.
            allowed: increasing crop ids, None for all.
            exact: prove that no better ones are stored.
            adjust: of the same state; None: scores are inner products.

        Raises:
            ArchiveError: the index gives a score that the database does not confirm.
        """
        hits = self.hits_many(query[None], k, allowed, exact=exact, adjust=adjust)
        return self.confirmed(query[None], hits, adjust)[0]

    def hits_many(
        self,
        queries: Vectors,
        k: int,
        allowed: CropIds | None = None,
        *,
        exact: bool = False,
        adjust: Adjustment | None = None,
    ) -> list[Hits]:
        """Find hits for each row of (n, d) queries, not yet `confirmed`."""

        def ask(index: VectorIndex) -> list[Hits]:
            if len(queries) == 1:
                return [index.search(queries[0], k, allowed, exact=exact, adjust=adjust)]
            return index.search_many(queries, k, allowed, exact=exact, adjust=adjust)

        with self.busy:
            if self._index is None:
                return [no_hits()] * len(queries)
            try:
                return ask(self._index)
            except IndexDamaged as error:  # found out only now: what is not read is not verified
                self._replace(error)
            except IndexIncomplete:  # somebody may have erased since the last `sync`
                if self._store.state() == self._state:
                    raise
                self._sync(NO_PROGRESS, None)
            return ask(self._index)

    def above(
        self,
        query: Vectors,
        least: float,
        allowed: CropIds | None = None,
        adjust: Adjustment | None = None,
    ) -> Iterator[Confirmed]:
        """Yield everything that scores `least` or more, exactly, best first, in parts.

        Raises:
            ArchiveError: as for `search`.
        """
        with self.busy:
            if self._index is None:
                return
            try:
                self._index.verify()
            except IndexDamaged as error:
                self._replace(error)
            except IndexAway:  # told when the parts are made, or done without
                self._sync(NO_PROGRESS, None)
            parts = self._index.above(query, least, allowed, adjust=adjust)
        while True:
            with self.busy:  # not while the caller looks at what was found
                hits = next(parts, None)
            if hits is None:
                return
            yield from self.confirmed(query[None], [hits], adjust)

    def confirmed(
        self, queries: Vectors, found: Sequence[Hits], adjust: Adjustment | None = None
    ) -> list[Confirmed]:
        """See `confirm`."""
        return confirm(self._store, self._state, self._truth, queries, found, adjust)

    # -- generations ------------------------------------------------------------------------

    def needs_compaction(self) -> bool:
        """Tell whether the newest generation lacks so much that writing another pays.

        Camera means that ought to be taken anew are written with it.
        """
        newest, state = newest_generation(self._store), self._store.state()
        if newest is None:
            return state.last_crop_id > 0
        if lacks_much(newest, state) or elsewhere(newest.kind, newest.crops, self._choose):
            return True
        model = self._store.model()
        return model is not None and self._adjusting.stale(state, model.dimension)

    def compact(self, progress: Progress = NO_PROGRESS) -> None:
        """Take everything in and write a generation.

        Raises:
            ArchiveLocked: another process writes the archive whose folder the files are in.
        """
        if self._store.state().model_id is None:
            return
        with self._store.deriving(wait=True), self.busy, recorded(self._store):
            self._sync(progress, index_folder(self._store))
            self._persist(progress)

    def rebuild(self, progress: Progress = NO_PROGRESS) -> None:
        """Build a new generation from the database alone. Raises as `compact`.

        Whatever is kept outside of the archive's files is dropped before.
        """
        if self._store.state().model_id is None:
            return
        with self._store.deriving(wait=True), self.busy, recorded(self._store):
            engine = self._choose(0, None)
            with self._uploading(engine.kind):
                engine.clear()
            self._rebuild(progress)

    def _rebuild(self, progress: Progress) -> None:
        state = self._store.state()
        self.model = self._store.model()
        self._begin(None, index_folder(self._store))
        self._adjusting.begin_taking(state, self._dimension())
        self._catch_up(progress)
        self._state = state
        with step(progress, "writing the index"):
            self._write(None)

    def persist(self, progress: Progress = NO_PROGRESS) -> None:
        """Write the index as the next generation. Raises as `compact`.

        It is built anew where its size asks for another kind, or its codes were trained from a
        small part of what it holds now. A crash at any point leaves the old generation in force.
        """
        if self._index is not None:
            with self._store.deriving(wait=True), recorded(self._store):
                self._persist(progress)

    def _persist(self, progress: Progress) -> None:
        if self._index is None or self._state is None or self._state.model_id is None:
            return
        if self._choose(len(self), self._index.kind).kind != self._index.kind or (
            self._index.needs_rebuild()
        ):
            self._rebuild(progress)
        else:
            with step(progress, "writing the index"):
                self._write(self._measured)

    def _write(self, measured: Measured | None) -> None:
        if self._index is None or self._state is None:
            raise absent("the index")
        adjust = self._kept_adjustment(self._index, self._state)
        if measured is None or not measured.holds_for(len(self), adjusted=adjust is not None):
            measured = measure(self._index, adjust)
        self._measured = measured
        row = measured.to_row() if measured else None
        last = self._last_id()
        with self._uploading(self._index.kind):
            self.generation = write_generation(self._store, self._index, self._state, last, row)

    def _uploading(self, kind: str) -> AbstractContextManager[None]:
        """Let machines that share a server change one after the other what it has."""
        return self._store.uploading() if on_server(kind) else nullcontext()

    def _kept_adjustment(self, index: VectorIndex, state: State) -> Adjustment | None:
        """Write how scores are adjusted from now on; None: they are not."""
        self._adjusting.keep(index, state, self._dimension())
        self._state = replace(state, adjustment=self._store.state().adjustment)
        found = self._adjusting.of(index, self._state, self._dimension())
        return found if isinstance(found, Adjustment) else None

    def _load(
        self, newest: Generation | None, state: State, progress: Progress, folder: Path | None
    ) -> None:
        self._truth.forget()  # it may be another model
        self.model = self._store.model()
        kind = newest.kind if newest else None
        if newest is None or (not newest.odd and self._is_of_no_use(newest, state)):
            self._begin(kind, folder)
            if folder is not None:  # it will be written
                self._adjusting.begin_taking(state, self._dimension())
            return
        try:
            self._read(newest, folder)
        except ArchiveError as error:
            again = newest_generation(self._store)
            if again != newest:  # a writer replaced it meanwhile
                self._load(again, state, progress, folder)
            else:
                self._restore(state, error, progress)
            return
        if newest.erasures != state.erasures:
            self._mask_erased(newest.last_crop_id)

    def _is_of_no_use(self, newest: Generation, state: State) -> bool:
        """Whether it is another model's, or lacks most of the archive and another kind is due."""
        if newest.model_id != state.model_id:
            return True
        engine = self._choose(state.last_crop_id, newest.kind)
        if elsewhere(newest.kind, newest.crops, self._choose):  # files serve until it is there
            return newest.kind not in ENGINES
        lacking = state.last_crop_id - newest.last_crop_id
        return engine.kind != newest.kind and lacking > max(TAKEOVER, newest.crops)

    def _restore(self, state: State, cause: Exception, progress: Progress) -> None:
        """From the database; kept in memory only where the file cannot be replaced."""
        said = f"the index file was not usable ({cause}); it was rebuilt from the database"
        try:
            with self._store.deriving(), recorded(self._store):
                self._rebuild(progress)
        except (ArchiveLocked, StorageError, OSError):
            self._begin(None, None)
            self._catch_up(progress)
            said += ", in memory only: another process writes the archive, or it takes no files"
        self._state = state
        self._warnings.append(said)

    def _replace(self, cause: IndexDamaged) -> None:
        """Rebuild what turned out to be damaged, unless a writer has replaced it already."""
        state, newest = self._store.state(), newest_generation(self._store)
        if newest is not None and newest.number != self.generation:
            self._load(newest, state, NO_PROGRESS, None)
        else:
            self._restore(state, cause, NO_PROGRESS)
        self._catch_up(NO_PROGRESS)
        self._state = state
