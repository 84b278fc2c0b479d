"""Replay: the same archive answers the same; every change is named by what was done."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from archives import draw, opened, sql, write_set

from reidsearch import Archive
from reidsearch.base.errors import InputError, Kind, NotFound, ReidsearchError, UsageError
from reidsearch.base.time_of_day import TimeOfDay
from reidsearch.domain.answer_json import answer_json
from reidsearch.domain.answer_reading import read_answer
from reidsearch.domain.answers import Answer
from reidsearch.domain.cases import Needed
from reidsearch.domain.event_log import Event
from reidsearch.domain.replay import AsIt, Cause, DifferenceKind, Outcome, compare
from reidsearch.domain.request import Filters, SearchRequest

pytestmark = pytest.mark.full  # archives that are searched again and again

PEOPLE = 30


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Thirty drawn people, seen by two cameras twice each: enough crops to be re-ranked."""
    folder = tmp_path_factory.mktemp("made")
    listed = write_set(folder / "set", PEOPLE)
    with opened(folder / "archive") as archive:
        archive.index([listed])
    return folder


@pytest.fixture
def folder(made, tmp_path):
    shutil.copytree(made, tmp_path / "made")
    return tmp_path / "made"


def picture(folder, number=0):
    return sorted((folder / "set").rglob("*.png"))[number]


def reopened(folder, **given) -> Archive:
    return Archive.open(folder / "archive", model="builtin", **given)


def kept(tmp_path, answer: Answer, name="answer.json"):
    path = tmp_path / name
    path.write_text(json.dumps(answer.to_json(), indent=2))
    return path


def entry_of(answer: Answer) -> int:
    number = answer.statement.logged.entry
    assert number is not None
    return number


def test_an_answer_is_identical_after_reopening(folder, tmp_path) -> None:
    with reopened(folder) as archive:
        answer = archive.search(picture(folder))
        assert answer.statement.ranked_by.reranked
        path = kept(tmp_path, answer)
    with reopened(folder) as archive:
        for given in (path, entry_of(answer)):
            for as_it in AsIt:
                told = archive.replay(given, as_it)
                assert told.identical
                assert told.compared.exact
                assert told.same_query
                assert not told.changes
        assert told.logged is not None
        events = [one.event for one in archive.log.entries(last=4)]
        assert events == [Event.REPLAY] * 4
        assert archive.log.faults() == []


def test_new_footage_is_named_and_the_past_stays(folder, tmp_path) -> None:
    with reopened(folder) as archive:
        answer = archive.search(picture(folder), k=20)
    again = write_set(tmp_path / "more", PEOPLE + 12)  # the same people, and others
    with reopened(folder) as archive:
        assert archive.index([again]).indexed
    with reopened(folder) as archive:
        past = archive.replay(entry_of(answer))
        assert past.identical, past
        assert past.compared.exact
        assert not past.not_rebuilt
        assert Cause.FOOTAGE in {one.cause for one in past.changes}
        now = archive.replay(entry_of(answer), AsIt.IS)
        assert now.compared.outcome is Outcome.DIFFERENT
        added = [one for one in now.compared.differences if one.kind is DifferenceKind.ADDED]
        newest = answer.statement.newest_crop
        assert newest is not None
        new = [one for one in added if one.crop_id > newest]
        assert new
        assert all(one.causes == (Cause.FOOTAGE,) for one in new)
        assert Cause.UNEXPLAINED not in {c for d in now.compared.differences for c in d.causes}


def test_what_was_deleted_is_named(folder) -> None:
    with reopened(folder) as archive:
        answer = archive.search(picture(folder))
        gone = [match.crop.crop_id for match in answer.matches if match.own is None][:2]
        archive.delete(archive.plan_delete(crop_ids=gone))
        for as_it in AsIt:
            told = archive.replay(entry_of(answer), as_it)
            missing = [
                one for one in told.compared.differences if one.kind is DifferenceKind.MISSING
            ]
            assert {one.crop_id for one in missing if one.causes == (Cause.ERASED,)} == set(gone)
            assert "crops of that time that were deleted: 2" in [one.what for one in told.changes]
        assert "unexplained" not in {c for d in told.compared.differences for c in d.causes}
        past = archive.replay(entry_of(answer))
        assert past.not_rebuilt[0].startswith("crops of that time")


