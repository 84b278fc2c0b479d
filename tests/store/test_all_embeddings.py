"""Reading all embeddings: past the views, and proven all the same."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from archives import MODEL, make_empty, new_crop, unit_rows

from reidsearch.base.errors import ArchiveError
from reidsearch.store.crops.embeddings import embeddings_after
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import open_writer


@pytest.mark.parametrize("damage", ["zeroblob(1024)", "'text'"])
def test_a_damaged_embedding_is_refused(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "archive"
    make_empty(folder)
    with Store(folder) as store, open_writer(store, MODEL) as writer:
        writer.begin_run(request="x", command="", version="0", runtime="none")
        writer.commit([new_crop(number, row) for number, row in enumerate(unit_rows(3))])
        dimension = MODEL.dimension
        ((ids, _),) = embeddings_after(store, 0, dimension)
        assert ids.tolist() == [1, 2, 3]
    with sqlite3.connect(folder / "archive.db") as connection:
        connection.execute(f"UPDATE embedding SET vector = {damage} WHERE crop_id = 2")
    with Store(folder) as store, pytest.raises(ArchiveError, match="crop_id 2"):
        list(embeddings_after(store, 0, dimension))
