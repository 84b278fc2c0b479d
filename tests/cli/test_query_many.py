"""`query` of lists, of everything above a score, and of plans: end to end."""

from __future__ import annotations

import csv
import json
from importlib.resources import files

import pytest
from archives import draw_many
from jsonschema import Draft202012Validator

from reidsearch.index.compact.index import CompactEngine
from reidsearch.index.factory import ENGINES


@pytest.fixture
def indexed(run, tmp_path, monkeypatch):
    """20 pictures behind a compact index."""
    small = CompactEngine(segment_rows=8, tail_rows=4, own_rows=3, shortlist=2, per_match=1)
    monkeypatch.setattr("reidsearch.index.factory.TAKEOVER", 10)
    monkeypatch.setattr("reidsearch.index.factory.COMPACT", small)
    monkeypatch.setitem(ENGINES, small.kind, small)
    draw_many(tmp_path / "crops", 20)
    assert run("index", tmp_path / "crops", "--model", "builtin").code == 0
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
    schema = json.loads((files("reidsearch.output") / "schemas" / "answer-2.json").read_text())
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
        "": "no list of queries",
        "query\na\n": "no list of queries",
        "crop,other\n3,4\n": "no list of queries",
        "crop\nx\n": "line 2: 'x' is no id",
        "image,crop\na.png,3\n": "line 2: give an image or the id",
        "image,crop\n,\n": "line 2: give an image or the id",
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
        ("--crop", 5, "-k", "all", "--min-score", 0.5, "--sheet", "a.png"),
        ("--crop", 5, "-k", "all", "--min-score", 0.5, "--identity", "a"),
        ("--batch", "no.csv"),
    ],
)
def test_what_makes_no_sense_is_refused(indexed, options):
    assert indexed("query", *options).code == 2


def test_a_batch_beside_pictures_is_refused(indexed, tmp_path):
    (tmp_path / "list.csv").write_text("crop\n3\n")
    ran = indexed("query", "--crop", 3, "--batch", tmp_path / "list.csv")
    assert ran.code == 2
    assert "the list says" in ran.err
