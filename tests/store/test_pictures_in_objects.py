"""Pictures of crops in a real S3 server: put before their rows, proven, moved, and deleted."""

from __future__ import annotations

import datetime as dt
import hashlib
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import obstore
import postgres
import pytest
from archives import MODEL, draw_many, fill, new_crop, opened, raw_sql, sql, unit_rows
from object_server import SECRET, ObjectServer, away

from reidsearch import Archive
from reidsearch.base.errors import ArchiveError, Kind, StorageError, UsageError
from reidsearch.base.object_address import read_object_address
from reidsearch.domain.event_log import Event
from reidsearch.domain.pending import Work
from reidsearch.maintenance import moving_pictures as moving
from reidsearch.maintenance import picture_check
from reidsearch.maintenance.check import check, repair
from reidsearch.media.files.objects import ObjectMissing, Objects
from reidsearch.services.maintenance import restore
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import open_writer
from reidsearch.store.log_reading import entries
from reidsearch.store.pictures import putting
from reidsearch.store.pictures.holder import Place
from reidsearch.store.pictures.places import objects_of, place_of

pytestmark = pytest.mark.full


@pytest.fixture(params=["s3", "file"])
def place(request, bucket, tmp_path) -> str:
    return bucket if request.param == "s3" else f"file://{tmp_path / 'pictures'}"


def moved_out(folder: Path, address: str, crops: int = 6) -> None:
    fill(folder, unit_rows(crops))
    with Store(folder) as store:
        assert moving.move_out(store, read_object_address(address)).moved == crops


def objects(store: Store) -> Objects:
    with store.read() as connection:
        found = place_of(connection)
    assert found is not None
    return objects_of(store, found)


def names(store: Store) -> list[str]:
    return sorted(one.name for one in objects(store).list())


def add(store: Store, number: int) -> None:
    with open_writer(store, MODEL) as writer:
        writer.begin_run(request="r", command="", version="", runtime="")
        writer.commit([new_crop(number, unit_rows(1)[0])])
        writer.end_run({}, finished=True)


def test_pictures_move_out_and_back_and_are_the_same(tmp_path, place):
    folder = tmp_path / "archive"
    fill(folder, unit_rows(6))
    with Store(folder) as store:
        before = [store.picture(number) for number in range(1, 7)]
        out = moving.move_out(store, read_object_address(place))
        assert (out.moved, out.kept.in_database, out.kept.in_store) == (6, 0, 6)
        assert out.kept.store_bytes == sum(map(len, before))
        assert [store.picture(number) for number in range(1, 7)] == before
        assert len(names(store)) == 6
        assert not sql(folder, "SELECT * FROM picture")
        assert check(store) == []
        add(store, 100)  # a new one goes there too
        assert store.picture(7) == new_crop(100, unit_rows(1)[0]).jpeg
        assert moving.kept(store).in_store == len(names(store)) == 7
        held = objects(store)
        back = moving.move_in(store)
        assert (back.moved, back.kept.store, back.kept.in_database) == (7, None, 7)
        assert [store.picture(number) for number in range(1, 7)] == before
        assert list(held.list()) == []
        assert check(store) == []
        told = [one.said for one in entries(store, events=[Event.PICTURES])]
        assert {str(one and one["to"]) for one in told} == {place, "database"}


def test_an_object_is_named_by_its_content_and_is_of_one_crop(tmp_path, bucket):
    moved_out(tmp_path / "archive", bucket)
    with Store(tmp_path / "archive") as store:
        for name in names(store):
            assert name.startswith(hashlib.sha256(objects(store).get(name)).hexdigest())
        same = new_crop(50, unit_rows(1)[0]).jpeg
        add(store, 50)
        with open_writer(store, MODEL) as writer:
            writer.begin_run(request="q", command="", version="", runtime="")
            twin = new_crop(51, unit_rows(1)[0])
            writer.commit([replace(twin, jpeg=same)])
        assert store.picture(7) == store.picture(8) == same
        assert len(set(names(store))) == 8


