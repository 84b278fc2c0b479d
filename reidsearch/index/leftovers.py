"""Files in the folders of index and neighbour graph that are of no use, and their removal.

Whoever writes such files records it first (`recorded`): a killed writer leaves a row, so that
everybody knows of its half-written files, and the next writer removes them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from reidsearch.base.errors import StorageError
from reidsearch.index.generations import files_of
from reidsearch.store import pending
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import GRAPH_FOLDER, INDEX_FOLDER, newest_generation, newest_graph


@contextlib.contextmanager
def recorded(store: Store) -> Iterator[None]:
    """Write files of index or graph, and remove what is of no use then, also after an error.

    The caller holds the writer lock.
    """
    row = pending.record_files(store)
    try:
        yield
    finally:
        # Where that fails, the row stays, and the next writer tries again.
        with contextlib.suppress(StorageError):
            if remove_leftovers(store):
                pending.forget(store, [row])


def leftovers(store: Store) -> list[Path]:
    """Return the files of no use in both folders."""
    newest, graph = newest_generation(store), newest_graph(store)
    return [
        *_others(store.derived(INDEX_FOLDER), files_of(newest)),
        *_others(store.derived(GRAPH_FOLDER), {graph.path.name} if graph else set()),
    ]


def remove_leftovers(store: Store) -> bool:
    """Unlink them; tell whether none is left. The caller holds the writer lock."""
    for path in leftovers(store):
        with contextlib.suppress(OSError):  # still mapped by a reader on some systems
            path.unlink()
    return not leftovers(store)


def _others(folder: Path, wanted: set[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    try:
        return sorted(path for path in folder.iterdir() if path.name not in wanted)
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error.strerror}") from error
