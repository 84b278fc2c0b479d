"""Archives of every earlier schema upgrade and open; a test that all revisions are frozen here."""

from __future__ import annotations

import datetime as dt
import json
import math
import sqlite3
import unicodedata

import numpy as np
import pytest
from archives import NOON, fill, raw_sql, sql, unit_rows
from frozen import DATA, FROZEN, thawed

from reidsearch import Archive, migrate
from reidsearch.base.errors import ArchiveError, ArchiveVersionError
from reidsearch.domain.crops import Facts
from reidsearch.domain.footage import How
from reidsearch.domain.request import Filters
from reidsearch.index.gallery import Gallery
from reidsearch.maintenance.check import check
from reidsearch.maintenance.summary import failures, summarise
from reidsearch.output.hints import advice
from reidsearch.store.crops.embeddings import embeddings_of
from reidsearch.store.crops.store import Store
from reidsearch.store.database import schema


def test_every_revision_is_frozen_here():
    revisions = [path.stem.removeprefix("archive-") for path in FROZEN]
    versions = schema.migrations_folder() / "versions"
    assert revisions == sorted(path.name[:4] for path in versions.glob("[0-9]*.py"))
    assert revisions[-1] == schema.REVISION


@pytest.mark.full
@pytest.mark.parametrize("text", FROZEN, ids=lambda path: path.stem)
def test_an_earlier_archive_migrates_and_opens(text, tmp_path):
    folder = thawed(text, tmp_path / "archive")
    revision = text.stem.removeprefix("archive-")
    views = int(revision >= "0002")  # the later ones hold footage too
    assert migrate(folder) == (revision, schema.REVISION)
    with Store(folder) as store:
        assert check(store) == []
        assert store.row.uuid == "00000000-0000-4000-8000-000000000001"
        assert store.crop(1).facts == Facts("gate", NOON, "p1", {"note": "ä"})
        assert store.crop(3).facts == Facts()
        assert store.picture(2) == b"\xff\xd8 picture 1"
        held = embeddings_of(store, [1, 2, 3])
        assert [round(float(np.linalg.norm(held[i])), 5) for i in (1, 2, 3)] == [1, 1, 1]
        assert [f.location for f in failures(store)] == ["/footage/bad.jpg"]
        summary = summarise(store)
        assert (summary.crops, summary.first_time) == (3 + views, NOON)
        assert summary.created_at == dt.datetime(2024, 5, 31, 12, tzinfo=dt.UTC)
        gallery = Gallery(store)
        gallery.sync()
        assert gallery.search(held[2], 1).ids.tolist() == [2]
    assert fill(folder, unit_rows(1, seed=8), first=50).tolist() == [4 + views]


@pytest.mark.full
def test_frozen_footage_is_read_and_goes_on(tmp_path):
    folder = thawed(DATA / "archive-0002.sql", tmp_path / "archive")
    migrate(folder)
    with Archive.open(folder, model="builtin") as archive:
        half, whole = archive.footage.coverage()  # by location
        assert (whole.state, half.state) == ("finished", "interrupted")
        assert [span.how for span in whole.spans] == [How.GATED]
        (seen,) = archive.footage.tracklets(whole.source_id)
        assert (seen.crop_ids, seen.camera, seen.parts[0].last_us) == ((4,), "yard", 400_000)
        assert archive.crop(4).facts.time == NOON + dt.timedelta(seconds=0.2)


@pytest.mark.full
def test_frozen_decisions_are_read_and_go_on(tmp_path):
    folder = thawed(DATA / "archive-0003.sql", tmp_path / "archive")
    migrate(folder)
    with Archive.open(folder, model="builtin") as archive:
        story = archive.identities.show("anna")
        assert [one.member.text for one in story.members] == ["tracklet 1"]
        assert [one.member.text for one in story.rejected] == ["crop 2"]
        assert [one.undone_by for one in story.decisions] == [None, None, 4, None]
        made = archive.identities.confirm("anna", [1])
        assert made is not None
        assert made.decision_id == 5
        assert archive.check() == []


@pytest.mark.full
def test_notes_on_facts_are_parted_and_cameras_are_composed_while_migrating(tmp_path):
    folder = thawed(DATA / "archive-0003.sql", tmp_path / "archive")
    why = "file name matches no known recorder pattern"
    decomposed = unicodedata.normalize("NFD", "café")
    notes = json.dumps(["interlaced", why])
    raw_sql(folder, "UPDATE footage SET notes = ? WHERE source_id = 5", notes)
    raw_sql(folder, "UPDATE camera SET name = ? WHERE id = 1", "café")
    raw_sql(folder, "UPDATE camera SET name = ? WHERE id = 3", decomposed)
    raw_sql(folder, "UPDATE footage SET camera_id = NULL WHERE source_id = 5")
    migrate(folder)
    with Archive.open(folder) as archive:
        by_id = {one.source_id: one for one in archive.footage.coverage()}
        assert {one.facts.camera for one in by_id.values()} == {"café", None}
        assert archive.crop(1).facts.camera == archive.crop(4).facts.camera == "café"
        assert by_id[5].warnings[0] == "interlaced"
        assert why in by_id[5].warnings
        assert by_id[4].warnings == ()
        assert archive.check() == []


