"""What is written: once, whole, under ids that are never used again, by one process at a time."""

from __future__ import annotations

import getpass
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from archives import MODEL, NOON, contents, fill, make_empty, new_crop, read_only, sql, unit_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from reidsearch.base import atomic
from reidsearch.base.boxes import Box
from reidsearch.base.errors import (
    ArchiveError,
    ArchiveLocked,
    ModelError,
    Reason,
    Refused,
    StorageError,
)
from reidsearch.domain.crops import Facts, Rejected
from reidsearch.domain.footage import SourceFacts, VideoInfo
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.steps import AlreadyStored, Effect, SourceFile
from reidsearch.output.hints import advice
from reidsearch.store.crops.embeddings import embedded_ids, embeddings_of
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import open_writer
from reidsearch.store.database.lock import is_locked, writer_lock
from reidsearch.store.footage.writer import FootageWriter

VECTORS = unit_rows(10)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "archive"
    make_empty(made)
    return made


@pytest.fixture
def writer(folder):
    with Store(folder) as store, open_writer(store, MODEL) as made:
        made.begin_run(request="r", command="c", version="0", runtime="none")
        yield made


HOLD = """
import sys, time
from pathlib import Path
from reidsearch.store.database.lock import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.full
def test_a_second_writer_is_told_who_writes_and_is_let_in_when_that_one_is_killed(folder):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(ArchiveLocked) as refused, writer_lock(folder):
                pass
            for told in (str(folder), str(holder.pid), getpass.getuser(), socket.gethostname()):
                assert told in refused.value.message
            assert re.search(r"since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(-c ", refused.value.message)
            assert is_locked(folder)
            with Store(folder) as store:
                assert store.model() is None  # readers work meanwhile
        finally:
            os.kill(holder.pid, signal.SIGKILL)
    fill(folder, VECTORS[:1])
    assert not is_locked(folder)
    assert not (folder / "writer.json").exists()


@pytest.mark.full
def test_a_lock_whose_note_is_unreadable_still_holds(folder):
    with writer_lock(folder):
        (folder / "writer.json").write_text('{"pid"')
        with pytest.raises(ArchiveLocked, match="another process"), writer_lock(folder):
            pass


def test_a_folder_that_cannot_be_written_is_told(folder):
    with (
        read_only(folder),
        pytest.raises(StorageError, match="archive cannot be written"),
        writer_lock(folder),
    ):
        pass


with (
    tempfile.TemporaryDirectory() as _folder,
    atomic.scratch_folder(Path(_folder) / "archive.db") as _made,
):
    HALF_MADE = _made.name


@pytest.mark.full
@pytest.mark.parametrize("left", [["writer.lock"], ["writer.lock", "writer.json", f"{HALF_MADE}/"]])
def test_what_a_process_killed_while_making_the_archive_left_is_no_obstacle(tmp_path, left):
    folder = tmp_path / "archive"
    folder.mkdir()
    for name in left:
        if name.endswith("/"):
            (folder / name).mkdir()
            (folder / name / "archive.db").write_bytes(b"half a database")
        else:
            (folder / name).touch()
    Store.create(folder)
    with Store(folder) as store:
        assert store.state().last_crop_id == 0
    assert sorted(path.name for path in folder.iterdir()) == ["archive.db", "writer.lock"]


@pytest.mark.full
def test_making_an_archive_that_another_process_just_made_keeps_it(folder):
    fill(folder, VECTORS[:2])
    before = contents(folder)
    Store.create(folder)
    assert contents(folder) == before


@pytest.mark.parametrize("file", ["photo.jpg", ".hidden"])
def test_a_folder_of_something_else_is_not_made_an_archive(tmp_path, file):
    (tmp_path / file).touch()
    with pytest.raises(ArchiveError, match="is not an archive"):
        Store.create(tmp_path)
    with pytest.raises(ArchiveError, match="is not an archive"):
        Store.create(tmp_path / file)
    assert list(tmp_path.iterdir()) == [tmp_path / file]


@pytest.mark.full
def test_an_archive_is_readable_by_its_owner_alone(tmp_path):
    folder = tmp_path / "archive"
    Store.create(folder)
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.full
def test_another_model_is_refused_by_name_with_the_command_that_helps(folder):
    fill(folder, VECTORS[:1])
    other = ModelIdentity("other", "FP16", "cd" * 48, "none/1", 16)
    with Store(folder) as store, pytest.raises(ModelError) as refused, open_writer(store, other):
        pass
    assert "drawn FP32" in refused.value.message
    assert "other FP16" in refused.value.message
    assert f"reidsearch reembed --model other -a {folder}" in advice(refused.value)


@pytest.mark.full
def test_ids_are_never_used_again(folder):
    assert fill(folder, VECTORS[:3]).tolist() == [1, 2, 3]
    sql(folder, "DELETE FROM crop")
    sql(folder, "DELETE FROM source")
    assert fill(folder, VECTORS[:3]).tolist() == [4, 5, 6]
    assert sql(folder, "SELECT id FROM source ORDER BY id") == [(4,), (5,), (6,)]


@pytest.mark.full
def test_the_same_source_and_box_in_one_batch_is_one_crop_at_two_places(folder, writer):
    done = writer.commit(
        [
            new_crop(1, VECTORS[0], location="a.jpg"),
            new_crop(1, VECTORS[0], location="b.jpg"),
            new_crop(2, VECTORS[1], location="c.jpg"),
        ]
    )
    assert (done.indexed, done.duplicates) == (2, 1)
    done = writer.commit([new_crop(1, VECTORS[0], location="d.jpg")])
    assert (done.indexed, done.duplicates) == (0, 1)
    rows = sql(folder, "SELECT text, crop_id, own FROM location ORDER BY text")
    assert rows == [("a.jpg", 1, 1), ("b.jpg", 1, 0), ("c.jpg", 2, 1), ("d.jpg", 1, 0)]


def test_two_boxes_of_one_source_are_two_crops(folder, writer):
    from dataclasses import replace

    first = new_crop(1, VECTORS[0])
    second = replace(first, box=Box(0, 0, 8, 16), input=replace(first.input, box=Box(0, 0, 8, 16)))
    assert writer.commit([first, second]).indexed == 2
    assert sql(folder, "SELECT count(*) FROM source") == [(1,)]


def test_corrected_facts_replace_the_old_ones_and_what_is_not_told_stays(folder, writer):
    crop = new_crop(1, VECTORS[0], Facts("gate", NOON, "p1", {"note": "a"}))
    writer.commit([crop])
    corrected = new_crop(1, VECTORS[0], Facts("door", None, None, {})).input
    done = writer.commit([AlreadyStored(corrected, 1, Effect.UPDATED)])
    assert done.updated == 1
    with Store(folder) as store:
        assert store.crop(1).facts == Facts("door", NOON, "p1", {"note": "a"})


@pytest.mark.full
def test_changed_bytes_at_a_place_keep_the_old_crop_there(folder, writer):
    writer.commit([new_crop(1, VECTORS[0], location="a.jpg")])
    writer.commit([new_crop(2, VECTORS[1], location="a.jpg")])
    rows = sql(folder, "SELECT crop_id, replaced_us IS NULL FROM location ORDER BY crop_id")
    assert rows == [(1, 0), (2, 1)]
    with Store(folder) as store:
        assert [crop.location for crop in store.crops([1, 2])] == ["a.jpg", "a.jpg"]


@pytest.mark.full
def test_a_batch_that_fails_leaves_nothing_and_no_camera_is_mixed_up_later(folder, writer):
    broken = new_crop(2, VECTORS[1], Facts("door"))
    object.__setattr__(broken, "width_px", None)  # NOT NULL is violated in the middle of the batch
    with pytest.raises(Exception, match="NOT NULL"):
        writer.commit([new_crop(1, VECTORS[0], Facts("gate")), broken])
    for table in ("crop", "source", "picture", "embedding", "location", "camera"):
        assert sql(folder, f"SELECT count(*) FROM {table}") == [(0,)]
    writer.commit([new_crop(3, VECTORS[2], Facts("yard")), new_crop(1, VECTORS[0], Facts("gate"))])
    with Store(folder) as store:
        assert [crop.facts.camera for crop in store.crops([1, 2])] == ["yard", "gate"]


def refused(location: str) -> Rejected:
    return Rejected(location, Refused(Reason.DAMAGED, "is damaged"))


def ledger(folder) -> list[tuple[object, ...]]:
    return sql(folder, "SELECT text, reason FROM failure ORDER BY text")


@pytest.mark.full
def test_the_ledger_holds_what_fails_and_lets_go_of_what_succeeds(folder, writer):
    writer.commit([refused("a.jpg"), refused("b.jpg"), refused("a.jpg")])
    assert ledger(folder) == [("a.jpg", "damaged"), ("b.jpg", "damaged")]
    writer.commit([new_crop(1, VECTORS[0], location="a.jpg")])
    assert ledger(folder) == [("b.jpg", "damaged")]


def one_run(folder, request, items, *, finished):
    with Store(folder) as store, open_writer(store, MODEL) as writer:
        writer.begin_run(request=request, command="", version="0", runtime="")
        writer.commit(items)
        writer.end_run({}, finished=finished)


@pytest.mark.full
def test_a_finished_run_clears_what_the_same_request_failed_before(folder):
    one_run(
        folder, "one", [refused("a.tar"), refused("gone.jpg"), refused("bad.jpg")], finished=True
    )
    one_run(folder, "two", [refused("elsewhere.jpg")], finished=True)
    one_run(folder, "one", [refused("bad.jpg")], finished=False)
    assert len(ledger(folder)) == 4  # an interrupted run proves nothing
    one_run(folder, "one", [refused("bad.jpg")], finished=True)
    assert ledger(folder) == [("bad.jpg", "damaged"), ("elsewhere.jpg", "damaged")]


@pytest.mark.full
def test_states_of_runs(folder):
    def states():
        return [row[0] for row in sql(folder, "SELECT state FROM run ORDER BY id")]

    one_run(folder, "one", [], finished=False)
    with Store(folder) as store, open_writer(store, MODEL) as writer:
        writer.begin_run(request="one", command="", version="0", runtime="")  # and is killed
    assert states() == ["interrupted", "running"]
    one_run(folder, "two", [], finished=True)
    assert states() == ["interrupted", "interrupted", "finished"]
    one_run(folder, "one", [], finished=True)
    assert states() == ["superseded", "superseded", "finished", "finished"]


@pytest.mark.full
@settings(max_examples=8, deadline=None)
@given(st.lists(st.lists(st.integers(0, 6), max_size=6), max_size=5))
def test_however_inputs_are_batched_each_source_is_one_crop(tmp_path_factory, batches):
    folder = tmp_path_factory.mktemp("batches") / "archive"
    Store.create(folder)
    with Store(folder) as store, open_writer(store, MODEL) as writer:
        writer.begin_run(request="r", command="", version="0", runtime="")
        indexed = sum(
            writer.commit([new_crop(n, VECTORS[n]) for n in batch]).indexed for batch in batches
        )
        distinct = {n for batch in batches for n in batch}
        assert indexed == len(distinct)
        assert embedded_ids(store, 10**6).tolist() == list(range(1, len(distinct) + 1))


def test_numbers_that_are_no_id_are_not_found(folder):
    fill(folder, VECTORS[:1])
    with Store(folder) as store:
        for number in (0, -1, 2, 2**63, 10**30):
            assert store.crops([number]) == []
            assert embeddings_of(store, [number]) == {}
            with pytest.raises(Exception, match=f"no crop {number}"):
                store.picture(number)


def test_an_interrupted_source_whose_media_time_begins_elsewhere_starts_anew(tmp_path):
    """An earlier version counted from the first picture, where the sound begins before it."""
    make_empty(tmp_path / "a")
    info = VideoInfo("video", "mp4", "h264", None, 640, 360, 0, Fraction(1, 90_000), 0, 25, 60)
    file = SourceFile("/footage/late.mp4", "1", b"\x01" * 32, 1000)
    with Store(tmp_path / "a") as store, open_writer(store, MODEL) as writer:
        writer.begin_run(request="late", command="", version="0", runtime="none")
        footage = FootageWriter(writer)
        later = replace(info, first_pts=2_700_000)
        begun = footage.begin(file, later, SourceFacts(), {"preset": "made"})
        again = footage.begin(file, later, SourceFacts(), {"preset": "made"})
        anew = footage.begin(file, info, SourceFacts(), {"preset": "made"})
    assert again.source_id == begun.source_id
    assert anew.source_id != begun.source_id