def test_a_picture_that_is_not_what_was_written_is_never_shown(tmp_path, bucket):
    moved_out(tmp_path / "archive", bucket)
    with Store(tmp_path / "archive") as store:
        first, second, *_ = sorted(
            sql(tmp_path / "archive", "SELECT sha256, token, crop_id FROM picture_object"),
            key=lambda row: row[2],
        )
        altered, missing = (f"{sha256.hex()}-{token}.jpg" for sha256, token, _ in (first, second))
        obstore.put(objects(store)._store, altered, b"somebody else")
        objects(store).delete([missing])
        for crop_id in (1, 2):
            with pytest.raises(ArchiveError, match=r"damaged or missing in s3://"):
                store.picture(crop_id)
        assert store.picture(3)
        found = {finding.message: finding.crop_ids for finding in check(store)}
        assert [ids for text, ids in found.items() if "are damaged in" in text] == [(1,)]
        assert [ids for text, ids in found.items() if "are missing in" in text] == [(2,)]
        with pytest.raises(ArchiveError, match="picture of crop 1") as error:
            moving.move_in(store)
        assert error.value.kind == Kind.PICTURE_GONE
        assert store.picture(3)


def test_a_changed_row_is_an_error_and_costs_no_object(tmp_path, bucket, monkeypatch):
    moved_out(tmp_path / "archive", bucket)
    raw_sql(
        tmp_path / "archive", "UPDATE picture_object SET sha256 = zeroblob(32) WHERE crop_id = 1"
    )
    with Store(tmp_path / "archive") as store:
        with pytest.raises(ArchiveError) as error:
            store.picture(1)
        assert error.value.fields["table"] == "picture_object"
        monkeypatch.setattr(picture_check, "AGE", dt.timedelta(seconds=-5))
        findings = check(store)
        assert any("picture_object" in finding.message for finding in findings)
        # Its object may be any of those that no whole row names: none is removed.
        assert picture_check.ORPHANS not in {finding.code for finding in findings}
        repair(store, findings)
        assert len(names(store)) == 6


def test_what_is_put_and_not_recorded_is_found_and_removed_when_it_is_old(
    tmp_path, bucket, monkeypatch
):
    """As a process that is killed between the put and the commit leaves it."""
    moved_out(tmp_path / "archive", bucket)

    class Killed(BaseException):
        pass

    def killed(self):
        put(self)
        raise Killed

    put = putting._Puts.put_wanted
    with Store(tmp_path / "archive") as store:
        with monkeypatch.context() as patched:
            patched.setattr(putting._Puts, "put_wanted", killed)
            with pytest.raises(Killed):
                add(store, 100)
        assert len(names(store)) == 7
        assert store.state().last_crop_id == 6
        assert check(store) == []  # it may be of a step whose row is just being committed
        monkeypatch.setattr(picture_check, "AGE", dt.timedelta(seconds=-5))
        findings = check(store)
        assert [one.code for one in findings] == [picture_check.ORPHANS]
        repair(store, findings)
        assert check(store) == []
        assert len(names(store)) == 6
        add(store, 100)
        assert store.picture(7)


def test_a_deletion_takes_the_objects_along_and_waits_for_a_store_that_is_away(
    tmp_path, bucket, monkeypatch
):
    folder = tmp_path / "archive"
    with opened(folder) as archive:
        archive.index([draw_many(tmp_path / "crops", 5)[0].parent])
        archive.pictures.move(bucket)
        store = archive._store
        assert len(names(store)) == 5
        assert archive.delete(archive.plan_delete(crop_ids=[1]))
        assert len(names(store)) == 4
        with monkeypatch.context() as patched:
            away(patched, store)
            assert not archive.delete(archive.plan_delete(crop_ids=[2]))
            (pending,) = archive.pending()
            assert pending.work is Work.PICTURES
            assert "still in the store of objects" in pending.sentence
            assert archive.pictures.kept().to_delete == 1
        assert len(names(store)) == 4
        assert [one.work for one in archive.maintenance.finish()] == [Work.PICTURES]
        assert archive.pending() == ()
        assert len(names(store)) == 3
        assert check(store) == []


