"""`reidsearch query`: its outputs, and that filters and pictures reach the search."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from archives import draw, query_ids, start
from jsonschema import Draft202012Validator
from PIL import Image

import reidsearch
from reidsearch import Archive
from reidsearch.domain.request import Filters


@pytest.mark.full
def test_json_keeps_the_schema(held, crops):
    schema_file = Path(reidsearch.__file__).parent / "output" / "schemas" / "answer-3.json"
    validator = Draft202012Validator(json.loads(schema_file.read_text()))
    picture = crops / "gate_20240531T12Z.png"
    for more in ([], ["--camera", "gate", "--after", "2024-05-31T12:00:00Z"], ["--min-score", "1"]):
        document = json.loads(held("query", picture, "--format", "json", *more).out)
        validator.validate(document)
    document = json.loads(held("query", picture, "--format", "json", "-k", 3).out)
    best = document["matches"][0]
    assert best["location"] == str(picture)
    assert (best["camera"], best["time"]) == ("gate", "2024-05-31T12:00:00Z")
    assert len(document["matches"]) == 3
    assert document["statement"]["crops_stored"] == 9


@pytest.mark.full
def test_csv_and_jsonl_tell_the_same(held, crops):
    picture = crops / "gate_20240531T12Z.png"
    document = json.loads(held("query", picture, "--format", "json", "-k", 4).out)
    expected = [(match["crop_id"], match["camera"]) for match in document["matches"]]
    lines = [
        json.loads(line)
        for line in held("query", picture, "--format", "jsonl", "-k", 4).out.splitlines()
    ]
    assert [line["kind"] for line in lines] == ["statement"] + ["match"] * 4
    assert [(line["crop_id"], line["camera"]) for line in lines[1:]] == expected
    rows = list(csv.DictReader(io.StringIO(held("query", picture, "--format", "csv", "-k", 4).out)))
    assert [(int(row["crop_id"]), row["camera"] or None) for row in rows] == expected


@pytest.mark.full
def test_filters_reach_the_search(held):
    assert sorted(query_ids(held, "--crop", 1)) == [2, 3, 4, 5, 6, 7, 8, 9]
    assert sorted(query_ids(held, "--crop", 1, "--camera", "gate")) == [5, 6, 7, 8]
    assert sorted(query_ids(held, "--crop", 1, "--not-camera", "gate")) == [2, 3, 4]
    both = ["--camera", "gate", "--camera", "door"]
    assert sorted(query_ids(held, "--crop", 1, *both)) == [2, 3, 4, 5, 6, 7, 8]
    span = ["--after", "2024-05-31 12:00", "--before", "2024-05-31 14:00", "--timezone", "UTC"]
    assert sorted(query_ids(held, "--crop", 1, *span)) == [2, 6]
    assert query_ids(held, "--crop", 1, "--source", "unknown.png") == [9]
    ran = held("query", "--crop", 1, "--camera", "gate", "--format", "json")
    statement = json.loads(ran.out)["statement"]
    assert statement["left_out_unknown_camera"] == 1
    assert statement["crops_searched"] == 4


def test_a_table_with_its_statement(held, crops):
    ran = held("query", crops / "gate_20240531T12Z.png", "-k", 2)
    assert ran.code == 0
    assert "Searched 9 of 9 crops, exactly" in " ".join(ran.out.split())
    assert "uncalibrated" in ran.out


@pytest.mark.full
def test_several_views_are_fused_and_a_sheet_is_written(held, crops, tmp_path):
    sheet = tmp_path / "sheet.png"
    picture = crops / "gate_20240531T12Z.png"
    ran = held("query", picture, "--crop", 9, "-o", sheet, "--format", "json")
    assert ran.code == 0
    document = json.loads(ran.out)
    assert document["statement"]["query"] == "mean of 1 picture and crop 9"
    assert 9 not in [match["crop_id"] for match in document["matches"]]
    with Image.open(sheet) as image:
        assert image.format == "PNG"
        assert min(image.size) > 200
    assert str(sheet) in ran.err


@pytest.mark.full
def test_a_pipe_that_closes_early_is_quiet(held):
    command = f"{sys.executable} -m reidsearch query --crop 1 --format jsonl -a {held.archive}"
    ran = subprocess.run(
        f"{command} | head -1", shell=True, capture_output=True, text=True, check=True
    )
    assert ran.stderr == ""
    assert json.loads(ran.stdout)["kind"] == "statement"


@pytest.mark.full
def test_names_that_are_not_utf8_from_end_to_end(tmp_path):
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    Path(os.fsdecode(folder)).mkdir()
    shutil.copy(draw(tmp_path / "x.png", 1), folder + b"/m\xfcller.png")
    archive = tmp_path / "archive"
    indexed = start("index", folder, "-a", archive, "--model", "builtin")
    assert (indexed.communicate()[1], indexed.returncode) == ("", 0)
    asked = start("query", folder + b"/m\xfcller.png", "-a", archive, "--format", "json")
    out, err = asked.communicate()
    assert (err, asked.returncode) == ("", 0)
    assert json.loads(out)["matches"][0]["location"].endswith(r"caf\xe9/m\xfcller.png")
    table = start("query", "--crop", "1", "-a", archive, env=os.environ | {"LC_ALL": "C"})
    assert (table.communicate()[1], table.returncode) == ("", 0)


@pytest.mark.full
def test_real_people_are_found_by_the_real_model(run, shared, tmp_path):
    """20 people of CUHK03 seen by two cameras: the other camera's picture is found first."""
    dev = shared / "reid" / "cuhk03-dev"
    gallery = tmp_path / "gallery"
    gallery.mkdir()
    asked: dict[str, Path] = {}
    for picture in sorted((dev / "query").glob("*_c1*.jpg")):
        person = picture.name[:4]
        of_both = [
            sorted((dev / "bounding_box_test").glob(f"{person}_{camera}*.jpg"))
            for camera in ("c1", "c2")
        ]
        if all(of_both) and len(asked) < 20:
            asked[person] = picture
            for pictures in of_both:
                shutil.copy(pictures[0], gallery)
    models = ["--model-path", shared / "models", "--offline"]
    ran = run("index", gallery, "--names", "market1501", *models, "--format", "json")
    assert ran.code == 0
    assert json.loads(ran.out)["indexed"] == 40
    person, picture = next(iter(asked.items()))
    ran = run("query", picture, "--camera", "c2", "-k", 20, "--format", "json", *models)
    document = json.loads(ran.out)
    assert document["statement"]["model"]["name"] == "person-reidentification-retail-0286"
    assert document["statement"]["crops_searched"] == 20
    assert len({match["person"] for match in document["matches"]}) == 20
    filters = Filters(cameras=("c2",))
    with Archive.open(run.archive, model_path=[shared / "models"], offline=True) as archive:
        first = {
            person: archive.search(picture, k=1, filters=filters).matches[0].crop.facts.person
            for person, picture in asked.items()
        }
    assert first[person] == document["matches"][0]["person"]
    assert sum(person == found for person, found in first.items()) >= 12  # by chance: 1


@pytest.mark.full
def test_csv_where_the_encoding_lacks_letters_shows_escapes(tmp_path):
    archive = tmp_path / "archive"
    pictures = [draw(tmp_path / f"{seed}.png", seed) for seed in (1, 2)]
    indexed = start(
        *("index", *pictures, "-a", archive, "--camera", "Вход", "--model", "builtin"),
    )
    assert (indexed.communicate()[1], indexed.returncode) == ("", 0)
    for form in ("csv", "table"):
        asked = start(
            *("query", "--crop", "1", "-a", archive, "--format", form),
            env=os.environ | {"PYTHONIOENCODING": "latin-1"},
        )
        out, err = asked.communicate()
        assert (err, asked.returncode) == ("", 0)
        assert r"\u0412\u0445\u043e\u0434" in out
