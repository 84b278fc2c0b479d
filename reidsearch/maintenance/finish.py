"""Finish what a committed change has left to do, whoever left it: files, graph, log.

Every step may be cut off and done again. `Archive` gives `finish` to its store, which calls it
before anything else is done under the writer lock.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from reidsearch.base.errors import ArchiveLocked, Interrupted, Kind, StorageError
from reidsearch.base.progress import NO_PROGRESS, Progress, step
from reidsearch.domain.pending import Work
from reidsearch.index.contract import IndexAway, IndexDamaged
from reidsearch.index.disk import reading
from reidsearch.index.gallery import Gallery
from reidsearch.index.generations import verify_file
from reidsearch.index.leftovers import leftovers, remove_leftovers
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.store import pending
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import newest_generation
from reidsearch.store.pictures.going import sweep


def finish(
    store: Store,
    gallery: Gallery,
    neighbours: Neighbours,
    progress: Progress = NO_PROGRESS,
) -> None:
    """Do all pending work; the caller holds the writer lock.

    What a reader still needs of the write-ahead log stays pending, and so do pictures in a store
    of objects that cannot be used just now: what else is to be done does not wait for it. Files of
    other machines are caught up there (`catch_up_node`).

    Raises:
        ArchiveLocked: one of several index runs holds the lock, and another process of this machine
            is at the files; the work stays pending.
        StorageError: it cannot be written; the work stays pending.
    """
    # Who excludes all index runs may wait; what they leave to do is none of a run's.
    with store.deriving(wait=not store.may_index()):
        _finish(store, gallery, neighbours, progress)


def _finish(store: Store, gallery: Gallery, neighbours: Neighbours, progress: Progress) -> None:
    rows = pending.pending_rows(store)
    if any(work is Work.PICTURES for _, work in rows):
        with step(progress, "deleting pictures"), contextlib.suppress(StorageError):
            sweep(store)
        rows = [(row, work) for row, work in rows if work is not Work.PICTURES]
    if not rows:
        return
    ids, works = [row for row, _ in rows], {work for _, work in rows}
    if Work.ERASURE in works:
        if _to_be_written(store):
            with step(progress, "updating the index"):
                gallery.compact(progress)
        with step(progress, "updating the neighbour graph"):
            neighbours.keep(progress)
    if not remove_leftovers(store):  # one that a reader has mapped, on some systems
        return
    if works != {Work.FILES} and not store.purge():
        pending.only_log_left(store, ids)
        return
    pending.forget(store, ids)


def catch_up_node(
    store: Store, gallery: Gallery, neighbours: Neighbours, progress: Progress = NO_PROGRESS
) -> None:
    """Take what was erased elsewhere out of this machine's files, unless somebody writes them.

    It is masked in what is loaded in any case; the files of an archive's folder are written by
    whoever erases.
    """
    if store.node is None:
        return
    newest = newest_generation(store)
    if newest is None:
        return
    if newest.erasures == store.state().erasures:
        if leftovers(store):  # of a command that was killed here
            with contextlib.suppress(ArchiveLocked, StorageError), store.deriving():
                remove_leftovers(store)
        return
    with contextlib.suppress(ArchiveLocked, StorageError, IndexAway), store.deriving():
        # The graph first: a generation of the present count of erasures says that all is done.
        neighbours.keep(progress)
        gallery.compact(progress)
        remove_leftovers(store)


def _to_be_written(store: Store) -> bool:
    """Tell whether the generation in force may hold what was erased since, or is damaged."""
    newest = newest_generation(store)
    if newest is None:
        return False
    if newest.erasures != store.state().erasures:
        return True
    try:
        with reading(newest.path):
            verify_file(newest)
    except IndexDamaged:
        # A disk that fails while a transaction is committed leaves open whether it was.
        return True
    return False


DELETION = "the deletion is committed but not finished: index files may hold deleted embeddings"
EARLIER = "what an earlier command has left to do is not finished, and nothing else was done"


@contextlib.contextmanager
def told_as_unfinished(store: Store, left: str = DELETION) -> Iterator[None]:
    """Say of work that is cut off what is committed and what is left to do.

    Raises:
        StorageError, Interrupted: in place of what cut it off.
    """
    kind, archive = Kind.DELETION_UNFINISHED, store.location
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(f"stopped; {left}", kind=kind, archive=archive) from error
    except StorageError as error:
        said = f"{error.message} ({error.hint})" if error.hint else error.message
        raise StorageError(f"{said}; {left}", kind=kind, archive=archive) from error
    except IndexAway as error:
        raise StorageError(f"{error.message}; {left}", kind=kind, archive=archive) from error