def test_a_store_that_is_away_stops_what_needs_pictures_and_nothing_else(
    tmp_path, bucket, monkeypatch
):
    folder = tmp_path / "archive"
    crops = draw_many(tmp_path / "crops", 5)
    with opened(folder) as archive:
        archive.index([crops[0].parent])
        archive.pictures.move(bucket)
        later = draw_many(tmp_path / "later", 3, start=50)
        with monkeypatch.context() as patched:
            away(patched, archive._store)
            assert archive.search(crops[0], k=3).matches[0].crop.crop_id == 1
            with pytest.raises(StorageError) as error:
                archive.picture(1)
            assert error.value.kind == Kind.OBJECTS_UNREACHABLE
            assert SECRET not in str(error.value)
            with pytest.raises(StorageError):
                archive.index([later[0].parent])
            assert archive.show().crops == 5
            findings = archive.maintenance.check()
            assert any("cannot be used" in finding.message for finding in findings)
        assert archive.index([later[0].parent]).indexed == 3  # goes on where it stopped
        assert archive.picture(8)
        assert check(archive._store) == []


def test_a_backup_has_the_pictures_and_owns_no_objects(tmp_path, bucket, monkeypatch):
    folder = tmp_path / "archive"
    with opened(folder) as archive:
        archive.index([draw_many(tmp_path / "crops", 5)[0].parent])
        archive.pictures.move(bucket)
        pictures = [archive.picture(number) for number in range(1, 6)]
        archive.backup(tmp_path / "backup")
        before = names(archive._store)
    away(monkeypatch)
    restore(tmp_path / "backup", tmp_path / "restored")
    with opened(tmp_path / "restored") as archive:
        assert [archive.picture(number) for number in range(1, 6)] == pictures
        assert archive.pictures.kept().store is None
        assert archive.delete(archive.plan_delete(crop_ids=[1]))
        assert check(archive._store) == []
    monkeypatch.undo()
    assert len(before) == 5


def test_moving_goes_on_where_it_was_cut_off(tmp_path, bucket, monkeypatch):
    folder = tmp_path / "archive"
    fill(folder, unit_rows(9))
    monkeypatch.setattr(moving, "AT_ONCE", 4)
    record = moving._record_outside
    left = [1]

    def cut(*given):
        if not left:
            raise KeyboardInterrupt
        left.pop()
        return record(*given)

    with Store(folder) as store:
        with monkeypatch.context() as patched:
            patched.setattr(moving, "_record_outside", cut)
            with pytest.raises(KeyboardInterrupt):
                moving.move_out(store, read_object_address(bucket))
        kept = moving.kept(store)
        assert (kept.in_database, kept.in_store) == (5, 4)
        assert check(store) == []
        assert all(store.picture(number) for number in range(1, 10))
        assert moving.move_out(store, read_object_address(bucket)).moved == 5
        with pytest.raises(UsageError) as error:
            moving.move_out(store, read_object_address(f"{bucket}/elsewhere"))
        assert error.value.kind == Kind.PICTURES_ELSEWHERE


def test_a_new_archive_begins_where_the_settings_say(tmp_path, bucket, monkeypatch):
    monkeypatch.setenv("REIDSEARCH_BUCKET", bucket)
    with opened(tmp_path / "archive") as archive:
        archive.index([draw_many(tmp_path / "crops", 3)[0].parent])
        kept = archive.pictures.kept()
        assert (kept.store, kept.in_database, kept.in_store) == (bucket, 0, 3)
        assert archive.picture(2)


def test_objects_are_put_once_and_a_missing_bucket_is_told(object_store: ObjectServer, bucket):
    some = Objects(read_object_address(bucket), object_store.endpoint)
    some.put("a", b"1")
    some.put("a", b"2")
    assert some.get("a") == b"1"
    with pytest.raises(ObjectMissing):
        some.get("b")
    with pytest.raises(StorageError, match="NoSuchBucket"):
        Objects(read_object_address("s3://no-such-bucket"), object_store.endpoint).get("a")
    assert Place(read_object_address(bucket), "f", True).address.below("f").path == "station/f"


