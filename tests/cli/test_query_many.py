"""`query` of lists, of everything above a score, and of plans: end to end."""

from __future__ import annotations

import csv
import json
import os
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


@pytest.mark.full
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


@pytest.mark.full
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
    "text", ["", "query\na\n", "crop,other\n3,4\n", "image\n", b"\xff\xfe\x00a"], ids=repr
)
def test_other_lists_are_refused_before_anything_is_loaded(indexed, tmp_path, text):
    given = text if isinstance(text, bytes) else text.encode()
    (tmp_path / "list.csv").write_bytes(given)
    ran = indexed("query", "--batch", tmp_path / "list.csv")
    assert ran.code == 2
    assert "not a list of queries" in ran.err


HEAD = "query,image,crop,identity,likes,unlikes,min_score,max_false_alarms,prior"
BAD_ROWS = {
    ",,x": "'x' is not a crop id",
    ",,1e3": "'1e3' is not a crop id",
    f",,{'9' * 5000}": "is not a crop id",
    f",,{'9' * 19}": "holds no crop",
    ",,-3": "'-3' is not a crop id",
    ",,99": "holds no crop 99",
    ",crops/000.png,3": "give an image or the id",
    "nothing": "give an image or the id",
    "short": "give an image or the id",
    ",,3,,,,,,,,": "more cells than the header",
    ",gone.png": "gone.png",
    ",crops": "crops",
    ",list.csv": "list.csv",
    ",empty.png": "empty.png",
    ",cut.png": "cut.png",
    ",nul\0.png": "nul",
    f",{'long' * 2000}.png": "long",
    ",,,nobody": "nobody",
    ",,,empty": "nothing is confirmed of empty",
    ",,3,,a": "likes 'a' are not crop ids",
    f",,3,,{'9' * 19}": "holds no crop",
    ",,3,,3": "3",
    ",,3,,4,4": "4",
    ",,3,,,99": "holds no crop 99",
    ",,3,,,,half": "min_score 'half' is not a number",
    ",,3,,,,7": "a score lies between -1 and 1",
    ",,3,,,,nan": "a score lies between -1 and 1",
    ",,3,,,,,many": "max_false_alarms 'many' is not a number",
    ",,3,,,,,1": "needs a calibration",
    ",,3,,,,0.5,1": "finds the lowest score itself",
    ",,3,,,,,,half": "prior 'half' is not a number",
    ",,3,,,,,,7": "a prior lies between 0 and 1",
    ",,3,,,,,,0.5": "needs a calibration",
    "two,,3,,,,0.2\ntwo,,4,,,,0.3": "min_score differs",
    "three,,3\nthree,,x": "'x' is not a crop id",
    f",,3,,,,,,{'1' * 200_000}": "the row cannot be read",
}


@pytest.mark.full
@pytest.mark.parametrize("form", ["jsonl", "csv", "table"])
def test_a_bad_row_of_any_kind_is_told_and_the_others_are_answered(indexed, tmp_path, form):
    (tmp_path / "empty.png").touch()
    (tmp_path / "cut.png").write_bytes((tmp_path / "crops" / "000.png").read_bytes()[:200])
    assert indexed("identity", "new", "empty").code == 0
    rows = [line for number, bad in enumerate(BAD_ROWS) for line in (f"fine {number},,5", bad)]
    (tmp_path / "list.csv").write_text("\n".join([HEAD, *rows, "last,crops/001.png"]) + "\n")
    ran = indexed("query", "--batch", tmp_path / "list.csv", "-k", 1, "--format", form)
    assert ran.code == 1
    assert f"{len(BAD_ROWS)} of {2 * len(BAD_ROWS) + 1} queries could not be answered" in ran.err
    if form == "table":
        assert all(said in ran.out for said in BAD_ROWS.values())
        assert ran.out.count("rank   score") == len(BAD_ROWS) + 1
        return
    if form == "jsonl":
        told = answers(ran.out)
        errors = [one["error"]["message"] if "error" in one else "" for one in told]
        found = [one.get("matches") for one in told]
    else:
        told = list(csv.DictReader(ran.out.splitlines()))
        errors = [one["error"] for one in told]
        found = [one["crop_id"] for one in told]
    assert len(told) == 2 * len(BAD_ROWS) + 1
    for said, good, bad in zip(BAD_ROWS.values(), errors[::2], errors[1::2], strict=False):
        assert good == ""
        assert said in bad
    assert all(found[::2])
    assert not any(found[1::2])


def test_a_bad_row_names_its_line_even_after_cells_of_several_lines(indexed, tmp_path):
    (tmp_path / "list.csv").write_text('query,crop\n"a\nb",3\n\nc,x\n')
    ran = indexed("query", "--batch", tmp_path / "list.csv", "--format", "jsonl")
    assert "line 5: 'x' is not a crop id" in answers(ran.out)[1]["error"]["message"]


def test_a_list_of_bad_rows_alone_is_told_row_by_row(indexed, tmp_path):
    (tmp_path / "list.csv").write_text("crop\nx\ny\n")
    ran = indexed("query", "--batch", tmp_path / "list.csv", "--format", "jsonl")
    assert ran.code == 1
    assert [one["query"] for one in answers(ran.out)] == ["crop x", "crop y"]


@pytest.mark.full
def test_names_in_a_list_that_are_not_utf8_are_found(indexed, tmp_path):
    name = b"caf\xe9.png"
    shutil.copy(tmp_path / "crops" / "000.png", os.fsencode(tmp_path) + b"/" + name)
    (tmp_path / "list.csv").write_bytes(b"image\n" + name + b"\n")
    for form in ("jsonl", "csv", "table"):
        ran = indexed("query", "--batch", tmp_path / "list.csv", "-k", 1, "--format", form)
        assert (ran.code, ran.err) == (0, "")
        assert "xe9.png" in ran.out


@pytest.mark.full
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


@pytest.mark.full
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


@pytest.mark.full
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


@pytest.mark.full
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


@pytest.mark.full
def test_everything_above_a_score_takes_a_whole_query(indexed):
    assert indexed("identity", "new", "anna", 3, 4).code == 0
    query = ("--identity", "anna", "--like", 5, "--unlike", 9, "--min-score", 0.1)
    found = single(indexed, *query, "-k", "all")
    assert found == single(indexed, *query, "-k", 1000, "--exact", "--no-rerank")
    assert found[0] == 5
