"""One request, a batch of requests and all matches: the same features, the same answers."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from archives import DIMENSION, draw, fill, opened
from sqlalchemy import Engine, event

from reidsearch import Archive
from reidsearch.base.errors import NotFound, Refused, ReidsearchError, UsageError
from reidsearch.domain.answer_json import answer_json
from reidsearch.domain.answers import Answer, Failed
from reidsearch.domain.crops import Facts
from reidsearch.domain.request import Filters, SearchOptions, SearchRequest
from reidsearch.search import engine
from reidsearch.services import search as service
from reidsearch.services.search_log import NOT_OF_THE_ANSWER

COUNT = 240


def people() -> np.ndarray:
    """(COUNT, DIMENSION) float32 unit rows, eight a person."""
    rng = np.random.default_rng(3)
    rows = np.repeat(rng.normal(size=(COUNT // 8, DIMENSION)), 8, axis=0)
    rows = rows + 0.4 * rng.normal(size=rows.shape)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Crops 1 to 240, eight a person, two cameras; calibrated; `anna` is crops 17 and 18."""
    folder = tmp_path_factory.mktemp("requests") / "archive"
    facts = [Facts(f"c{i % 2}", person=f"p{i // 8}") for i in range(COUNT)]
    fill(folder, people(), facts)
    with Archive.open(folder) as archive:
        archive.calibration.from_labels()
        archive.identities.new("anna", [17, 18])
        archive.identities.reject("anna", [25])
    return folder


@pytest.fixture
def archive(made):
    with Archive.open(made) as opened:
        yield opened


def require_same(one: object, other: object) -> None:
    """Two answers are the same but for the moment of asking and the last bits of numbers."""
    if isinstance(one, Answer) and isinstance(other, Answer):
        one, other = one.to_json(), other.to_json()
        for of_the_asking in NOT_OF_THE_ANSWER:
            other["statement"][of_the_asking] = one["statement"][of_the_asking]
    if isinstance(one, dict) and isinstance(other, dict):
        assert one.keys() == other.keys()
        for name, value in one.items():
            require_same(value, other[name])
    elif isinstance(one, list) and isinstance(other, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            require_same(*pair)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-4, abs=1e-5)
    else:
        assert one == other


REQUESTS = {
    "a crop": SearchRequest(1),
    "two crops": SearchRequest([1, 2], k=3),
    "filters": SearchRequest(9, filters=Filters(cameras=("c1",))),
    "crops left out": SearchRequest(9, filters=Filters(exclude_crops=(10, 11))),
    "a time": SearchRequest(9, filters=Filters(after=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))),
    "a least score": SearchRequest(9, min_score=0.6),
    "by score": SearchRequest(9, reranked=False, k=200),
    "exact and ungrouped": SearchRequest(9, exact=True, grouped=False),
    "an identity": SearchRequest(identity="anna"),
    "its new ones": SearchRequest(identity="anna", new_only=True),
    "an identity and a crop": SearchRequest(19, identity="anna", label="a frame"),
    "feedback": SearchRequest(1, likes=[2, 3], unlikes=[41, 42]),
    "a prior": SearchRequest(1, prior=0.25),
    "false alarms": SearchRequest(1, max_false_alarms=5.0, k=50),
    "all above": SearchRequest(1, k=None, min_score=0.3),
    "all above, with feedback": SearchRequest(1, k=None, min_score=0.3, likes=[2], unlikes=[41]),
    "all of an identity": SearchRequest(identity="anna", k=None, max_false_alarms=5.0, prior=0.1),
}


@pytest.mark.full
def test_a_batch_answers_every_request_as_it_is_answered_alone(archive):
    requests = [*REQUESTS.values(), *REQUESTS.values()]
    for request, answer in zip(requests, archive.search_many(requests), strict=True):
        assert isinstance(answer, Answer), answer.error
        require_same(answer, archive.search(request))


@pytest.mark.full
@pytest.mark.parametrize("name", [name for name in REQUESTS if name.startswith("all ")])
def test_all_matches_come_as_a_search_gives_them(archive, name):
    request = REQUESTS[name]
    whole = archive.search(request)
    statement, matches = archive.search_all(request)
    assert tuple(matches) == whole.matches
    asked = {name: getattr(whole.statement, name) for name in NOT_OF_THE_ANSWER}
    assert replace(statement, **asked) == whole.statement
    assert whole.statement.exact
    assert len(whole.matches) > 4


