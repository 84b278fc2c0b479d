"""`query` of lists, of everything above a score, and of plans: end to end."""

from __future__ import annotations

import csv
import json
import shutil
from importlib.resources import files

import pytest
from archives import draw_many, opened
from jsonschema import Draft202012Validator

from reidsearch.index.compact.index import CompactEngine
from reidsearch.index.factory import ENGINES

SMALL = CompactEngine(segment_rows=8, tail_rows=4, own_rows=3, shortlist=2, per_match=1)


def make_small(patch):
    patch.setattr("reidsearch.index.factory.TAKEOVER", 10)
    patch.setattr("reidsearch.index.factory.COMPACT", SMALL)
    patch.setitem(ENGINES, SMALL.kind, SMALL)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("once")
    draw_many(folder / "crops", 20)
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        with opened(folder / "archive") as archive:
            assert archive.index([folder / "crops"]).indexed == 20
    return folder


@pytest.fixture
def indexed(run, tmp_path, monkeypatch, made_once):
    """20 pictures behind a compact index."""
    make_small(monkeypatch)
    shutil.copytree(made_once / "crops", tmp_path / "crops")
    shutil.copytree(made_once / "archive", run.archive)
    return run


def answers(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def single(run, *query) -> list[int]:
    ran = run("query", *query, "--format", "json")
    assert ran.code == 0, ran.err
    return [match["crop_id"] for match in json.loads(ran.out)["matches"]]


def test_a_list_is_answered_as_its_queries_one_by_one(indexed, tmp_path):
    rows = [("", "000.png", ""), ("", "", "7"), ("two views", "003.png", ""), ("two views", "", 9)]
    with (tmp_path / "crops" / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("query", "image", "crop"), *rows])
    ran = indexed("query", "--batch", tmp_path / "crops" / "list.csv", "-k", 5, "--format", "jsonl")
    assert ran.code == 0, ran.err
    found = answers(ran.out)
    assert [one["query"] for one in found] == ["000.png", "crop 7", "two views"]
    crops = tmp_path / "crops"
    expected = [(crops / "000.png",), ("--crop", 7), (crops / "003.png", "--crop", 9)]
    for one, query in zip(found, expected, strict=True):
        assert [m["crop_id"] for m in one["matches"]] == single(indexed, *query, "-k", 5)
        assert one["statement"]["crops_searched"] == 20 - ("--crop" in query)
    schema = json.loads((files("reidsearch.output") / "schemas" / "answer-3.json").read_text())
    for one in found:
        Draft202012Validator(schema).validate({k: v for k, v in one.items() if k != "query"})


def test_a_list_as_csv_and_as_tables(indexed, tmp_path):
    (tmp_path / "list.csv").write_text("crop\n3\n4\n")
    ran = indexed("query", "--batch", tmp_path / "list.csv", "-k", 2, "--format", "csv")
    rows = list(csv.DictReader(ran.out.splitlines()))
    assert [(row["query"], row["rank"]) for row in rows] == [
        ("crop 3", "1"), ("crop 3", "2"), ("crop 4", "1"), ("crop 4", "2"),
    ]  # fmt: skip
    ran = indexed("query", "--batch", tmp_path / "list.csv", "-k", 2)
    assert ran.out.index("crop 3") < ran.out.index("crop 4")


@pytest.mark.parametrize(
    ("text", "said"),
    {
        "": "not a list of queries",
        "query\na\n": "not a list of queries",
        "crop,other\n3,4\n": "not a list of queries",
        "crop\nx\n": "line 2: 'x' is not a crop id",
        "image,crop\na.png,3\n": "line 2: give an image or the id",
        "image,crop\n,\n": "line 2: give an image or the id",
        "crop,likes\n3,a\n": "line 2: likes 'a' are not crop ids",
        "crop,prior\n3,half\n": "line 2: prior 'half' is not a number",
        "crop,prior\n3,7\n": "line 2: a prior lies between 0 and 1",
        "query,crop,min_score\na,3,0.2\na,4,0.3\n": "line 3: min_score differs",
    }.items(),
)
def test_other_lists_are_refused_before_anything_is_loaded(indexed, tmp_path, text, said):
    (tmp_path / "list.csv").write_text(text)
    ran = indexed("query", "--batch", tmp_path / "list.csv")
    assert ran.code == 2
    assert said in ran.err


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "table"])
def test_all_that_reaches_a_score_comes_best_first(indexed, form):
    every = json.loads(indexed("query", "--crop", 5, "-k", 100, "--format", "json").out)
    scores = {m["crop_id"]: m["score"] for m in every["matches"]}
    least = sorted(scores.values())[9]
    wanted = [i for i, score in scores.items() if score >= least]
    ran = indexed("query", "--crop", 5, "-k", "all", "--min-score", least, "--format", form)
    assert ran.code == 0, ran.err
    if form == "json":
        found = json.loads(ran.out)
        assert found["statement"]["exact"] is True
        assert found["statement"]["k"] == found["statement"]["crops_searched"] == 19
        ids = [m["crop_id"] for m in found["matches"]]
    elif form == "jsonl":
        first, *rest = answers(ran.out)
        assert first["kind"] == "statement"
        ids = [m["crop_id"] for m in rest]
    elif form == "csv":
        ids = [int(row["crop_id"]) for row in csv.DictReader(ran.out.splitlines())]
    else:
        return
    assert ids == wanted