def test_what_was_asked_with_and_deleted_cannot_be_repeated(folder, tmp_path) -> None:
    with reopened(folder) as archive:
        answer = archive.search(7)
        path = kept(tmp_path, answer)
        archive.delete(archive.plan_delete(crop_ids=[7]))
        with pytest.raises(UsageError, match="was erased"):
            archive.replay(entry_of(answer))
        with pytest.raises(UsageError, match="was erased"):
            archive.replay(path)


def test_decisions_change_what_an_identity_is_searched_with(folder) -> None:
    with reopened(folder) as archive:
        archive.identities.new("anna", [1, 2])
        answer = archive.search(identity="anna", new_only=True, k=5)
        archive.identities.confirm("anna", [answer.matches[0].crop.crop_id])
        assert answer_json(read_answer(answer.to_json())) == answer.to_json()
        past = archive.replay(entry_of(answer))
        assert past.identical
        assert past.compared.exact
        now = archive.replay(entry_of(answer), AsIt.IS)
        assert now.compared.outcome is Outcome.DIFFERENT
        assert {one.cause for one in now.changes} >= {Cause.DECISIONS, Cause.QUERY}
        assert now.same_query is False
        assert Cause.UNEXPLAINED not in {c for d in now.compared.differences for c in d.causes}
        archive.identities.undo(), archive.identities.undo()
        lost = archive.replay(entry_of(answer), AsIt.IS)
        assert lost.compared.outcome is Outcome.NOT_REPEATED
        assert "no identity" in lost.why_not


def test_an_answer_that_hours_of_the_day_limit_is_read_and_replayed(folder) -> None:
    with reopened(folder) as archive:
        hours = Filters(time_of_day=TimeOfDay(22 * 60, 6 * 60, "Asia/Tokyo"))
        answer = archive.search(1, filters=hours)
        assert answer_json(read_answer(answer.to_json())) == answer.to_json()
        assert archive.replay(entry_of(answer)).identical


def test_another_model_is_named(folder) -> None:
    with reopened(folder) as archive:
        answer = archive.search(picture(folder))
    with reopened(folder, flip=True) as archive:
        archive.reembed()
    with reopened(folder) as archive:
        told = archive.replay(entry_of(answer))
        assert told.compared.outcome is Outcome.DIFFERENT
        scores = [one for one in told.compared.differences if one.kind is DifferenceKind.SCORE]
        assert scores
        assert all(Cause.MODEL in one.causes for one in scores)
        assert any("embeddings are of" in one for one in told.not_rebuilt)
        assert told.compared.largest > 1e-4


def test_a_picture_that_is_gone_is_repeated_for_a_case_alone(folder, tmp_path) -> None:
    query = draw(tmp_path / "elsewhere.png", 5)
    with reopened(folder) as archive:
        plain = archive.search(query)
        archive.cases.new("17")
    with reopened(folder, case="17") as archive:
        of_case = archive.search(query)
    query.unlink()
    with reopened(folder) as archive:
        assert archive.replay(entry_of(of_case)).identical
        told = archive.replay(entry_of(plain))
        assert told.compared.outcome is Outcome.NOT_REPEATED
        assert "its embedding is not on record" in told.why_not
        draw(query, 6)
        assert "shows something else" in archive.replay(entry_of(plain)).why_not
        archive.cases.require(Needed.CASE)
        with pytest.raises(UsageError) as error:
            archive.replay(entry_of(of_case))
        assert error.value.kind == Kind.CASE_REQUIRED


