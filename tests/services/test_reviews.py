"""Reviews by a second examiner: who may answer, what is shown when, what stays, what tampers."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from archives import sql, unit_rows
from tracklets import Seen, write_footage

from reidsearch import Archive
from reidsearch.base.actor import Author, acting
from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.domain.decisions import Member
from reidsearch.domain.review import First, Part, Review, ReviewAnswer
from reidsearch.output.reviews import review_json, review_text, reviews_json

pytestmark = pytest.mark.full
SAME, DIFFERENT, _ = ReviewAnswer
# Seconds in one recording: tracklets 1 to 8, each with one crop of its number.
SPANS = [(0, 10), (2, 8), (9.8, 20), (30, 40), (32, 50), (60, 70), (61, 66), (5, 6)]


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "a"
    seen = [
        Seen(first, last, unit_rows(1, seed=number)) for number, (first, last) in enumerate(SPANS)
    ]
    write_footage(folder, "gate.mp4", "gate", seen)
    write_footage(folder, "door.mp4", "door", [Seen(0, 10, unit_rows(1, seed=50))])
    with Archive.open(folder, actor="eve") as archive:
        archive.cases.new("1")
    with Archive.open(folder, actor="eve", case="1") as archive:
        archive.identities.new("anna", [1])
        archive.identities.confirm("anna", [4])
        archive.identities.reject("anna", [6])
        archive.identities.unsure("anna", [9])
    return folder


@pytest.fixture
def folder(tmp_path, made_once):
    return shutil.copytree(made_once, tmp_path / "a")


@pytest.fixture
def archive(folder):
    with Archive.open(folder, actor="eve") as archive:
        yield archive


def as_maria():
    return acting(Author("maria"))


def places(review: Review) -> dict[Member, int]:
    return {one.member: one.place for one in review.asked}


def answered(archive: Archive, review: Review) -> Review:
    with as_maria():
        archive.reviews.answer(review.review_id, {one.place: DIFFERENT for one in review.asked})
        return archive.reviews.finish(review.review_id)


def test_what_is_shown_is_what_was_decided_and_who_was_there_at_the_same_time(archive) -> None:
    review = archive.reviews.start("1", "anna")
    by_part = {
        part: {one.member.number: one for one in review.items if one.part is part} for part in Part
    }
    assert set(by_part[Part.REFERENCE]) == {1}
    assert {number: one.first for number, one in by_part[Part.CANDIDATE].items()} == {
        4: First.CONFIRMED,
        6: First.REJECTED,
        9: First.UNSURE,
    }
    # 3 is there with 1 for too short a time, 7 only with 6, who was rejected.
    fillers = {number: one.beside for number, one in by_part[Part.FILLER].items()}
    assert fillers == {
        2: (Member("tracklet", 1),),
        8: (Member("tracklet", 1),),
        5: (Member("tracklet", 4),),
    }
    for number, (beside,) in fillers.items():
        (a, b), (c, d) = SPANS[number - 1], SPANS[beside.number - 1]
        assert max(a, c) < min(b, d)
    assert (review.fillers, review.fillers_wanted) == (3, 10)
    assert "no more people who were seen at the same time" in review_text(review)


def test_half_of_the_fillers_are_the_most_similar(archive, folder) -> None:
    vector = sql(folder, "SELECT vector FROM embedding WHERE crop_id = 1")[0][0]
    query = np.frombuffer(vector, "<f4")
    scores = {}
    for number in (2, 5, 8):
        [[other]] = sql(folder, "SELECT vector FROM embedding WHERE crop_id = :n", n=number)
        scores[number] = float(query @ np.frombuffer(other, "<f4"))
    review = archive.reviews.start("1", "anna", count=1)
    assert [one.member.number for one in review.asked if one.part is Part.FILLER] == [
        max(scores, key=scores.__getitem__)
    ]


def test_until_it_is_finished_nothing_tells_what_an_item_is(archive, folder) -> None:
    review = archive.reviews.start("1", "anna")
    told = json.dumps(
        [review_json(review), reviews_json(archive.reviews.all()), review_text(review)]
    )
    [entry] = [one for one in archive.log.entries() if one.event == "review"]
    for text in (told, entry.detail or ""):
        for word in ("confirmed", "rejected", "unsure", "candidate", '"filler"', review.seed.hex()):
            assert word not in text
    items = review_json(review)["items"]
    assert all(set(one) == {"item", "answer", "erased"} for one in items)
    done = answered(archive, review)
    assert review_json(done)["seed"] == review.seed.hex()
    entry = [one for one in archive.log.entries() if one.event == "review"][-1]
    assert review.seed.hex() in (entry.detail or "")


def test_who_decided_first_cannot_answer_and_one_examiner_answers_all(archive) -> None:
    review = archive.reviews.start("1", "anna")
    for name in ("eve", " EVE"):
        with acting(Author(name)), pytest.raises(UsageError) as refused:
            archive.reviews.answer(review.review_id, {1: SAME})
        assert refused.value.kind == Kind.REVIEW_FIRST_EXAMINER
    with as_maria():
        archive.reviews.answer(review.review_id, {1: SAME})
        archive.reviews.answer(review.review_id, {1: DIFFERENT})
        with pytest.raises(UsageError, match="without an answer: 2, 3"):
            archive.reviews.finish(review.review_id)
        with pytest.raises(UsageError, match="no item 99"):
            archive.reviews.answer(review.review_id, {99: SAME})
    with acting(Author("bob")), pytest.raises(UsageError, match="answered by maria"):
        archive.reviews.answer(review.review_id, {2: SAME})
    done = answered(archive, archive.reviews.find(review.review_id))
    with as_maria(), pytest.raises(UsageError, match="finished"):
        archive.reviews.answer(done.review_id, {1: SAME})
    assert len(sql(archive._store.folder, "SELECT * FROM review_answer WHERE place = 1")) == 3
    assert archive.check() == []


def test_what_cannot_be_reviewed_is_refused(archive) -> None:
    archive.cases.new("2")
    with pytest.raises(NotFound) as nothing:
        archive.reviews.start("2", "anna")
    assert nothing.value.kind == Kind.REVIEW_OF_NOTHING
    with pytest.raises(UsageError, match="was not confirmed as"):
        archive.reviews.start("1", "anna", references=[6])
    with pytest.raises(NotFound):
        archive.reviews.find(7)
    review = archive.reviews.start("1", "anna", references=[4])
    assert Member("tracklet", 1) in places(review)
    archive.cases.close("1")
    with as_maria(), pytest.raises(UsageError) as closed:
        archive.reviews.answer(review.review_id, {1: SAME})
    assert closed.value.kind == Kind.CASE_CLOSED


def test_what_is_erased_leaves_the_counts(archive) -> None:
    done = answered(archive, archive.reviews.start("1", "anna"))
    before = review_json(done)["outcome"]
    assert archive.delete(archive.plan_delete(crop_ids=[2, 4]))
    after = archive.reviews.find(done.review_id)
    told = review_json(after)
    assert told["outcome"] == {**before, "erased": 2}
    assert [one["item"] for one in told["items"] if one["erased"]] == sorted(
        [places(done)[Member("tracklet", 2)], places(done)[Member("tracklet", 4)]]
    )
    assert "Erased since: 2 items." in review_text(after)
    assert archive.delete(archive.plan_delete(identity="anna"))
    assert "anna" not in json.dumps(review_json(archive.reviews.find(done.review_id)))
    assert archive.check() == []


def test_what_is_erased_before_its_answer_does_not_hold_up_the_review(archive) -> None:
    review = archive.reviews.start("1", "anna")
    archive.delete(archive.plan_delete(crop_ids=[5]))
    review = archive.reviews.find(review.review_id)
    gone = places(review)[Member("tracklet", 5)]
    with as_maria():
        with pytest.raises(UsageError, match="was erased"):
            archive.reviews.answer(review.review_id, {gone: SAME})
        archive.reviews.answer(review.review_id, dict.fromkeys(review.open, DIFFERENT))
        done = archive.reviews.finish(review.review_id)
    assert review_json(done)["outcome"]["unanswered"] == 1
    assert archive.check() == []


CHANGES = [
    "UPDATE review_item SET part = 'candidate', first = 'rejected' WHERE part = 'filler'",
    "UPDATE review_item SET first = 'rejected' WHERE first = 'confirmed'",
    "UPDATE review_item SET beside = '[]' WHERE part = 'filler'",
    "UPDATE review_item SET place = 100 WHERE place = 1",
    "DELETE FROM review_item WHERE place = 2",
    "UPDATE review_answer SET answer = 'same' WHERE place = 1",
    "DELETE FROM review_answer WHERE place = 1",
    "UPDATE review SET seed = zeroblob(32)",
    "UPDATE review SET finished_us = NULL",
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_changed_past_the_program_is_named(folder, change) -> None:
    with Archive.open(folder, actor="eve") as archive:
        answered(archive, archive.reviews.start("1", "anna"))
        assert archive.check() == []
    sql(folder, change)
    with Archive.open(folder) as archive:
        assert {one.code for one in archive.check()} == {"review"}