def test_a_plan_is_told_and_nothing_is_searched(indexed):
    ran = indexed("query", "--explain-plan", "-k", 3)
    assert ran.code == 0, ran.err
    assert "scan: compact codes are scanned" in ran.out
    assert "20 crops pass" in ran.out
    plan = json.loads(indexed("query", "--explain-plan", "--exact", "--format", "json").out)
    assert (plan["schema"], plan["exact"], plan["candidates"]) == ("reidsearch/plan/1", True, 20)


def test_exact_is_said_in_the_answer(indexed):
    ran = indexed("query", "--crop", 5, "--exact", "--format", "json")
    statement = json.loads(ran.out)["statement"]
    assert (statement["exact"], statement["recall"], statement["recall_interval"]) == (
        True,
        1.0,
        None,
    )


@pytest.mark.parametrize(
    "options",
    [
        ("--crop", 5, "-k", "all"),
        ("--crop", 5, "-k", "some"),
        ("--crop", 5, "-k", 0),
        ("--crop", 5, "-k", "all", "--min-score", 0.5, "-o", "a.png"),
        ("--crop", 5, "-k", "all", "--min-score", 0.5, "--max-false-alarms", 2),
        ("--crop", 5, "--like", 6, "--prior", 0.5),
        ("--batch", "no.csv"),
    ],
)
def test_what_makes_no_sense_is_refused(indexed, options):
    assert indexed("query", *options).code == 2


def test_a_batch_beside_pictures_is_refused(indexed, tmp_path):
    (tmp_path / "list.csv").write_text("crop\n3\n")
    ran = indexed("query", "--crop", 3, "--batch", tmp_path / "list.csv")
    assert ran.code == 2
    assert "queries come from the list alone" in ran.err


def test_a_list_says_what_a_query_says(indexed, tmp_path):
    """Identity, feedback and the least score of each row; empty cells are the options."""
    assert indexed("identity", "new", "anna", 3, 4).code == 0
    (tmp_path / "list.csv").write_text(
        "query,crop,identity,likes,unlikes,min_score\n"
        "who,,anna,,,\n"
        "fed,5,,6; 7,9,\n"
        "fed,8,,6 7,,\n"
        "near,5,,,,0.2\n"
    )
    ran = indexed("query", "--batch", tmp_path / "list.csv", "-k", 4, "--format", "jsonl")
    assert ran.code == 0, ran.err
    who, fed, near = answers(ran.out)
    assert who["statement"]["identity"]["name"] == "anna"
    expected = {
        "who": ("--identity", "anna"),
        "fed": ("--crop", 5, "--crop", 8, "--like", 6, "--like", 7, "--unlike", 9),
        "near": ("--crop", 5, "--min-score", 0.2),
    }
    for one in (who, fed, near):
        ids = [match["crop_id"] for match in one["matches"]]
        assert ids == single(indexed, *expected[one["query"]], "-k", 4)
    assert near["statement"]["min_score"] == 0.2


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "table"])
def test_a_row_that_fails_is_reported_in_its_place(indexed, tmp_path, form):
    (tmp_path / "list.csv").write_text("crop,image\n99,\n3,\n,nowhere.jpg\n4,\n")
    ran = indexed("query", "--batch", tmp_path / "list.csv", "-k", 1, "--format", form)
    assert ran.code == 1
    assert "2 of 4 queries could not be answered" in ran.err
    if form == "csv":
        rows = list(csv.DictReader(ran.out.splitlines()))
        assert [row["query"] for row in rows] == ["crop 99", "crop 3", "nowhere.jpg", "crop 4"]
        assert [bool(row["error"]) for row in rows] == [True, False, True, False]
        assert [row["rank"] for row in rows] == ["", "1", "", "1"]
        assert "crop 99" in rows[0]["error"]
    elif form == "table":
        places = [ran.out.index(name) for name in ("crop 99", "crop 3", "nowhere.jpg", "crop 4")]
        assert places == sorted(places)
        assert ran.out.count("error: ") == 2
    else:
        found = answers(ran.out)
        assert ["error" in one for one in found] == [True, False, True, False]
        assert "nowhere.jpg" in found[2]["error"]["message"]


def test_everything_above_a_score_takes_a_whole_query(indexed):
    assert indexed("identity", "new", "anna", 3, 4).code == 0
    query = ("--identity", "anna", "--like", 5, "--unlike", 9, "--min-score", 0.1)
    found = single(indexed, *query, "-k", "all")
    assert found == single(indexed, *query, "-k", 1000, "--exact", "--no-rerank")
    assert found[0] == 5
