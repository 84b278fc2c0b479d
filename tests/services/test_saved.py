"""Saved questions are asked of what is indexed, under their case, and go with what they show."""

from __future__ import annotations

from pathlib import Path

import pytest
from archives import draw, draw_many, opened, raw_sql

from reidsearch import Archive
from reidsearch.base.errors import ArchiveError, NotFound, UsageError
from reidsearch.domain.cases import Needed
from reidsearch.domain.crops import CropInput, Facts, HeldBytes
from reidsearch.domain.event_log import Event
from reidsearch.domain.request import Filters

pytestmark = pytest.mark.full
WANTED = 3
"""Of the person searched for: noise of this seed, and no other, reaches a score of 0.999."""


@pytest.fixture
def archive(tmp_path: Path):
    draw_many(tmp_path / "first", 3)
    with opened(tmp_path / "archive") as made:
        made.index([tmp_path / "first"])
        yield made


def bring(archive: Archive, folder: Path, *seeds: int, camera: str | None = None) -> None:
    """Index crops of these seeds."""
    inputs = [
        CropInput(f"{folder}/{seed}.png", "1", HeldBytes(path.read_bytes()), None, Facts(camera))
        for seed in seeds
        for path in [draw(folder / f"{seed}.png", seed)]
    ]
    archive.index_crops(inputs)


def searches(archive: Archive) -> list:
    return [one for one in archive.log.entries() if one.event is Event.SEARCH]


def test_what_an_index_run_brings_is_searched_once(archive, tmp_path):
    picture = draw(tmp_path / "query.png", WANTED)
    archive.saved.add("wanted", str(picture), min_score=0.999)
    picture.unlink()
    bring(archive, tmp_path / "b", 10, 11)
    assert archive.saved.found("wanted") == []
    bring(archive, tmp_path / "c", 12, WANTED)
    (found,) = archive.saved.found("wanted")
    assert found.crop.location.endswith(f"/{WANTED}.png")
    assert found.seen_at is None
    entry = searches(archive)[-1]
    assert entry.number == found.entry
    assert "saved question wanted" in entry.said["statement"]["query"]
    assert [(one.asked, one.found) for one in archive.saved.run()] == [(False, 0)]
    archive.saved.mark_seen("wanted", [found.crop.crop_id])
    bring(archive, tmp_path / "d", 13)
    (state,) = archive.saved.all()
    assert (state.found, state.new, state.question.why_not) == (1, 0, None)
    archive.saved.remove("wanted")
    with pytest.raises(NotFound):
        archive.saved.found("wanted")
    kinds = [one.said["change"] for one in archive.log.entries() if one.event is Event.SAVED]
    assert kinds == ["add", "remove"]


def test_without_a_saved_question_nothing_is_asked(archive, tmp_path):
    bring(archive, tmp_path / "b", WANTED)
    assert searches(archive) == []
    assert archive.saved.run() == []


def test_filters_and_crops_count_and_what_was_there_before_is_no_answer(archive, tmp_path):
    bring(archive, tmp_path / "b", WANTED, camera="gate")
    crop = archive.search(str(tmp_path / "b" / f"{WANTED}.png"), k=1).matches[0].crop.crop_id
    archive.saved.add("here", crop, min_score=0.9, adjusted=False, filters=Filters(("gate",)))
    with pytest.raises(UsageError, match="already"):
        archive.saved.add("here", crop, min_score=0.9)
    bring(archive, tmp_path / "c", WANTED + 100, camera="yard")
    copy = tmp_path / "c" / "copy.png"
    copy.write_bytes((tmp_path / "b" / f"{WANTED}.png").read_bytes() + b" ")  # another file
    for camera in ("yard", "gate"):
        data = copy.read_bytes() + camera.encode()
        archive.index_crops([CropInput(camera, "1", HeldBytes(data), None, Facts(camera))])
    assert [one.crop.facts.camera for one in archive.saved.found("here")] == ["gate"]
    archive.delete(archive.plan_delete(crop_ids=[crop]))
    bring(archive, tmp_path / "d", 40)
    (state,) = archive.saved.all()
    assert f"{crop}" in (state.question.why_not or "")


def test_a_closed_case_stops_it_and_it_catches_up_when_reopened(archive, tmp_path):
    picture = str(draw(tmp_path / "query.png", WANTED))
    archive.cases.new("7")
    archive.cases.require(Needed.CASE)
    with pytest.raises(UsageError):
        archive.saved.add("wanted", picture, min_score=0.999)
    with Archive.open(tmp_path / "archive", model="builtin", case="7", actor="anna") as mine:
        mine.saved.add("wanted", picture, min_score=0.999)
    archive.cases.close("7")
    bring(archive, tmp_path / "b", WANTED)
    (state,) = archive.saved.all()
    assert "closed" in state.question.why_not
    assert state.found == 0
    archive.cases.reopen("7")
    assert [one.found for one in archive.saved.run("wanted")] == [1]
    (entry,) = searches(archive)
    assert (entry.case, entry.actor) == ("7", "anna")
    assert archive.saved.find("wanted").question.why_not is None


def test_what_cannot_be_asked_again_is_refused(archive, tmp_path):
    picture = str(draw(tmp_path / "query.png", WANTED))
    for options in (
        {},
        {"min_score": 0.5, "filters": Filters(wearing=("upper:red",))},
        {"min_score": 0.5, "likes": (1,)},
    ):
        with pytest.raises(UsageError):
            archive.saved.add("wanted", picture, **options)
    with pytest.raises(NotFound):
        archive.saved.add("wanted", picture, min_score=0.5, filters=Filters(("nowhere",)))
    with pytest.raises(NotFound):
        archive.saved.add("wanted", 99, min_score=0.5)
    assert archive.saved.all() == []


def test_erasing_takes_the_questions_along_that_show_it(archive, tmp_path):
    """One searched with a file that the archive holds, one for an identity, one with another."""
    bring(archive, tmp_path / "b", WANTED)
    held = archive.search(str(tmp_path / "b" / f"{WANTED}.png"), k=1).matches[0].crop.crop_id
    archive.identities.new("anna", [1])
    archive.saved.add("copy", str(tmp_path / "b" / f"{WANTED}.png"), min_score=0.9)
    archive.saved.add("of anna", identity="anna", min_score=0.9)
    archive.saved.add("other", str(draw(tmp_path / "q.png", 77)), min_score=0.9)
    archive.delete(archive.plan_delete(crop_ids=[held]))
    assert [one.question.name for one in archive.saved.all()] == ["of anna", "other"]
    archive.delete(archive.plan_delete(identity="anna"))
    assert [one.question.name for one in archive.saved.all()] == ["other"]
    assert not any("anna" in (one.detail or "") for one in archive.log.entries())
    assert archive.check() == []


def test_a_damaged_embedding_is_told_and_indexing_goes_on(archive, tmp_path):
    archive.saved.add("wanted", str(draw(tmp_path / "q.png", WANTED)), min_score=0.9)
    archive.close()
    raw_sql(tmp_path / "archive", "UPDATE saved_picture SET vector = ?", b"\0" * 64)
    with opened(tmp_path / "archive") as again:
        bring(again, tmp_path / "b", WANTED)
        assert again.show().crops == 4
        with pytest.raises(ArchiveError):
            again.saved.run()
        assert any("saved_picture" in one.message for one in again.check())
