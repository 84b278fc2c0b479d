"""Files in the folders of index and neighbour graph that are of no use, and their removal.

Whoever writes such files records it first (`recorded`): a killed writer leaves a row, so that
everybody knows of its half-written files, and the next writer removes them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from reidsearch.base import own_files
from reidsearch.base.errors import StorageError
from reidsearch.index.generations import files_of, is_ours
from reidsearch.store import pending
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import (
    GRAPH_FOLDER,
    GRAPH_NAME,
    INDEX_FOLDER,
    newest_generation,
    newest_graph,
)

UNFINISHED_GRAPH = "graph.partial"


@contextlib.contextmanager
def recorded(store: Store) -> Iterator[None]:
    """Write files of index or graph, and remove what is of no use then, also after an error.

    The caller may write them (`Store.deriving`).
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
    """Return the files of no use in both folders, of those that are written here."""
    newest, graph = newest_generation(store), newest_graph(store)
    return [
        *_others(store.derived(INDEX_FOLDER), files_of(newest), is_ours),
        *_others(store.derived(GRAPH_FOLDER), {graph.path.name} if graph else set(), is_graph_file),
    ]


def remove_leftovers(store: Store) -> bool:
    """Unlink them; tell whether none is left. The caller may write them (`Store.deriving`)."""
    for path in leftovers(store):
        with contextlib.suppress(OSError):  # still mapped by a reader on some systems
            own_files.remove(path)
    return not leftovers(store)


def is_graph_file(name: str) -> bool:
    """Tell whether a file in the graph's folder is one of those that are written here."""
    return name == UNFINISHED_GRAPH or GRAPH_NAME.fullmatch(name) is not None


def _others(folder: Path, wanted: set[str], ours: Callable[[str], bool]) -> list[Path]:
    try:
        return sorted(
            folder / name
            for name in own_files.names(folder)
            if ours(name) and name not in wanted and own_files.is_file(folder / name)
        )
    except own_files.NotOurs:  # `check` tells of it: nothing in it is read or removed
        return []
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error.strerror}") from error