def test_a_file_that_was_changed_is_not_what_was_answered(folder, tmp_path) -> None:
    with reopened(folder) as archive:
        answer = archive.search(picture(folder))
        path = kept(tmp_path, answer)
        for change, told in (
            (lambda one: one["matches"][0].update(score=0.5), "match 1: crop"),
            (lambda one: one["matches"].pop(), "match 10: none in the file"),
            (lambda one: one["statement"].update(runtime="GPU"), "runtime of the statement"),
            (lambda one: one["matches"][2].update(location="b.png"), "what is told of a match"),
        ):
            document = answer.to_json()
            change(document)
            path.write_text(json.dumps(document))
            found = archive.replay(path)
            assert found.evidence.file is False
            assert found.evidence.file_differs[0].startswith(told)
            assert found.compared.outcome is Outcome.IDENTICAL  # of what the log holds
            assert not found.identical


def test_an_entry_that_was_changed_does_not_hold(folder) -> None:
    with reopened(folder) as archive:
        first, second = (archive.search(picture(folder, one)) for one in (0, 3))
        archive.search(picture(folder, 5))
    where = "UPDATE log_entry SET {} WHERE id = :number"
    sql(folder / "archive", where.format("actor = 'x'"), number=entry_of(first))
    sql(folder / "archive", where.format("detail = detail || ' '"), number=entry_of(second))
    with reopened(folder) as archive:
        told = archive.replay(entry_of(first))
        assert told.evidence.faults == ("the next entry does not follow it",)
        assert told.compared.outcome is Outcome.IDENTICAL
        assert not told.identical
        told = archive.replay(entry_of(second))
        assert told.evidence.faults == (
            "it does not follow the entry before it",
            "its detail is not what was written",
        )


def test_a_score_that_was_changed_in_the_log_is_unexplained(folder) -> None:
    with reopened(folder) as archive:
        answer = archive.search(picture(folder))
        number = entry_of(answer)
        (entry,) = (one for one in archive.log.entries() if one.number == number)
        said = entry.said or {}
        said["matches"][2][1] -= 0.01
        detail = json.dumps(said)
        query = "UPDATE log_entry SET detail = :detail WHERE id = :number"
        sql(folder / "archive", query, number=number, detail=detail)
    with reopened(folder) as archive:
        told = archive.replay(number)
        assert not told.evidence.holds
        (one,) = told.compared.differences
        assert one.kind is DifferenceKind.SCORE
        assert one.causes == (Cause.UNEXPLAINED,)
        assert one.crop_id == answer.matches[2].crop.crop_id


def test_what_is_no_answer_of_this_archive_is_refused(folder, tmp_path) -> None:
    with reopened(folder) as archive:
        answer = archive.search(picture(folder))
        document = answer.to_json()
        path = tmp_path / "answer.json"

        def refused(kind: type[ReidsearchError], told: str, data: str) -> None:
            path.write_text(data)
            with pytest.raises(kind, match=told):
                archive.replay(path)

        refused(InputError, "cannot be read as JSON", "{")
        refused(UsageError, "holds no answer", "{}")
        refused(UsageError, "no answer document", json.dumps({**document, "matches": 3}))
        other = {**document, "statement": {**document["statement"], "archive_id": "b" * 8}}
        refused(UsageError, "of another archive", json.dumps(other))
        gone = {**document["statement"], "logged": {"entry": 999, "why_not": None}}
        refused(NotFound, "no entry 999", json.dumps({**document, "statement": gone}))
        unlogged = {"entry": None, "why_not": "the archive can only be read here"}
        older = {**document["statement"], "logged": unlogged}
        del older["requested"]
        refused(UsageError, "earlier version", json.dumps({**document, "statement": older}))
        for number, told in ((0, "no entry 0"), (-3, "no entry -3"), (1, "is no search")):
            with pytest.raises(ReidsearchError, match=told):
                archive.replay(number)
        path.write_text(
            json.dumps(
                {
                    **document,
                    "statement": {**older, "requested": document["statement"]["requested"]},
                }
            )
        )
        told = archive.replay(path)
        assert told.identical
        assert told.evidence.entry is None


