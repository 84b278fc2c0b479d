"""`reidsearch evaluate` from the command line: tables, JSON, Markdown, picture, and refusals."""

from __future__ import annotations

import io
import json
import shutil
from importlib.resources import files
from pathlib import Path

import pytest
from archives import fill, unit_rows
from drawn_set import write_market
from jsonschema import Draft202012Validator
from PIL import Image

from reidsearch.datasets.readers import DataSet, read_market
from reidsearch.domain.crops import Facts
from reidsearch.evaluation.compare import evaluate_data
from reidsearch.evaluation.rankings import RANKINGS
from reidsearch.output import text
from reidsearch.output.evaluation_json import comparison_json
from reidsearch.output.evaluation_text import comparison_view, markdown

pytestmark = pytest.mark.full

SCHEMA = json.loads((files("reidsearch.output") / "schemas/evaluation-1.json").read_text())


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    return write_market(tmp_path_factory.mktemp("set") / "drawn", people=10, cameras=2, views=2)


@pytest.mark.full
def test_pictures_whose_names_cannot_be_read_are_told_beside_the_figures(run, drawn, tmp_path):
    data = tmp_path / "set"
    shutil.copytree(drawn, data)
    pictures = sorted((data / "bounding_box_test").iterdir())
    for path in pictures[::2]:
        path.rename(path.with_name(path.name.replace("_c", "_cam")))
    told = f"{len(pictures[::2])} of {len(pictures) + 20} pictures were left out"
    for form in ("table", "markdown", "json"):
        ran = run("evaluate", data, "--model", "builtin", "--format", form)
        assert ran.code == 0, ran.err
        assert told in ran.out


@pytest.mark.full
def test_the_table_tells_every_figure_and_what_cannot_be_measured(run, drawn):
    ran = run("evaluate", drawn, "--model", "builtin")
    assert ran.code == 0
    assert "20 queries of 10 people, 20 gallery crops, cameras 1, 2." in ran.out
    assert "20 valid queries" in ran.out
    for word in ("rank-1 ", "rank-20", "mAP trapezoid", "mAP step", "mINP", "95 % interval"):
        assert word in ran.out
    assert "not measurable: needs 300,000 pairs of different people" in ran.out
    assert "not measurable: needs 3,000 pairs of different people" in ran.out
    assert "360 pairs of different people, 20 of the same." in ran.out
    assert "query camera" in ran.out
    assert "worst query" in ran.out


@pytest.mark.full
def test_json_is_as_its_schema_says_and_closed(run, drawn):
    Draft202012Validator.check_schema(SCHEMA)
    ran = run("evaluate", drawn, "--model", "builtin", "--format", "json")
    document = json.loads(ran.out)
    validator = Draft202012Validator(SCHEMA)
    validator.validate(document)
    assert document["data"]["people"] == 10
    way, search = document["ways"]
    assert (way["ranking"], search["ranking"]) == ("inner product", "as a search ranks")
    assert way["pairs"]["same_people"] == sum(way["pairs"]["same_by_score"]) == 20
    assert {(p["query_camera"], p["gallery_camera"]) for p in way["by_cameras"]} == {
        (a, b) for a in "12" for b in "12" if a != b
    }
    for wrong in (
        document | {"more": 1},
        document | {"ways": []},
        document | {"ways": [way | {"quality": way["quality"] | {"minp": 1.1}}]},
        document | {"ways": [way | {"model": None}]},
    ):
        assert not validator.is_valid(wrong)


@pytest.mark.full
def test_of_two_cameras_one_is_searched_for_and_one_searched_in(run, drawn):
    ran = run(
        *("evaluate", drawn, "--model", "builtin", "--format", "json"),
        *("--query-camera", "1", "--gallery-camera", "2"),
    )
    document = json.loads(ran.out)
    assert (document["data"]["queries"], document["data"]["gallery"]) == (10, 10)
    whole = json.loads(run("evaluate", drawn, "--model", "builtin", "--format", "json").out)
    pair = next(
        each["quality"]
        for each in whole["ways"][0]["by_cameras"]
        if (each["query_camera"], each["gallery_camera"]) == ("1", "2")
    )
    assert document["ways"][0]["quality"] == pair