@pytest.mark.full
def test_frozen_attributes_are_read(tmp_path):
    folder = thawed(DATA / "archive-0003.sql", tmp_path / "archive")
    migrate(folder)
    with Archive.open(folder) as archive:
        told = archive.attributes.of(4)
        assert (told.crops, told.things["bag"], told.colour("upper")) == (1, 0.75, ("blue", 1.0))
        assert told.colours["lower"]["grey"] == 0.75
        assert archive.attributes.of(2) is None
        filters = Filters(wearing=("red",), with_things=("backpack",))
        assert [m.crop.crop_id for m in archive.search(2, filters=filters).matches] == [1]


@pytest.mark.full
def test_a_frozen_calibration_is_read_and_replaced_by_a_new_number(tmp_path, monkeypatch):
    folder = thawed(DATA / "archive-0003.sql", tmp_path / "archive")
    migrate(folder)
    with Archive.open(folder, model="builtin") as archive:
        assert archive.calibration.status() == (
            "uncalibrated: its calibration was made from plain cosine similarity and says nothing "
            "of camera-adjusted scores"
        )
    monkeypatch.setattr("reidsearch.index.adjusting.LEAST_CAMERAS", 99)
    with Archive.open(folder, model="builtin") as archive:
        held = archive.calibration.in_force()
        assert held is not None
        assert archive.calibration.status() == (
            "calibrated on other footage: market (100 people, 2 cameras, 2024-05-31)"
        )
        read = held.read(0.5, prior=0.5, comparisons=100)
        # A rate of one in four is the lowest that this one tells, and bounds the ratio.
        assert read.log10_lr == pytest.approx(math.log10(4))
        assert read.log10_lr_interval == (0.0, read.log10_lr)
        assert read.limited
        assert read.false_alarms == pytest.approx(25)
        archive.calibration.forget()
    assert sql(folder, "SELECT seq FROM sqlite_sequence WHERE name = 'calibration'") == [(2,)]


def test_an_archive_of_this_version_is_left_as_it_is(tmp_path):
    fill(tmp_path / "a", unit_rows(2))
    assert migrate(tmp_path / "a") == (schema.REVISION, schema.REVISION)


@pytest.mark.parametrize(
    ("revision", "kind", "hint"),
    [
        ("0000", ArchiveVersionError, "run: reidsearch migrate -a"),
        ("zzzz", ArchiveVersionError, "upgrade reidsearch"),
    ],
)
def test_other_versions_are_refused_with_what_to_do(tmp_path, revision, kind, hint):
    fill(tmp_path / "a", unit_rows(1))
    sql(tmp_path / "a", "UPDATE alembic_version SET version_num = :v", v=revision)
    with pytest.raises(kind, match=revision) as error:
        Store(tmp_path / "a")
    assert hint in advice(error.value)


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\0", b"no database" * 100])
def test_a_file_that_is_no_archive_is_refused(tmp_path, data):
    (tmp_path / "archive.db").write_bytes(data)
    with pytest.raises(ArchiveError):
        Store(tmp_path)
    with pytest.raises(ArchiveError):
        migrate(tmp_path)


def test_a_database_of_something_else_is_refused(tmp_path):
    connection = sqlite3.connect(tmp_path / "archive.db")
    connection.execute("CREATE TABLE notes (text)")
    connection.commit()
    connection.close()
    with pytest.raises(ArchiveError, match="no archive tables"):
        Store(tmp_path)
    with pytest.raises(ArchiveError, match="no archive tables"):
        migrate(tmp_path)


@pytest.mark.full
def test_frozen_holes_in_coverage_are_read(tmp_path):
    folder = thawed(DATA / "archive-0004.sql", tmp_path / "archive")
    migrate(folder)
    with Archive.open(folder, model="builtin") as archive:
        half, whole = archive.footage.coverage()  # by location
        assert [(span.how, span.to_us) for span in whole.spans] == [(How.ERASED, 5_000_000)]
        assert {span.how for span in half.spans} == {How.ERASED, How.DENSE}
        assert archive.check() == []
