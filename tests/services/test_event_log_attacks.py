"""The event log against rows and seals that nobody of this program wrote, and what it forgets."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from pathlib import Path

import pytest
from archives import opened, sql

from reidsearch import Archive
from reidsearch.base.actor import Author, acting
from reidsearch.base.errors import ArchiveError
from reidsearch.domain.event_log import Event, LogEntry
from reidsearch.output.event_log import CHANGED, entries_view, summary
from reidsearch.store import seals

pytestmark = pytest.mark.full  # archives that are searched again and again


@pytest.fixture
def archive(tmp_path, indexed_crops):
    indexed_crops(tmp_path, 5)
    with opened(tmp_path / "archive") as archive:
        archive.identities.new("anna", [1])
        archive.search([1], k=2)
        yield archive


def last(archive: Archive, event: Event) -> LogEntry:
    return list(archive.log.entries(events=[event]))[-1]


@pytest.mark.parametrize(
    "detail", ["no JSON", "[1]", '{"decision": [1]}', "[" * 900 + "]" * 900, 7]
)
def test_details_of_another_form_are_faults_and_hinder_nothing(archive, detail) -> None:
    sql(archive._store.folder, "UPDATE log_entry SET detail = :detail", detail=detail)
    found = archive.log.faults()
    changed = [one.number for one in found if one.what == "its detail is not what was written"]
    assert changed == [1, 2, 3, 4, 5]
    assert {finding.code for finding in archive.check()} == {"event-log"}
    entries_view(list(archive.log.entries()))
    archive.delete(archive.plan_delete(crop_ids=[5]))


def test_a_detail_of_another_form_is_listed_as_such(archive) -> None:
    sql(archive._store.folder, "UPDATE log_entry SET detail = '{}' WHERE event = 'search'")
    assert summary(last(archive, Event.SEARCH)) == CHANGED


def test_a_detail_that_was_put_where_one_was_erased_is_a_fault(archive) -> None:
    archive.delete(archive.plan_delete(crop_ids=[1]))
    assert archive.log.faults() == []
    folder = archive._store.folder
    sql(folder, "UPDATE log_entry SET detail = '{}' WHERE detail IS NULL")
    assert [fault.what for fault in archive.log.faults()] == ["its detail is not what was written"]


@pytest.mark.parametrize("number", [-5, 0, 2**53, 2**63 - 1])
def test_an_entry_with_an_impossible_number_is_told(archive, number) -> None:
    sql(archive._store.folder, "UPDATE log_entry SET id = :number WHERE id = 3", number=number)
    with pytest.raises(ArchiveError, match="cannot have this number"):
        archive.log.faults()
    assert any(finding.code == "event-log" for finding in archive.check())


# -- seals ----------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["file", "link"])
def test_seals_that_are_no_folder_hinder_no_search_and_are_told(archive, tmp_path, what) -> None:
    folder = archive._store.folder / seals.FOLDER
    folder.write_bytes(b"") if what == "file" else folder.symlink_to(tmp_path)
    archive.close()
    with opened(tmp_path / "archive") as again:
        assert again.search([1], k=1).statement.logged.entry
        with pytest.raises(ArchiveError, match="holds no seals"):
            again.log.faults()
        assert any(finding.code == "event-log" for finding in again.check())


@pytest.mark.parametrize(
    "change",
    [{"entries": 0}, {"entries": True}, {"entries": 10**30}, {"archive_id": "x"}, {"head": 5}],
)
def test_a_seal_that_was_changed_is_told(archive, change) -> None:
    seal = archive.log.seal()
    path = archive._store.folder / seals.FOLDER / f"{seal.entries:012}.json"
    path.write_text(json.dumps(seal.document() | change))
    with pytest.raises(ArchiveError, match="is no seal"):
        archive.log.faults()


def test_a_seal_that_cannot_be_written_leaves_nothing(archive, monkeypatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(seals.os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            seals._write(archive._store.folder / "000000000001.json", b"{}")
    assert not list(archive._store.folder.glob("000000000001*"))


# -- who, and what is forgotten -------------------------------------------------------------


def test_matches_that_another_thread_throws_away_are_of_who_asked(archive) -> None:
    with acting(Author("anna")):
        _, matches = archive.search_all([1], min_score=-1.0)
    next(matches)
    thread = threading.Thread(target=matches.close)
    thread.start()
    thread.join()
    assert last(archive, Event.SEARCH_END).actor == "anna"


def test_deleting_erases_every_trace_of_a_crop_from_the_log(archive, tmp_path) -> None:
    source = Path(archive.crop(2).location)
    copy = tmp_path / "elsewhere.png"
    shutil.copy(source, copy)
    archive.search(copy, k=1)
    archive.search([1], k=1, likes=(2,))
    list(archive.search_all([2], min_score=-1.0)[1])
    written = tmp_path / "crop.jpg"
    written.write_bytes(archive.picture(2))
    archive.log.exported(written, "crop")
    (row,) = sql(archive._store.folder, "SELECT sha256 FROM embedding WHERE crop_id = 2")
    embedding = row[0]
    assert isinstance(embedding, bytes)
    digests = [hashlib.sha256(one.read_bytes()).hexdigest() for one in (source, written)]
    archive.delete(archive.plan_delete(crop_ids=[2]))
    gone = [entry.event for entry in archive.log.entries() if entry.said is None]
    assert gone == [Event.SEARCH, Event.SEARCH, Event.SEARCH, Event.SEARCH_END, Event.EXPORT]
    assert archive.log.faults() == []
    files = [one for one in archive._store.folder.rglob("*") if one.is_file()]
    data = b"".join(one.read_bytes() for one in files)
    traces = [source.name, copy.name, embedding.hex(), *digests]
    assert [one for one in traces if one.encode() in data] == []
