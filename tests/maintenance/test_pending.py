"""Work that a change has left to do is told by everybody, and finished by the next writer."""

from __future__ import annotations

import contextlib
import errno
import json
import sqlite3

import pytest
from archives import fill, opened, sql, unit_rows
from frozen import DATA, thawed
from sqlalchemy import func, select

from reidsearch import migrate
from reidsearch.base import atomic
from reidsearch.base.errors import Interrupted, Kind, StorageError
from reidsearch.domain.crops import Facts
from reidsearch.domain.pending import Cause, Work
from reidsearch.domain.request import Filters
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.maintenance.check import check, repair
from reidsearch.maintenance.erase import Wanted, erase, plan
from reidsearch.store import pending, tables
from reidsearch.store.crops.embeddings import embedded_ids
from reidsearch.store.crops.store import Store

VECTORS = unit_rows(12)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "archive"
    fill(made, VECTORS, [Facts(camera="gate" if n < 3 else "door") for n in range(12)])
    with Store(made) as store, store.lock():
        gallery = Gallery(store)
        gallery.compact()
        Neighbours(store, gallery).keep()
    return made


def in_files(folder, vector) -> bool:
    return any(vector.tobytes() in path.read_bytes() for path in (folder / "index").iterdir())


def cut_off(folder, monkeypatch, error) -> BaseException:
    """Delete what camera `gate` saw, and fail when the new index is synced; return what it said."""

    def failing(path):
        raise error

    with Store(folder) as store, monkeypatch.context() as patch:
        planned = plan(store, Wanted(Filters(cameras=("gate",)), ()))
        patch.setattr(atomic, "sync", failing)
        with pytest.raises((Interrupted, StorageError)) as raised:
            erase(store, Gallery(store), planned)
    return raised.value


@pytest.fixture
def unfinished(folder, monkeypatch):
    cut_off(folder, monkeypatch, KeyboardInterrupt())
    assert in_files(folder, VECTORS[0])
    return folder


@pytest.mark.full
@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "stopped; the deletion is committed but not finished"),
        (
            OSError(errno.ENOSPC, "No space left"),
            8,
            "No space left (free some space); the deletion is",
        ),
    ],
)
def test_what_cuts_a_deletion_off_says_what_is_left(folder, monkeypatch, error, code, said):
    told = cut_off(folder, monkeypatch, error)
    assert (told.exit_code, told.kind) == (code, Kind.DELETION_UNFINISHED)
    assert said in told.message
    with Store(folder) as store:
        assert embedded_ids(store, 99).tolist() == list(range(4, 13))
        (left,) = pending.pending_work(store)
        assert (left.work, left.cause, left.crops) == (Work.ERASURE, Cause.DELETE, 3)


@pytest.mark.full
def test_every_command_says_so_until_the_same_one_finishes_it(unfinished, run):
    run.archive = unfinished
    shown = run("show", "--format", "json")
    (left,) = json.loads(shown.out)["pending"]
    assert (left["work"], left["cause"], left["crops"]) == ("erasure", "delete", 3)
    assert "is not finished" in run("show").out
    assert "reidsearch check --repair -a" in run("failures").err
    checked = run("check", "--format", "json")
    (finding,) = json.loads(checked.out)["findings"]
    assert (checked.code, finding["code"], finding["repairable"]) == (1, "pending", True)
    answer = run("query", "--crop", 5, "--format", "json")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["statement"]["pending"] == [left]
    assert "deleted embeddings are still in index files" in run("query", "--crop", 5).out
    again = run("delete", "--camera", "gate", "-y")
    assert (again.code, again.err) == (0, "")
    assert "Finished a deletion of" in again.out
    assert "no camera 'gate'" in again.out
    assert not in_files(unfinished, VECTORS[0])
    assert run("check").code == 0
    assert run("delete", "--camera", "gate", "-y").code == 9


@pytest.mark.full
def test_a_dry_run_finishes_nothing(unfinished, run):
    run.archive = unfinished
    ran = run("delete", "--crop", 5, "--dry-run")
    assert ran.code == 0
    assert "is not finished" in ran.err
    assert in_files(unfinished, VECTORS[0])


@pytest.mark.full
def test_the_next_writer_finishes_it_before_its_own_work(unfinished):
    with opened(unfinished) as archive:
        assert archive.pending() != ()
        archive.delete(archive.plan_delete(crop_ids=[7]))
        assert archive.pending() == ()
        assert archive.check() == []
    assert not in_files(unfinished, VECTORS[0])
    assert not in_files(unfinished, VECTORS[6])


@pytest.mark.full
def test_repair_finishes_it(unfinished):
    with Store(unfinished) as store:
        findings = check(store)
        assert [finding.code for finding in findings] == ["pending"]
        repair(store, findings)
        assert check(store) == []
    assert not in_files(unfinished, VECTORS[0])


@pytest.mark.slow  # waits for that reader
def test_what_a_reader_holds_of_the_log_stays_pending(folder):
    with Store(folder) as store, Store(folder) as reader:
        sql(folder, "UPDATE archive SET uuid = uuid")  # so that the log holds something
        with reader.read() as connection:
            connection.scalar(select(func.count()).select_from(tables.crop))
            assert not erase(store, Gallery(store), plan(store, Wanted(Filters(), (5,))))
        (left,) = pending.pending_work(store)
        assert left.work is Work.LOG
    with opened(folder) as archive:
        assert [one.cause for one in archive.maintenance.finish()] == [Cause.DELETE]
        assert archive.pending() == ()


@pytest.mark.full
def test_a_killed_writer_of_files_leaves_a_row_and_the_next_one_cleans_up(folder):
    with Store(folder) as store:
        pending.record_files(store)
        (folder / "index" / "generation.partial").write_bytes(b"half")
        assert {finding.code for finding in check(store)} == {"stray"}
    with opened(folder) as archive:
        archive.timezone = "Asia/Tokyo"  # a single transaction, which takes no lock
        assert archive.pending() != ()
        archive.maintenance.finish()
        assert archive.check() == []
    assert [path.name for path in (folder / "index").iterdir()] == ["generation-000001.index"]


@pytest.mark.full
def test_a_deletion_that_an_earlier_version_left_is_pending_after_migration(tmp_path):
    folder = thawed(DATA / "archive-0007.sql", tmp_path / "archive")
    with contextlib.closing(sqlite3.connect(folder / "archive.db")) as database, database:
        database.execute(
            "INSERT INTO generation (kind, model_id, file, size_bytes, sha256, crops, last_crop_id,"
            " erasures, built_us) SELECT 'faiss-flat-ip', model_id, 'generation-000001.index', 1,"
            " x'00', 1, 1, erasures, 0 FROM archive",
        )
        database.execute("UPDATE archive SET erasures = erasures + 1, row_digest = NULL")
    migrate(folder)
    with opened(folder) as archive:
        assert [one.cause for one in archive.pending()] == [Cause.EARLIER]
        archive.maintenance.finish()
        assert archive.pending() == ()
        assert archive.check() == []


@pytest.mark.full
def test_reads_of_one_state_see_nothing_of_what_is_committed_meanwhile(folder):
    with Store(folder) as store, Store(folder) as writer:
        with store.one_state():
            before = store.state()
            erase(writer, Gallery(writer), plan(writer, Wanted(Filters(), (5,))))
            assert store.state() == before
            assert 5 in embedded_ids(store, 99).tolist()
            assert store.crop(5).crop_id == 5
            with pytest.raises(RuntimeError, match="one_state"):
                store.write()
        assert store.state() != before
        assert 5 not in embedded_ids(store, 99).tolist()
