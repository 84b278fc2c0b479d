"""Answers for machines: JSON, JSON Lines and CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import fields, replace
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from present_samples import (
    CALIBRATED,
    NASTY,
    NOON,
    READING,
    answer,
    answer_csv,
    crop,
    footage_answer,
)

from reidsearch.domain.answer_json import answer_json
from reidsearch.domain.answers import Answer, Match, Statement
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.request import Filters
from reidsearch.output.answer_csv import MATCH_COLUMNS
from reidsearch.output.answer_json import jsonl_lines
from reidsearch.output.emit import dumps
from reidsearch.output.terminal import shown

SCHEMA = json.loads((files("reidsearch.output") / "schemas/answer-3.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)

ANSWERS = {
    "usual": answer(crop(1), crop(2, person="anna")),
    "none": answer(min_score=0.5),
    "unknown": answer(crop(camera=None, time=None)),
    "nasty": answer(crop(location=NASTY, camera=NASTY, extra={"\x00": [math.nan, {"a": 1}]})),
    "approximate": answer(crop(), exact=False, recall=None),
    "filtered": answer(
        crop(time=NOON.replace(microsecond=5)),
        filters=Filters(("a", "b"), ("c",), NOON, NOON, ("cdcdcdcd",), (3,)),
        warnings=("the clock drifts",),
    ),
    "footage": footage_answer(),
    "calibrated": replace(
        answer(**CALIBRATED, max_false_alarms=1.0),
        matches=(Match(1, 0.9, crop(), reading=READING),),
    ),
}


@pytest.mark.parametrize("given", ANSWERS.values(), ids=ANSWERS)
def test_json_is_as_its_schema_says(given: Answer) -> None:
    document = json.loads(dumps(answer_json(given)))
    VALIDATOR.validate(document)
    assert len(document["matches"]) == len(given.matches)


@pytest.mark.full
def test_schema_is_itself_valid_and_closed() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    document = answer_json(ANSWERS["usual"])
    for changed in (
        document | {"more": 1},
        {name: value for name, value in document.items() if name != "statement"},
        document | {"schema": "reidsearch/answer/1"},
        document | {"matches": [document["matches"][0] | {"time": "2024-05-31 12:03"}]},
        document | {"matches": [document["matches"][0] | {"distance": 0.1}]},
    ):
        assert not VALIDATOR.is_valid(changed)


def test_json_tells_the_whole_statement() -> None:
    told = answer_json(ANSWERS["usual"])["statement"]
    names = [field.name for field in fields(Statement)]
    assert list(told) == [one for one in names if one != "space_time"], "there where it was asked"
    assert list(told["filters"]) == [field.name for field in fields(Filters)]
    assert list(told["model"]) == [field.name for field in fields(ModelIdentity)]


def test_json_tells_where_when_and_how_sure() -> None:
    match = answer_json(answer(crop(7, person="anna", extra={"lane": 2})))["matches"][0]
    assert match == {
        "rank": 1,
        "rank_before": None,
        "score": 0.9,
        "crop_id": 7,
        "camera": "gate",
        "time": "2024-05-31T12:03:00Z",
        "person": "anna",
        "source": "cd" * 32,
        "location": "crops/a.jpg",
        "box": [0, 1, 64, 129],
        "extra": {"lane": 2},
        "moment": None,
        "tracklet": None,
        "identity": None,
        "rejected_for": [],
        "attributes": None,
        "reading": None,
        "liked": False,
        "own": False,
        "own_by": None,
        "stays": None,
    }


def test_json_tells_when_in_its_footage_and_how_that_was_looked_at() -> None:
    document = answer_json(ANSWERS["footage"])
    (match,) = document["matches"]
    assert match["moment"] == {
        "tracklet_id": 4,
        "media_s": 15.0,
        "pts": 375,
        "uncertainty_s": 1.0,
        "quality": 0.75,
        "correction_s": 0.0,
        "picture": None,
    }
    assert match["tracklet"] == {
        "tracklet_id": 4,
        "first_s": 13.5,
        "last_s": 18.0,
        "first_time": "2024-05-31T12:03:00Z",
        "last_time": "2024-05-31T12:03:04.500000Z",
        "duration_s": 4.5,
        "detections": 19,
        "crop_ids": [7, 8],
        "parts": [{"source_id": 7, "location": "gate.mp4", "first_s": 13.5, "last_s": 18.0}],
        "purity": {"share": 12 / 19, "doubts": [{"source_id": 7, "media_s": 15.25}]},
    }
    assert document["statement"]["footage"] == {
        "sources": 3,
        "unfinished": 1,
        "running": 0,
        "seconds": {
            "dense": 300.0,
            "sparse": 0.0,
            "gated": 1500.0,
            "key-frames": 0.0,
            "precomputed": 0.0,
            "failed": 12.0,
            "gap": 0.0,
            "erased": 0.0,
        },
        "not_supplied_s": {"gate": 3725.0},
        "small_detections": 7,
        "heights": [
            {
                "sources": 2,
                "seen": {"hardly_below_px": 110, "mostly_from_px": 160, "frame_height_px": 1080},
            },
            {"sources": 1, "seen": None},
        ],
    }


@pytest.mark.parametrize("given", ANSWERS.values(), ids=ANSWERS)
def test_json_lines_hold_the_same_as_json(given: Answer) -> None:
    first, *rest = [json.loads(line) for line in jsonl_lines(given.statement, given.matches)]
    assert first.pop("kind") == "statement"
    assert {line.pop("kind") for line in rest} <= {"match"}
    assert first | {"matches": rest} == json.loads(dumps(answer_json(given)))


def test_json_is_ascii_and_refuses_what_is_not_finite() -> None:
    assert dumps(answer_json(ANSWERS["nasty"])).isascii()
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps(math.inf)


def rows(given: Answer) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(answer_csv(given), newline="")))


@pytest.mark.parametrize("given", ANSWERS.values(), ids=ANSWERS)
def test_csv_never_loses_the_statement(given: Answer) -> None:
    told = rows(given)
    assert len(told) == max(1, len(given.matches))
    for row in told:
        assert (row["crops_searched"], row["crops_stored"]) == ("1527", "1527")
        assert row["model"].startswith("person-reidentification-retail-0286 FP16")
        assert row["exact"] in ("true", "false")


def test_csv_tells_of_tracklets() -> None:
    (row,) = rows(ANSWERS["footage"])
    told = ("tracklet_id", "media_s", "uncertainty_s", "duration_s", "best_shots", "last_time")
    assert [row[name] for name in told] == [
        "4", "15.0", "1.0", "4.5", "2", "2024-05-31T12:03:04.500000Z",
    ]  # fmt: skip


def test_csv_without_matches_has_empty_match_columns() -> None:
    (row,) = rows(ANSWERS["none"])
    assert {row[column] for column in MATCH_COLUMNS} == {""}


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "'=1",
        "\uff1d1",
        '"=1',
        "a,b",
        "a\nb",
    ],
)
def test_csv_guards_text_against_formulas_and_gives_it_back(text: str) -> None:
    (row,) = rows(answer(crop(camera=text)))
    cell = row["camera"]
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"))
    assert cell.removeprefix("'") == shown(text)


def test_csv_leaves_numbers_alone_and_ends_lines_as_rfc_4180_says() -> None:
    given = answer(*(crop(number) for number in range(1, 13)))
    text = answer_csv(given)
    assert text.count("\r\n") == 13
    assert rows(given)[11]["score"] == repr(1 - 12 / 10)
