"""No bytes of what was erased are left in any file, in whatever form an archive keeps it."""

from __future__ import annotations

import numpy as np
import pytest
from archives import fill, unit_rows
from tracklets import Seen, write_footage

from reidsearch.index.compact.index import CompactEngine
from reidsearch.index.factory import ENGINES
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.maintenance import residue
from reidsearch.maintenance.erase import Wanted, erase, plan
from reidsearch.store.crops.store import Store

VALUES = {one.name: one.values for one in residue.PIECES}
SMALL = CompactEngine(segment_rows=16, tail_rows=4, own_rows=3)


@pytest.fixture
def compact(monkeypatch):
    """Archives of 30 crops have a compact index of several segments."""
    monkeypatch.setattr("reidsearch.index.factory.TAKEOVER", 30)
    monkeypatch.setattr("reidsearch.index.factory.COMPACT", SMALL)
    monkeypatch.setitem(ENGINES, SMALL.kind, SMALL)
    monkeypatch.setattr(residue, "LENGTH", 16)  # of codes of 16 values
    monkeypatch.setattr(residue, "LEAST_DIFFERENT", 8)


def test_codes_of_an_erased_crop_are_in_no_file(tmp_path, compact) -> None:
    folder = tmp_path / "archive"
    fill(folder, unit_rows(60))
    with Store(folder) as store:
        gallery = Gallery(store)
        neighbours = Neighbours(store, gallery)
        with store.lock():
            gallery.rebuild()
        neighbours.keep(blocks=None)
        planned = plan(store, Wanted(crop_ids=(7, 20)))
        patterns = residue.patterns_of(store, gallery, planned)
        assert patterns.counts["index_codes"] == 2
        codes = list(VALUES["index_codes"](store, gallery, planned))
        held = {
            path for path in folder.rglob("*") if path.is_file()
            for code in codes if code in path.read_bytes()
        }  # fmt: skip
        assert {path.suffix for path in held} == {".fine"}
        before = residue.look_for(store, gallery, patterns, [folder])
        assert not before.found  # what is still held is nothing that was left
        assert residue.rows_left(store, [7, 20])["embedding"] == 2
        assert [one.erased for one in residue.derived_files(store, gallery, [7, 20])] == [2, 2]
        erase(store, gallery, planned, neighbours=neighbours)
        (folder / "index" / "left").write_bytes(b"--" + codes[1])
        after = residue.look_for(store, gallery, patterns, [folder])
        assert list(after.found) == [str(folder / "index" / "left")]
        files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
        assert not any(codes[0] in data for data in files)
        assert set(residue.rows_left(store, [7, 20]).values()) == {0}
        assert [one.erased for one in residue.derived_files(store, gallery, [7, 20])] == [0, 0]


def test_the_mean_of_a_tracklet_goes_with_any_of_its_views(tmp_path) -> None:
    folder, views = tmp_path / "archive", unit_rows(6)
    write_footage(folder, "a.mp4", "gate", [Seen(0, 5, views[:3]), Seen(6, 9, views[3:])])
    with Store(folder) as store:
        gallery = Gallery(store)
        planned = plan(store, Wanted(crop_ids=(1,)))
        patterns = residue.patterns_of(store, gallery, planned)
        assert patterns.counts["tracklet_means"] == 1
        (mean,) = VALUES["tracklet_means"](store, gallery, planned)
        database = folder / "archive.db"
        assert mean in database.read_bytes()
        erase(store, gallery, planned)
        assert mean not in database.read_bytes()
        assert np.frombuffer(mean, np.float32).shape == views[0].shape
        assert not residue.look_for(store, gallery, patterns, [folder]).found


def test_a_file_that_cannot_be_read_is_told(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "archive"
    fill(folder, unit_rows(3))

    def refuse(path, table, sequences):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(residue, "_found_in", refuse)
    with Store(folder) as store:
        patterns = residue.Patterns({}, frozenset([bytes(range(32))]))
        told = residue.look_for(store, Gallery(store), patterns, [folder])
    assert str(folder / "archive.db") in told.unread
    assert told.files == 0
