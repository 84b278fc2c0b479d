"""Compare the files that are derived from the database with what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from sqlalchemy import select

from reidsearch.base import own_files
from reidsearch.base.errors import ArchiveError
from reidsearch.base.progress import Progress, step
from reidsearch.domain.crops import CropIds, Vectors
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.reports import Finding
from reidsearch.index.adjusting_check import check_adjustment
from reidsearch.index.contract import IndexAway, IndexIncomplete
from reidsearch.index.disk import reading
from reidsearch.index.factory import CODES, choice_for, elsewhere, loader_of
from reidsearch.index.generations import is_ours, loaded, verify_file
from reidsearch.index.leftovers import is_graph_file, leftovers
from reidsearch.index.neighbours.check import check_neighbours
from reidsearch.index.recall import Measured
from reidsearch.store import tables
from reidsearch.store.crops.embeddings import embedded_ids, embedding_rows, embeddings_after
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import (
    GRAPH_FOLDER,
    INDEX_FOLDER,
    Generation,
    newest_generation,
    newest_graph,
)

NAMED_AT_MOST = 1000  # crop ids listed in one finding


def named(ids: Sequence[int]) -> tuple[int, ...]:
    """The crop ids that a finding lists."""
    return tuple(ids[:NAMED_AT_MOST])


def derived(store: Store, progress: Progress) -> Iterator[Finding]:
    """Compare files with one state of the database, until no writer replaces them meanwhile."""
    while True:
        with store.one_state():
            newest, graph = newest_generation(store), newest_graph(store)
            found = list(_index(store, newest, store.model(), progress))
            found += check_adjustment(store)
            with step(progress, "checking the neighbour graph"):
                found += check_neighbours(store)
        if not found or (newest_generation(store), newest_graph(store)) == (newest, graph):
            break
    yield from found
    yield from _strays(store, damaged=any(finding.code == "index" for finding in found))


def _index(
    store: Store, newest: Generation | None, model: ModelIdentity | None, progress: Progress
) -> Iterator[Finding]:
    yield from _foreign(store)
    if newest is None or model is None:
        return
    if not newest.odd and newest.model_id != store.state().model_id:
        return  # of the model before `reembed`: never used, and replaced by the next writer
    progress.begin("comparing index and database", newest.crops, "crops")
    try:
        if damage := _damaged(newest):
            yield Finding("index", damage, repairable=True)
            return
        with reading(newest.path):
            yield from _compare(store, newest, model, progress)
    except ArchiveError as error:
        away = isinstance(error, IndexAway) and not isinstance(error, IndexIncomplete)
        yield Finding("index", str(error), repairable=not away)
    finally:
        progress.end()


def _damaged(newest: Generation) -> str:
    """What is wrong with the file in force; empty when it is what the database says."""
    try:
        with reading(newest.path):
            verify_file(newest)
    except ArchiveError as error:
        return str(error)
    return ""


def _compare(
    store: Store, newest: Generation, model: ModelIdentity, progress: Progress
) -> Iterator[Finding]:
    """Every vector of the file against the database's own."""
    choose = choice_for(store)
    if elsewhere(newest.kind, newest.crops, choose):
        wanted = choose(newest.crops, newest.kind).kind
        text = f"{newest.path.name} is of kind {newest.kind}, the settings ask for {wanted}"
        yield Finding("engine", text, repairable=True)
    engine = loader_of(newest.kind, choose, newest.crops)
    if engine is None:  # of a server that the settings do not name any more: nothing reads it
        return

    def truth(ids: CropIds) -> tuple[CropIds, Vectors]:
        return embedding_rows(store, ids, model.dimension)

    index = loaded(newest, engine, truth, model.dimension)
    Measured.of_row(newest.recall)
    index.verify()
    held, seen = index.ids(), []
    for ids, vectors in embeddings_after(store, 0, model.dimension):
        shared = ids[np.isin(ids, held)]
        seen.append(shared)
        own = vectors[np.isin(ids, shared)]
        differing = index.differing(shared, own)
        if len(differing):
            text = f"{len(differing)} vectors in {newest.path.name} differ from the database"
            yield Finding("index", text, True, named(differing.tolist()))
        progress.advance(len(shared))
    both = np.concatenate(seen) if seen else np.empty(0, np.int64)
    with store.scan() as connection:
        erasures = connection.execute(select(tables.archive.c.erasures)).scalar_one()
    gone = np.setdiff1d(held, both)
    if len(gone) and not store.state().pending:  # else a deletion is not finished, and told so
        # Masked in every search when the deletion was counted; yet deleted means gone.
        why = "were deleted" if newest.erasures != erasures else "the database does not hold"
        text = f"{newest.path.name} holds {len(gone)} crops that {why}"
        yield Finding("index", text, True, named(gone.tolist()))
    lacking = _up_to(store, newest.last_crop_id, held)
    if len(lacking):
        text = f"{newest.path.name} lacks {len(lacking)} crops that it should hold"
        yield Finding("index", text, True, named(lacking.tolist()))


def _up_to(store: Store, last: int, held: CropIds) -> CropIds:
    return np.setdiff1d(embedded_ids(store, last), held)


def _strays(store: Store, *, damaged: bool) -> Iterator[Finding]:
    """Files of no use, unless a writer is at work: they may be its own, half written.

    Nothing tells which codes are of use to an index that is damaged.
    """
    before = leftovers(store)
    if not before or store.derives():
        return
    # A writer may have ended in between: its files are of use now, or gone.
    strays = [
        path.name
        for path in leftovers(store)
        if path in before and not (damaged and CODES.fullmatch(path.name))
    ]
    if strays and not store.derives():
        yield Finding("stray", f"unused index files: {', '.join(strays)}", repairable=True)


def _foreign(store: Store) -> Iterator[Finding]:
    """What lies where only this program writes and is none of its files: it is left alone."""
    for name, ours in ((INDEX_FOLDER, is_ours), (GRAPH_FOLDER, is_graph_file)):
        folder = store.derived(name)
        try:
            others = [
                one
                for one in own_files.names(folder)
                if not (ours(one) and own_files.is_file(folder / one))
                and not one.startswith(".")  # of the system: .nfs..., .DS_Store
            ]
        except own_files.NotOurs as error:
            yield Finding("foreign", f"{folder} {error.strerror}", repairable=False)
            continue
        if others:
            text = f"{folder} holds what reidsearch did not write, and leaves alone: "
            yield Finding("foreign", text + ", ".join(others[:10]), repairable=False)
