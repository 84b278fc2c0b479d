"""Forgetting: identities, what is old, retention rules; legal holds win; what is kept out."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest
from archives import draw, opened, sql

from reidsearch import Archive
from reidsearch.base import temporaries
from reidsearch.base.errors import ArchiveError, Kind, NotFound, UsageError
from reidsearch.base.timecode import now
from reidsearch.domain.event_log import Event
from reidsearch.domain.holds import HoldOf
from reidsearch.services.erasing import query_pictures
from reidsearch.services.kept_pictures import KeptPictures

pytestmark = pytest.mark.full


@pytest.fixture
def folder(tmp_path, indexed_crops):
    indexed_crops(tmp_path, 8)
    sql(tmp_path / "archive", "INSERT INTO camera (id, name) VALUES (1, 'gate'), (2, 'door')")
    return tmp_path / "archive"


@pytest.fixture
def archive(folder):
    with opened(folder) as archive:
        yield archive


def bytes_of(archive: Archive) -> bytes:
    folder = archive._store.folder
    return b"".join(one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file())


def left(archive: Archive) -> list[int]:
    return [row[0] for row in sql(archive._store.folder, "SELECT id FROM crop ORDER BY id")]


def test_an_identity_goes_with_its_name_its_notes_and_its_searches(archive) -> None:
    archive.identities.new("Jane Roe", [1, 2], note="has a scar")
    archive.identities.new("other", [3], note="stays written")
    archive.identities.reject("Jane Roe", [4], note="too tall")
    archive.identities.rename("Jane Roe", "Jane Q. Doe")
    archive.search(identity="Jane Q. Doe", k=2)
    archive.search([5], k=2)
    planned = archive.plan_delete(identity="Jane Q. Doe", permanent=True)
    assert planned.ids.tolist() == [1, 2]
    assert archive.delete(planned)
    assert left(archive) == [3, 4, 5, 6, 7, 8]
    held = bytes_of(archive)
    for text in (b"Jane", b"scar", b"too tall"):
        assert text not in held
    assert b"stays written" in held
    assert [one.name for one in archive.identities.all()] == ["other"]
    assert archive.log.faults() == []
    assert archive.check() == []
    with pytest.raises(NotFound):
        archive.identities.find("Jane Q. Doe")
    with pytest.raises(UsageError, match="erased an identity for good"):
        archive.identities.undo(5)
    archive.identities.new("Jane Q. Doe", [6])  # somebody else may be called so


def test_two_identities_that_share_decisions_are_erased_one_after_the_other(archive) -> None:
    archive.identities.new("anna", [1])
    archive.identities.new("berta", [2])
    archive.identities.confirm("anna", [3])
    archive.identities.split("anna", [3], "carla")
    for name in ("anna", "carla", "berta"):
        archive.delete(archive.plan_delete(identity=name))
        assert archive.log.faults() == [], name
        assert archive.check() == [], name
        assert name.encode() not in bytes_of(archive)


def test_decisions_of_before_the_log_are_bound_again(archive) -> None:
    archive.identities.new("anna", [1])
    archive.identities.new("berta", [2])
    # As an archive of a version without a log was, whose log begins with the next entry.
    sql(archive._store.folder, "DELETE FROM log_entry")
    archive.identities.new("carla", [3])
    archive.delete(archive.plan_delete(identity="anna"))
    assert archive.log.faults() == []
    assert b"anna" not in bytes_of(archive)
    archive.delete(archive.plan_delete(identity="berta"))
    assert archive.log.faults() == []
    sql(archive._store.folder, "UPDATE decision SET who = 'mallory' WHERE id = 1")
    assert [fault.number for fault in archive.log.faults()] == [1]


def test_a_hold_wins_over_every_deletion(archive) -> None:
    archive.identities.new("anna", [1, 2])
    hold = archive.holds.add(HoldOf(identity="anna"), note="order of 2 May")
    planned = archive.plan_delete(crop_ids=[1, 5])
    assert planned.ids.tolist() == [5]
    assert [(one.hold_id, one.crops) for one in planned.held] == [(hold.hold_id, 1)]
    planned = archive.plan_delete(identity="anna")
    assert (planned.ids.tolist(), planned.identities) == ([], ())
    archive.holds.release(hold.hold_id)
    planned = archive.plan_delete(identity="anna")
    assert planned.ids.tolist() == [1, 2]
    archive.holds.add(HoldOf(identity="anna"))  # after it was planned
    with pytest.raises(UsageError, match="on hold") as caught:
        archive.delete(planned)
    assert caught.value.kind == Kind.ON_HOLD
    assert left(archive) == [1, 2, 3, 4, 5, 6, 7, 8]
    told = [entry.said for entry in archive.log.entries(events=[Event.HOLD])]
    assert [one["change"] for one in told if one] == ["add", "release", "add"]


def test_a_case_holds_what_belongs_to_it_also_when_it_is_closed(folder) -> None:
    with opened(folder) as archive:
        archive.cases.new("7")
    with Archive.open(folder, model="builtin", case="7") as archive:
        answer = archive.search([1], k=2)
        archive.identities.new("anna", [8])
    shown = {1, 8, *(match.crop.crop_id for match in answer.matches)}
    with opened(folder) as archive:
        hold = archive.holds.add(HoldOf(case="7"))
        archive.cases.close("7")
        planned = archive.plan_delete(crop_ids=range(1, 9))
        assert planned.ids.tolist() == sorted(set(range(1, 9)) - shown)
        with pytest.raises(UsageError, match="on hold"):
            archive.plan_delete(searches_of="7")
        archive.delete(planned)
        [search] = archive.log.entries(events=[Event.SEARCH])
        assert search.detail is not None
        archive.holds.release(hold.hold_id)
        assert archive.plan_delete(crop_ids=sorted(shown)).held == ()


def test_a_camera_is_held_for_a_time_and_unknown_times_are_held_too(archive) -> None:
    noon = dt.datetime(2024, 5, 31, 12, tzinfo=dt.UTC)
    us = round(noon.timestamp() * 1e6)
    for crop, at in ((1, us - 1), (2, us), (3, us + 60_000_000), (4, "NULL")):
        sql(
            archive._store.folder,
            f"UPDATE crop SET camera_id = 1, time_us = {at} WHERE id = {crop}",
        )
    archive.holds.add(HoldOf(camera="gate", after=noon, before=noon + dt.timedelta(minutes=1)))
    assert archive.plan_delete(crop_ids=range(1, 6)).ids.tolist() == [1, 3, 5]
    archive.holds.add(HoldOf(source="000.png"))
    assert archive.plan_delete(crop_ids=range(1, 6)).ids.tolist() == [3, 5]


@pytest.mark.parametrize(
    "of",
    [
        HoldOf(),
        HoldOf(case="1", camera="gate"),
        HoldOf(identity="anna", after=now()),
        HoldOf(camera="gate", after=now(), before=now() - dt.timedelta(1)),
    ],
)
def test_a_hold_of_nothing_or_of_two_things_is_refused(archive, of) -> None:
    with pytest.raises(UsageError):
        archive.holds.add(of)
    with pytest.raises(NotFound):
        archive.holds.add(HoldOf(case="none"))


def test_a_damaged_hold_stops_deleting(archive) -> None:
    archive.holds.add(HoldOf(source="000.png"))
    with sqlite3.connect(archive._store.folder / "archive.db") as database:
        database.execute("UPDATE hold SET released_us = 1")
    with pytest.raises(ArchiveError):
        archive.plan_delete(crop_ids=[1])


def test_what_is_old_by_its_time_or_else_by_indexing(archive) -> None:
    old = round((now() - dt.timedelta(days=40)).timestamp() * 1e6)
    folder = archive._store.folder
    sql(folder, f"UPDATE crop SET time_us = {old} WHERE id IN (1, 2)")
    sql(folder, f"UPDATE crop SET indexed_us = {old} WHERE id IN (2, 3)")
    planned = archive.plan_delete(older_than=now() - dt.timedelta(days=30))
    assert (planned.ids.tolist(), planned.by_indexing) == ([1, 2, 3], 1)
    planned = archive.plan_delete(older_than=now() - dt.timedelta(days=50))
    assert planned.empty


def test_each_camera_has_its_own_days(archive) -> None:
    def days_ago(days: int) -> int:
        return round((now() - dt.timedelta(days=days)).timestamp() * 1e6)

    folder = archive._store.folder
    for crop, camera, days in ((1, 1, 10), (2, 1, 3), (3, 2, 10), (4, 2, 40), (5, "NULL", 40)):
        at = f"camera_id = {camera}, time_us = {days_ago(days)}"
        sql(folder, f"UPDATE crop SET {at} WHERE id = {crop}")
    with pytest.raises(UsageError, match="no retention rule"):
        archive.retention.plan()
    archive.retention.set("gate", 30)
    archive.retention.set("gate", 7)
    archive.retention.set(None, 30)
    assert [(rule.camera, rule.days) for rule in archive.retention.rules()] == [
        ("gate", 7),
        (None, 30),
    ]
    archive.holds.add(HoldOf(source="003.png"))
    planned = archive.retention.plan()
    assert [erasure.ids.tolist() for _, erasure in planned] == [[1], [5]]
    assert [len(erasure.held) for _, erasure in planned] == [0, 1]
    archive.retention.run()
    assert left(archive) == [2, 3, 4, 6, 7, 8]
    *_, ran = archive.log.entries(events=[Event.RETENTION])
    assert json.loads(ran.detail or "")["rules"][1]["on_hold"] == [1]
    archive.retention.clear("gate")
    with pytest.raises(NotFound):
        archive.retention.clear("gate")
    for days in (0, 40_000):
        with pytest.raises(UsageError):
            archive.retention.set(None, days)


def test_kept_out_pictures_do_not_come_back_from_anywhere(archive, tmp_path) -> None:
    archive.delete(archive.plan_delete(crop_ids=[1, 2], permanent=True))
    archive.delete(archive.plan_delete(crop_ids=[3]))
    report = archive.index([tmp_path / "crops"])
    assert (report.kept_out, report.indexed, report.offered) == (2, 1, 8)
    draw(tmp_path / "elsewhere" / "copy.png", 0)
    report = archive.index([tmp_path / "elsewhere"])
    assert (report.kept_out, report.indexed) == (1, 0)
    assert 1 not in left(archive)
    [(salt,)] = sql(archive._store.folder, "SELECT kept_out_salt FROM archive")
    assert len(salt) == 32
    held = bytes_of(archive)
    import hashlib

    sha256 = hashlib.sha256((tmp_path / "crops" / "000.png").read_bytes())
    assert sha256.digest() not in held
    assert sha256.hexdigest().encode() not in held


def test_what_a_case_was_searched_with_can_be_erased(folder, tmp_path) -> None:
    with opened(folder) as archive:
        archive.cases.new("7")
    outside = draw(tmp_path / "outside.png", 99)
    with Archive.open(folder, model="builtin", case="7") as archive:
        archive.search(outside, k=2)
        [entry] = archive.log.entries(events=[Event.SEARCH])
        embedding = json.loads(entry.detail or "")["query_embeddings"][0].encode()
        parts = [embedding[at : at + 60] for at in range(0, len(embedding) - 60, 60)]
        assert any(part in bytes_of(archive) for part in parts)  # a page may end in one
        planned = archive.plan_delete(searches_of="7")
        assert planned.searches == (entry.number,)
        archive.delete(planned)
        held = bytes_of(archive)
        assert not any(part in held for part in parts)
        assert b"outside.png" not in bytes_of(archive)
        assert archive.log.faults() == []
        assert archive.check() == []


def test_what_is_kept_outside_of_the_archive_goes_too(archive, folder, tmp_path) -> None:
    asked = KeptPictures(query_pictures(archive._store))
    files = sorted((tmp_path / "crops").iterdir())
    gone, stays = (asked.keep(path.read_bytes()) for path in files[:2])
    clips, jobs = (
        Path(tempfile.mkdtemp(prefix=temporaries.prefix_of(kind, folder)))
        for kind in (temporaries.MADE, temporaries.JOBS)
    )
    other = Path(tempfile.mkdtemp(prefix=temporaries.prefix_of(temporaries.MADE, tmp_path)))
    (clips / "a.mp4").write_bytes(b"clip")
    (jobs / "7").mkdir()
    (jobs / "7" / "people.html").write_bytes(b"page")
    (other / "b.mp4").write_bytes(b"clip of another archive")
    proof = archive.maintenance.delete_certified(archive.plan_delete(crop_ids=[1]), ["crops"])
    assert proof.remains.caches == {
        "query_pictures": 1, "footage_digests": 0, "clips": 1, "job_files": 1, "fetched_footage": 0,
    }  # fmt: skip
    assert asked.read(stays)
    with pytest.raises(NotFound):
        asked.read(gone)
    assert not list(clips.iterdir())
    assert not list(jobs.iterdir())
    assert (other / "b.mp4").exists()
    for one in (clips, jobs, other):
        shutil.rmtree(one)