def test_streamed_answers_and_lists_are_replayed(folder, tmp_path) -> None:
    from reidsearch.output.answer_json import jsonl_lines

    with reopened(folder) as archive:
        statement, matches = archive.search_all(picture(folder), min_score=0.2)
        lines = list(jsonl_lines(statement, matches))
        path = tmp_path / "all.jsonl"
        path.write_text("\n".join(lines))
        told = archive.replay(path)
        assert told.identical, told
        assert told.matches_was == len(lines) - 1
        assert told.evidence.file
        statement, matches = archive.search_all(picture(folder), min_score=0.2)
        some = [next(matches) for _ in range(3)]
        matches.close()  # type: ignore[attr-defined]
        assert len(some) == 3
        stopped = archive.replay(statement.logged.entry or 0)
        assert stopped.identical
        assert stopped.matches_was == 3
        answers = list(archive.search_many(SearchRequest(n) for n in (3, 4)))
        listed = tmp_path / "list.jsonl"
        listed.write_text(
            "\n".join(
                json.dumps({"query": str(number), **one.to_json()})
                for number, one in enumerate(answers)
                if isinstance(one, Answer)
            )
        )
        with pytest.raises(UsageError, match="holds 2 answers"):
            archive.replay(listed)
        assert archive.replay(listed, query="1").identical
        with pytest.raises(NotFound, match="holds no answer to a query 'x'"):
            archive.replay(listed, query="x")


def test_whatever_was_asked_is_identical_before_and_after_more_footage(folder, tmp_path) -> None:
    rng = np.random.default_rng(15)
    with reopened(folder) as archive:
        archive.identities.new("anna", [5])
        seen, entries = archive.preview_search(k=5).cameras, []
        for _ in range(25):
            liked, unliked = (
                tuple(map(int, some)) for some in np.split(rng.permutation(40)[:4] + 20, 2)
            )
            marked = bool(rng.random() < 0.3)
            asked = SearchRequest(
                [
                    (picture(folder, int(rng.integers(60))), int(rng.integers(1, 20)))[one]
                    for one in range(int(rng.integers(1, 3)))
                ],
                k=None if (every := rng.random() < 0.2) else int(rng.integers(1, 40)),
                filters=Filters(
                    cameras=seen[:1] if rng.random() < 0.3 else (),
                    exclude_crops=(3, 9) if rng.random() < 0.3 else (),
                ),
                min_score=0.1 if every or rng.random() < 0.3 else None,
                grouped=bool(rng.random() < 0.5),
                exact=bool(rng.random() < 0.5),
                reranked=bool(rng.random() < 0.7),
                adjusted=bool(rng.random() < 0.7),
                identity="anna" if rng.random() < 0.2 else None,
                likes=liked if marked else (),
                unlikes=unliked if marked else (),
            )
            entries.append((asked, entry_of(archive.search(asked))))
        for asked, number in entries:
            for as_it in AsIt:
                told = archive.replay(number, as_it)
                assert told.identical, (asked, told)
        archive.index([write_set(tmp_path / "more", PEOPLE + 10)])
    with reopened(folder) as archive:
        for asked, number in entries:
            told = archive.replay(number)
            assert told.identical, (asked, told)


def test_decisions_are_no_cause_where_none_takes_part(folder) -> None:
    with reopened(folder) as archive:
        answer = archive.search(7, grouped=False)
        archive.identities.new("anna", [7, 8])
        archive.identities.reject("anna", [9])
        told = archive.replay(entry_of(answer), AsIt.IS)
        assert told.identical
        assert Cause.DECISIONS not in {one.cause for one in told.changes}


def test_decisions_change_scores_only_of_what_is_searched_with_by_them() -> None:
    was, now = [(1, 0.9), (2, 0.8)], [(1, 0.7), (2, 0.8)]
    for decided, cause in ((False, Cause.UNEXPLAINED), (True, Cause.DECISIONS)):
        told = compare(
            was, now, found={Cause.DECISIONS}, erased=set(), newest_crop=9, decided=decided
        )
        (score,) = (one for one in told.differences if one.kind is DifferenceKind.SCORE)
        assert score.causes == (cause,)
