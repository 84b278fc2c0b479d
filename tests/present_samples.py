"""Answers to show, made by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

from reidsearch.boxes import Box
from reidsearch.records import Answer, Crop, Facts, Filters, Match, ModelIdentity, Statement

NOON = dt.datetime(2024, 5, 31, 12, 3, tzinfo=dt.UTC)
MODEL = ModelIdentity("person-reidentification-retail-0286", "FP16", "ab" * 48, "bgr/1", 256)

# Names as a hostile or unlucky archive holds them.
NASTY = "a\x1b[31m[bold]b[/bold]:smile:\u202ec\ud800\n東京/café.jpg"


def statement(**changes: Any) -> Statement:
    usual = {
        "archive": "archive",
        "archive_id": "0f5c",
        "asked_at": NOON,
        "query": "1 picture",
        "k": 10,
        "min_score": None,
        "crops_held": 1527,
        "crops_searched": 1527,
        "exact": True,
        "recall": 1.0,
        "index_kind": "flat",
        "generation": 3,
        "model": MODEL,
        "runtime": "OpenVINO on CPU",
        "filters": Filters(),
        "left_out_unknown_time": 0,
        "left_out_unknown_camera": 0,
        "failures": 0,
        "unfinished_runs": 0,
        "calibration": "uncalibrated",
    }
    return Statement(**(usual | changes))


def crop(crop_id: int = 7, location: str = "crops/a.jpg", **facts: Any) -> Crop:
    return Crop(
        crop_id,
        crop_id,
        "cd" * 32,
        location,
        Box(0, 1, 64, 129),
        Facts(**({"camera": "gate", "time": NOON} | facts)),
        NOON,
    )


def answer(*crops: Crop, **changes: Any) -> Answer:
    matches = (Match(rank, 1 - rank / 10, held) for rank, held in enumerate(crops, start=1))
    return Answer(statement(**changes), tuple(matches))