@pytest.mark.full
def test_the_database_is_asked_as_often_for_many_as_for_few(archive):
    asked: list[str] = []

    def count(*given: object) -> None:
        asked.append(str(given[2]))

    def statements(crops: range) -> int:
        asked.clear()
        assert all(
            len(one.matches) == 10
            for one in archive.search_many(SearchRequest((crop_id,)) for crop_id in crops)
        )
        return len(asked)

    statements(range(1, 3))  # what is read once is read
    event.listen(Engine, "before_cursor_execute", count)
    try:
        assert statements(range(20, 24)) == statements(range(100, 160))
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def test_all_matches_are_those_of_a_search_that_is_long_enough(archive):
    for name in ("all above", "all above, with feedback"):
        request = REQUESTS[name]
        long = archive.search(request, k=COUNT, exact=True, reranked=False)
        every = archive.search(request)
        assert [(m.crop, m.liked) for m in every.matches] == [
            (m.crop, m.liked) for m in long.matches
        ]
        assert [m.score for m in every.matches] == pytest.approx([m.score for m in long.matches])


@pytest.mark.full
def test_all_matches_of_an_identity_keep_to_its_decisions(archive):
    every = archive.search(REQUESTS["all of an identity"])
    assert every.statement.identity is not None
    assert every.statement.max_false_alarms == 5.0
    ids = {match.crop.crop_id for match in every.matches}
    assert {17, 18} <= ids
    assert 25 not in ids
    for match in every.matches:
        assert match.reading is not None
        assert (match.identity is not None) == (match.crop.crop_id in {17, 18})
    with pytest.raises(UsageError, match="minimum score"):
        archive.search_all(identity="anna")


def test_the_short_form_is_the_request(archive):
    options = {"k": 4, "likes": [2], "filters": Filters(cameras=["c0"])}
    short = archive.search(1, **options)
    require_same(short, archive.search(SearchRequest(1, **options)))
    changed = archive.search(SearchRequest(1, k=4), likes=[2], filters=options["filters"])
    require_same(short, changed)
    names = {field.name for field in fields(SearchRequest)} - {"query"}
    assert set(SearchOptions.__annotations__) == names


@pytest.mark.full
def test_an_answer_is_the_document_that_the_command_prints(archive, run, made):
    run.archive = made
    ran = run("query", "--crop", 1, "--like", 2, "--format", "json")
    printed = json.loads(ran.out)
    answer = archive.search(1, likes=[2])
    expected = json.loads(json.dumps(answer.to_json()))
    for document in (printed, expected):
        for of_the_asking in NOT_OF_THE_ANSWER:
            del document["statement"][of_the_asking]
    assert printed == expected
    assert answer.to_json() == answer_json(answer)


WRONG = {
    "no such crop": (SearchRequest(999), NotFound),
    "no picture": (SearchRequest("nowhere.jpg"), Refused),
    "no such identity": (SearchRequest(identity="nobody"), NotFound),
    "no such camera": (SearchRequest(1, filters=Filters(cameras=("no",))), NotFound),
    "nothing": (SearchRequest(), UsageError),
    "liked and unliked": (SearchRequest(1, likes=[2], unlikes=[2]), UsageError),
    "too few false alarms": (SearchRequest(1, max_false_alarms=1e-9), UsageError),
    "all of no crop": (SearchRequest(999, k=None, min_score=0.5), NotFound),
}