@pytest.mark.parametrize("kind", ["folder", "postgresql"])
def test_everything_holds_on_both_databases(tmp_path, bucket, kind):
    address = tmp_path / "archive" if kind == "folder" else postgres.server().new_archive()
    crops = draw_many(tmp_path / "crops", 6)
    with Archive.open(address, create=True, model="builtin") as archive:
        archive.index([crops[0].parent])
        pictures = [archive.picture(number) for number in range(1, 7)]
        assert archive.pictures.move(bucket).moved == 6
        assert [archive.picture(number) for number in range(1, 7)] == pictures
        archive.delete(archive.plan_delete(crop_ids=[3]))
        assert len(names(archive._store)) == 5
        archive.index([draw_many(tmp_path / "later", 2, start=40)[0].parent])
        assert len(names(archive._store)) == 7
        assert check(archive._store) == []
        assert archive.pictures.move("database").kept.in_database == 7
        assert archive.picture(6) == pictures[5]
        assert check(archive._store) == []


def test_a_process_that_is_killed_after_the_put_loses_nothing(tmp_path, bucket, monkeypatch):
    folder = tmp_path / "archive"
    crops = draw_many(tmp_path / "crops", 5)
    with opened(folder) as archive:
        archive.pictures.move(bucket)
    program = (
        "import os, signal, sys\n"
        "from reidsearch import Archive\n"
        "from reidsearch.store.pictures import putting\n"
        "put = putting._Puts.put_wanted\n"
        "def killed(self):\n"
        "    put(self)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "putting._Puts.put_wanted = killed\n"
        "with Archive.open(sys.argv[1], model='builtin') as archive:\n"
        "    archive.index([sys.argv[2]])\n"
    )
    told = [sys.executable, "-c", program, str(folder), str(crops[0].parent)]
    assert subprocess.run(told, check=False).returncode == -signal.SIGKILL
    with opened(folder) as archive:
        assert len(names(archive._store)) == 5
        assert archive.show().crops == 0
        assert archive.index([crops[0].parent]).indexed == 5
        assert all(archive.picture(number) for number in range(1, 6))
        assert check(archive._store) == []
        monkeypatch.setattr(picture_check, "AGE", dt.timedelta(seconds=-5))
        (orphans,) = check(archive._store)
        assert orphans.message.startswith("5 objects in s3://")
        assert archive.maintenance.check(repair=True) == []
        assert len(names(archive._store)) == 5


def test_a_certificate_knows_pictures_in_a_store_of_objects(tmp_path, bucket, monkeypatch):
    with opened(tmp_path / "archive") as archive:
        archive.index([draw_many(tmp_path / "crops", 5)[0].parent])
        archive.pictures.move(bucket)
        store = archive._store
        made = archive.maintenance.delete_certified(archive.plan_delete(crop_ids=[1]), ["crops"])
        assert made.remains.search.pieces["pictures"] == 1
        assert (made.finished, made.remains.rows["picture_gone"]) == (True, 0)
        assert made.remains.nothing
        planned = archive.plan_delete(crop_ids=[2])
        with monkeypatch.context() as patched:
            away(patched, store)
            with pytest.raises(StorageError):  # what it shows cannot be read, so nothing is deleted
                archive.maintenance.delete_certified(planned, ["crops"])
        assert archive.picture(2)
        with monkeypatch.context() as patched:
            patched.setattr(Objects, "delete", _refusing)
            made = archive.maintenance.delete_certified(planned, ["crops"])
        assert (made.finished, made.remains.rows["picture_gone"]) == (False, 1)
        assert not made.remains.nothing


def _refusing(self: Objects, names: object) -> None:
    raise StorageError("not now")


def test_a_folder_is_its_owners_and_never_made_where_a_drive_is_not_mounted(tmp_path):
    drive = tmp_path / "drive"
    moved_out(tmp_path / "archive", f"file://{drive}")
    (folder,) = drive.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    drive.rename(tmp_path / "elsewhere")
    with Store(tmp_path / "archive") as store:
        with pytest.raises(StorageError, match="no such folder"):
            store.picture(1)
        assert not drive.exists()
    (tmp_path / "elsewhere").rename(drive)
    with Store(tmp_path / "archive") as store:
        assert store.picture(1)
