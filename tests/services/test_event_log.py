"""The event log of an archive: what is in it, whose it is, and how changes to it show."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import threading
from pathlib import Path

import pytest
from archives import draw_many, opened, read_only, sql

from reidsearch import Archive, restore
from reidsearch.base.actor import Author, acting
from reidsearch.base.errors import InputError, UsageError
from reidsearch.domain.answers import Answer, WhyNotLogged
from reidsearch.domain.event_log import Event, LogEntry
from reidsearch.domain.request import SearchRequest
from reidsearch.services.search_log import answer_sha256
from reidsearch.store import seals

pytestmark = pytest.mark.full  # archives that are searched again and again


@pytest.fixture
def archive(tmp_path, indexed_crops):
    indexed_crops(tmp_path, 5)
    with opened(tmp_path / "archive") as archive:
        yield archive


def entries(archive: Archive, *events: Event) -> list[LogEntry]:
    return list(archive.log.entries(events=events))


def last(archive: Archive, *events: Event) -> LogEntry:
    return entries(archive, *events)[-1]


def put_back(folder: Path, statement: str) -> None:
    """Change the log as somebody would who has the database and knows of the digests of rows."""
    sql(folder, statement)


def test_it_begins_with_what_is_held_and_follows_what_is_done(archive) -> None:
    archive.identities.new("anna", [1])
    archive.search([1], k=2)
    archive.delete(archive.plan_delete(crop_ids=[5]))
    told = [entry.event for entry in archive.log.entries()]
    begin, end = [Event.BEGIN, Event.INDEX, Event.INDEX_END], [Event.DECISION, Event.SEARCH]
    assert told == [*begin, *end, Event.DELETE]
    assert [entry.number for entry in archive.log.entries()] == [1, 2, 3, 4, 5, 6]
    assert archive.log.faults() == []


def test_a_search_tells_its_entry_and_the_entry_tells_the_answer(archive) -> None:
    answer = archive.search([1], k=3)
    entry = last(archive, Event.SEARCH)
    assert answer.statement.logged.entry == entry.number
    said = entry.said
    assert [crop for crop, _ in said["matches"]] == [one.crop.crop_id for one in answer.matches]
    assert said["answer_sha256"] == answer_sha256(answer.statement, answer.matches)
    assert said["statement"]["query_pictures"][0]["crop_id"] == 1
    again = archive.search([1], k=3)
    assert answer_sha256(again.statement, again.matches) == said["answer_sha256"]
    other = archive.search([2], k=3)
    assert answer_sha256(other.statement, other.matches) != said["answer_sha256"]


def test_each_of_a_batch_has_an_entry_and_what_failed_has_none(archive, tmp_path) -> None:
    asked = [SearchRequest(1), SearchRequest(tmp_path / "absent.png"), SearchRequest(2)]
    answers = list(archive.search_many(asked))
    numbers = [one.statement.logged.entry for one in answers if isinstance(one, Answer)]
    assert [entry.number for entry in entries(archive, Event.SEARCH)] == numbers
    assert len(numbers) == 2


def test_matches_that_are_given_one_by_one_are_logged_as_far_as_they_were(archive) -> None:
    statement, matches = archive.search_all([1], min_score=-1.0)
    first = next(matches)
    matches.close()
    assert statement.logged.entry == last(archive, Event.SEARCH).number
    said = last(archive, Event.SEARCH_END).said
    assert said["search"] == statement.logged.entry
    assert (said["matches"], said["all"]) == ([[first.crop.crop_id, first.score]], False)


def test_an_explanation_is_logged(archive) -> None:
    told = archive.explain([1], 2)
    assert last(archive, Event.EXPLAIN).said["crop"] == 2
    assert last(archive, Event.EXPLAIN).said["score"] == pytest.approx(told.score)


def test_the_entry_is_of_who_acts(archive) -> None:
    with acting(Author("berta")):
        archive.search([1], k=1)
        archive.identities.by("clara").new("x", [2])
    archive.search([1], k=1)
    told = [(entry.event, entry.actor) for entry in archive.log.entries()][-3:]
    assert told[:2] == [(Event.SEARCH, "berta"), (Event.DECISION, "clara")]
    assert told[2] == (Event.SEARCH, archive.actor)
    assert [one.event for one in archive.log.entries(actor="clara")] == [Event.DECISION]


def test_many_at_once_make_one_chain(archive) -> None:
    archive.search([1], k=1)

    def ask(name: str) -> None:
        with acting(Author(name)):
            for _ in range(5):
                archive.search([1], k=1)

    threads = [threading.Thread(target=ask, args=(f"p{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entries(archive, Event.SEARCH)) == 21
    assert {len(list(archive.log.entries(actor=f"p{n}"))) for n in range(4)} == {5}
    assert archive.log.faults() == []


def test_an_archive_without_a_log_says_so_in_every_answer(tmp_path) -> None:
    draw_many(tmp_path / "crops", 2)
    folder = tmp_path / "archive"
    with Archive.open(folder, create=True, model="builtin", logged=False) as archive:
        archive.index([tmp_path / "crops"])
        assert archive.search([1], k=1).statement.logged.why_not is WhyNotLogged.NO_LOG
        assert list(archive.log.entries()) == []
        assert not archive.log.kept
        with pytest.raises(UsageError, match="without an event log"):
            archive.log.seal()
    with Archive.open(folder, create=True, model="builtin") as archive:
        assert not archive.log.kept


def test_a_log_cannot_be_switched_off(archive, tmp_path) -> None:
    with pytest.raises(UsageError, match="keeps an event log"):
        Archive.open(tmp_path / "archive", create=True, model="builtin", logged=False)


def test_an_archive_that_can_only_be_read_is_searched_and_says_why_not(archive, tmp_path) -> None:
    archive.close()
    with read_only(tmp_path / "archive"), Archive.open(tmp_path / "archive") as held:
        assert held.search([1], k=1).statement.logged.why_not is WhyNotLogged.READ_ONLY
        assert held.log.faults() == []


# -- changes show ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE log_entry SET actor = 'nobody' WHERE id = 3", "was changed"),
        ("UPDATE log_entry SET at_us = at_us + 1 WHERE id = 4", "was changed"),
        ("UPDATE log_entry SET detail = '{}' WHERE id = 5", "its detail is not what was written"),
        ("UPDATE log_entry SET detail = NULL, salt = NULL WHERE id = 5", "was erased"),
        ("DELETE FROM log_entry WHERE id = 4", "missing: entry 5 follows entry 3"),
        ("DELETE FROM log_entry WHERE id > 4", "cut off"),
        ("UPDATE decision SET note = 'another' WHERE id = 1", "decision 1 is not what was decided"),
        ("DELETE FROM decision WHERE id = 1", "decision 1 is gone"),
    ],
)
def test_what_was_changed_is_named_by_the_log_and_by_check(archive, statement, told) -> None:
    archive.identities.new("anna", [1])
    archive.search([1], k=2)
    archive.log.seal()
    put_back(archive._store.folder, statement)
    found = archive.log.faults()
    assert any(told in fault.what for fault in found), found
    assert any(finding.code == "event-log" for finding in archive.check())


def test_a_decision_past_the_log_shows(archive) -> None:
    archive.identities.new("anna", [1])
    names = "at_us, who, what, note, forced, undoes, changes"
    put_back(
        archive._store.folder,
        f"INSERT INTO decision ({names}) SELECT {names} FROM decision WHERE id = 1",
    )
    assert "are others" in archive.log.faults()[0].what


def test_decisions_of_before_the_log_are_bound_to_its_beginning(archive) -> None:
    archive.identities.new("anna", [1])
    put_back(archive._store.folder, "DELETE FROM log_entry")
    archive.identities.new("berta", [2])
    assert archive.log.faults() == []
    put_back(archive._store.folder, "UPDATE decision SET who = 'x' WHERE id = 1")
    assert archive.log.faults()[0].number == 1


def test_a_seal_that_was_kept_elsewhere_holds_against_whoever_has_the_folder(
    archive, tmp_path
) -> None:
    archive.search([1], k=1)
    seal = archive.log.seal()
    kept = tmp_path / "seal.json"
    kept.write_text(json.dumps(seal.document()))
    folder = archive._store.folder
    put_back(folder, "DELETE FROM log_entry WHERE id > 2")
    (folder / seals.FOLDER / f"{seal.entries:012}.json").unlink()
    assert archive.log.faults() == []
    assert "cut off" in archive.log.faults([kept])[0].what


def test_what_is_no_seal_of_this_archive_is_told(archive, tmp_path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{}")
    with pytest.raises(InputError, match="is no seal"):
        archive.log.faults([bad])
    document = archive.log.seal().document() | {"archive_id": "another"}
    bad.write_text(json.dumps(document))
    with pytest.raises(InputError, match="of another archive"):
        archive.log.faults([bad])


def test_the_log_is_sealed_once_a_day(archive, monkeypatch) -> None:
    assert archive.log.seals() == []
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    monkeypatch.setattr(seals, "now", lambda: tomorrow)
    monkeypatch.setattr("reidsearch.store.event_log.now", lambda: tomorrow)
    archive.search([1], k=1)
    archive.search([1], k=1)
    assert [seal.entries for seal in archive.log.seals()] == [5]
    assert last(archive, Event.SEAL).number == 5
    assert archive.log.faults() == []


def test_a_restored_backup_has_its_log_and_its_seals(archive, tmp_path) -> None:
    seal = archive.log.seal()
    archive.maintenance.backup(tmp_path / "backup")
    assert last(archive, Event.BACKUP).said["folder"] == str(tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "again")
    with Archive.open(tmp_path / "again", model="builtin") as again:
        assert again.log.seals() == [seal]
        again.search([1], k=1)
        assert again.log.faults() == []


def test_a_damaged_entry_stops_nothing_and_is_named(archive) -> None:
    archive.search([1], k=1)
    with sqlite3.connect(archive._store.folder / "archive.db") as database:
        database.execute("UPDATE log_entry SET actor = 'x' WHERE id = 4")
    assert archive.search([1], k=1).statement.logged.entry == 5
    archive.delete(archive.plan_delete(crop_ids=[5]))
    found = archive.check()
    assert "log_entry" in next(one.message for one in found if one.code == "row")
    assert any("entry 4 of the event log" in one.message for one in found)
    told = [(fault.number, fault.what.partition(":")[0]) for fault in archive.log.faults()]
    assert told == [(4, "its row is damaged")]
    put_back(archive._store.folder, "UPDATE log_entry SET at_us = 'x' WHERE id = 3")
    told = [(fault.number, fault.what.partition(":")[0]) for fault in archive.log.faults()]
    assert told[:2] == [(3, "its row is damaged and cannot be read"), (3, "missing")]


# -- erasing --------------------------------------------------------------------------------


def test_deleting_erases_what_was_asked_with_the_deleted_and_the_chain_holds(archive) -> None:
    archive.search([2], k=1)
    archive.search([1], k=1)
    before = [entry.detail for entry in entries(archive, Event.SEARCH)]
    digest = json.loads(before[0])["statement"]["embedding_sha256"]
    archive.delete(archive.plan_delete(crop_ids=[2]))
    after = entries(archive, Event.SEARCH)
    assert [entry.said is None for entry in after] == [True, False]
    assert last(archive, Event.FORGET).said["entries"] == [after[0].number]
    assert archive.log.faults() == []
    data = b"".join(one.read_bytes() for one in archive._store.folder.iterdir() if one.is_file())
    assert digest.encode() not in data


def test_an_entry_that_names_a_deleted_file_loses_its_detail(archive, tmp_path) -> None:
    archive.search([3], k=1)
    name = archive.crop(3).location
    archive.delete(archive.plan_delete(crop_ids=[3]))
    assert entries(archive, Event.SEARCH)[-1].said is None
    held = (archive._store.folder / "archive.db").read_bytes()
    assert name.encode() not in held