@pytest.mark.full
def test_an_archive_is_evaluated_from_what_it_holds(run, drawn):
    run("index", drawn / "bounding_box_test", drawn / "query", "--names", "market1501",
        "--model", "builtin", "--flip")  # fmt: skip
    ran = run("evaluate", "--format", "json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    Draft202012Validator(SCHEMA).validate(document)
    assert (document["data"]["queries"], document["data"]["gallery"]) == (40, 40)
    assert document["runtime"] == "stored embeddings only"
    assert document["ways"][0]["model"] == "builtin FP32, flip averaging"
    assert document["ways"][0]["embed_ms"] is None
    assert document["ways"][0]["worst"][0]["query"].startswith("crop ")
    compared = run("evaluate", "--compare", "--axis", "rankings", "-o", run.archive / "p.png")
    assert compared.code == 0, compared.err
    assert "inner product" in compared.out
    assert compared.out.count("flip averaging") == len(RANKINGS)
    anew = json.loads(run("evaluate", "--no-flip", "--format", "json").out)
    assert anew["ways"][0]["model"] == "builtin FP32"
    assert anew["ways"][0]["embed_ms"] is not None
    Image.open(run.archive / "p.png").verify()


def test_decisions_are_labels_and_the_output_says_whose(run):
    facts = [Facts(camera) for camera in ("gate", "hall", "gate", "hall")]
    fill(run.archive, unit_rows(4), facts)
    refused = run("evaluate")
    assert (refused.code, refused.out) == (3, "")
    assert "reidsearch confirm" in refused.err
    run("identity", "new", "ann", 1, 2)
    run("identity", "new", "bob", 3, 4)
    for arguments in ((), ("--labels", "identities")):
        ran = run("evaluate", *arguments)
        assert ran.code == 0, ran.err
        assert "4 queries of 2 people" in ran.out
        assert "what users of this archive confirmed (labels: identities)" in ran.out
    document = json.loads(run("evaluate", "--format", "json").out)
    Draft202012Validator(SCHEMA).validate(document)
    assert any("users of this archive" in note for note in document["data"]["notes"])


def test_ways_are_compared_as_table_json_and_markdown(drawn, capsys):
    whole = read_market(drawn)
    found = evaluate_data(
        DataSet("drawn", whole.query[:2], whole.gallery[:6]), ["builtin"], axes=["resizes"]
    )
    text.show(comparison_view(found))
    assert capsys.readouterr().out.count("builtin FP32") == 7
    document = comparison_json(found)
    Draft202012Validator(SCHEMA).validate(document)
    lines = markdown(found).splitlines()
    assert len(lines) == 2 + 7
    assert len({line.count("|") for line in lines}) == 1
    shares = [way["quality"]["cmc"]["1"] for way in document["ways"]]
    assert [line.split("|")[6].strip() for line in lines[2:]] == [f"{100 * s:.2f}" for s in shares]


def test_models_that_are_missing_are_told(run, drawn, monkeypatch):
    monkeypatch.delenv("REIDSEARCH_MODELS", raising=False)
    ran = run("evaluate", drawn, "--model", "builtin", "--compare", "--axis", "models", "--offline")
    assert ran.code == 0
    assert "person-reidentification-retail-0286/FP16 is missing here" in ran.out
    assert ran.out.count("builtin FP32") == 1


@pytest.mark.full
def test_the_picture_shows_curve_scores_and_failures(run, drawn, tmp_path):
    ran = run("evaluate", drawn, "--model", "builtin", "-o", tmp_path / "out.png")
    assert ran.code == 0
    picture = Image.open(io.BytesIO((tmp_path / "out.png").read_bytes())).convert("RGB")
    assert picture.width == 1200
    colours = {colour for _, colour in picture.getcolors(1 << 24)}
    for hexa in ("#1d4ed8", "#15803d", "#dc2626"):
        assert tuple(bytes.fromhex(hexa[1:])) in colours


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["no-such-folder"], 3, "no-such-folder"),
        ([".", "--model", "builtin"], 3, "query does not exist"),
        (["{drawn}", "--axis", "models"], 2, "--axis says"),
        (["{drawn}", "--model", "a", "--model", "b"], 2, "several models"),
        (["{drawn}", "-a", "archive"], 2, "two data sets"),
        (["{drawn}", "--labels", "identities"], 2, "--labels is about an archive"),
        (["{drawn}", "--model", "builtin", "--query-camera", "gate"], 2, "no camera 'gate'"),
        (["{drawn}", "--model", "no-such-model"], 4, "no model is named"),
        ([], 5, "there is no archive"),
    ],
)
def test_what_makes_no_sense_is_refused(run, drawn, tmp_path, monkeypatch, arguments, code, words):
    monkeypatch.chdir(tmp_path)
    ran = run("evaluate", *(each.replace("{drawn}", str(drawn)) for each in arguments))
    assert ran.code == code
    assert words in ran.err
    assert ran.out == ""