@pytest.mark.full
def test_what_fails_stands_in_its_place_and_the_others_are_answered(archive):
    good = SearchRequest(1, k=3)
    requests = [good]
    for request, _ in WRONG.values():
        requests += [request, good]
    found = list(archive.search_many(iter(requests)))
    assert len(found) == len(requests)
    expected = archive.search(good)
    for number, (request, one) in enumerate(zip(requests, found, strict=True)):
        if number % 2 == 0:
            require_same(one, expected)
            continue
        _, kind = list(WRONG.values())[number // 2]
        assert isinstance(one, Failed)
        assert one.request is request
        assert type(one.error) is kind
        with pytest.raises(kind) as alone:
            archive.search(request)
        assert alone.value.message == one.error.message


@pytest.mark.full
def test_pictures_that_cannot_be_read_do_not_stop_the_others(tmp_path):
    paths = [draw(tmp_path / "crops" / f"{n}.png", n) for n in range(6)]
    with opened(tmp_path / "archive") as archive:
        archive.index([tmp_path / "crops"])
        paths[2].write_bytes(b"no picture")
        found = list(archive.search_many(SearchRequest(path, k=1) for path in paths))
        assert [type(one) for one in found] == [Answer, Answer, Failed, Answer, Answer, Answer]
        best = [one.matches[0].crop.crop_id for one in found if isinstance(one, Answer)]
        assert best == [1, 2, 4, 5, 6]
        assert str(paths[2]) in found[2].error.message


def test_without_a_model_crops_are_searched_all_the_same(made):
    with Archive.open(made, model="no-such-model", offline=True) as archive:
        picture = np.zeros((64, 32, 3), np.uint8)
        found = list(
            archive.search_many([SearchRequest(1), SearchRequest(picture), SearchRequest([2, 3])])
        )
    assert [isinstance(one, Answer) for one in found] == [True, False, True]
    assert isinstance(found[1].error, ReidsearchError)


@pytest.mark.full
def test_requests_of_one_kind_are_ranked_together_and_read_as_they_come(archive, monkeypatch):
    asked: list[int] = []
    together = engine.search_many
    monkeypatch.setattr(service, "REQUESTS_AT_ONCE", 16)
    monkeypatch.setattr(
        engine,
        "search_many",
        lambda s, g, q, *rest: asked.append(len(q)) or together(s, g, q, *rest),
    )
    taken: list[int] = []

    def requests():
        for number in range(1, 41):
            taken.append(number)
            likes = [number + 1] if number % 3 == 0 else []
            yield SearchRequest(number, k=1 + number % 4, likes=likes)

    answers = archive.search_many(requests())
    next(answers)
    assert len(taken) == 16
    assert len(list(answers)) == 39
    assert asked == [16, 16, 8]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"k": 0}, "k must lie"),
        ({"k": 2.5}, "k must lie"),
        ({"k": 100_001}, "k must lie"),
        ({"k": None}, "all matches"),
        ({"min_score": 2.0}, "score lies"),
        ({"min_score": float("nan")}, "score lies"),
        ({"prior": 0.0}, "prior lies"),
        ({"prior": 1.0}, "prior lies"),
        ({"max_false_alarms": 0}, "above 0"),
        ({"max_false_alarms": float("inf")}, "above 0"),
        ({"max_false_alarms": 1, "min_score": 0.5}, "finds the lowest score itself"),
        ({"new_only": True}, "of no identity"),
        ({"likes": 3}, "list of crop ids"),
        ({"likes": ["a"]}, "list of crop ids"),
        ({"likes": [2], "prior": 0.5}, "needs calibrated scores"),
        ({"unlikes": [2], "max_false_alarms": 1}, "needs calibrated scores"),
    ],
)
def test_a_request_that_makes_no_sense_cannot_be_made(given, words):
    with pytest.raises(UsageError, match=words):
        SearchRequest(1, **given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cameras": "gate"}, "list of texts"),
        ({"exclude_crops": [1.5]}, "list of crop ids"),
        ({"wearing": ["magenta"]}, "magenta"),
        ({"with_things": ["umbrella"]}, "umbrella"),
    ],
)
def test_filters_that_make_no_sense_cannot_be_made(given, words):
    with pytest.raises(UsageError, match=words):
        Filters(**given)


def test_a_filter_time_without_a_zone_is_refused():
    with pytest.raises(UsageError, match="without a zone"):
        Filters(after=dt.datetime(2024, 5, 31))  # noqa: DTZ001


def test_lists_become_tuples():
    request = SearchRequest(np.int64(3), likes=iter([np.int32(4)]), filters=Filters(sources=["a"]))
    assert request.pictures == (3,)
    assert request.likes == (4,)
    assert request.filters.sources == ("a",)
