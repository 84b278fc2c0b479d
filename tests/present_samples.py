"""Answers to show, made by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from fractions import Fraction
from typing import Any

from reidsearch.base.boxes import Box
from reidsearch.domain.answers import Answer, FootageSearched, Match, Statement
from reidsearch.domain.crops import Crop, Facts
from reidsearch.domain.footage import HeightsSeen, How
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.query_origins import OriginKind, QueryOrigin
from reidsearch.domain.request import Filters
from reidsearch.domain.scores import Origin, Provenance, Reading
from reidsearch.domain.tracklets import Doubt, Moment, Purity, SourceInterval, TrackletSeen
from reidsearch.output.answer_csv import answer_csv_lines

NOON = dt.datetime(2024, 5, 31, 12, 3, tzinfo=dt.UTC)
MODEL = ModelIdentity("person-reidentification-retail-0286", "FP16", "ab" * 48, "bgr/1", 256)

# Names as a hostile or unlucky archive holds them.
NASTY = "a\x1b[31m[bold]b[/bold]:smile:\u202ec\ud800\n東京/café.jpg"


ORIGIN = QueryOrigin(
    OriginKind.FILE,
    "front.jpg",
    Box(0, 0, 64, 128),
    "/cases/7/front.jpg",
    "34" * 32,
    pixels_sha256="56" * 32,
    embedding_sha256="12" * 32,
)


def answer_csv(answer: Answer) -> str:
    return "".join(answer_csv_lines(answer.statement, answer.matches))


def statement(**changes: Any) -> Statement:
    usual = {
        "archive": "archive",
        "archive_id": "0f5c",
        "asked_at": NOON,
        "query": "1 picture",
        "k": 10,
        "min_score": None,
        "crops_stored": 1527,
        "crops_searched": 1527,
        "exact": True,
        "recall": 1.0,
        "recall_interval": None,
        "index_kind": "flat",
        "generation": 3,
        "model": MODEL,
        "runtime": "OpenVINO on CPU",
        "filters": Filters(),
        "left_out_unknown_time": 0,
        "left_out_unknown_camera": 0,
        "failures": 0,
        "unfinished_runs": 0,
        "running_runs": 0,
        "calibration": "uncalibrated",
        "query_pictures": (ORIGIN,),
        "embedding_sha256": "12" * 32,
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


PROVENANCE = Provenance(
    origin=Origin.SET,
    source=NASTY,
    sha256="ef" * 32,
    people=200,
    cameras=2,
    crops=1900,
    same_pairs=4600,
    different_pairs=920_000,
    people_pairs=19_900,
    seed=1,
    replicates=500,
    version="0.2.0",
    at=NOON,
)
READING = Reading(
    log10_lr=2.5,
    log10_lr_interval=(2.25, 2.75),
    probability=0.17,
    probability_interval=(0.105, 0.269),
    false_alarm_rate=0.00025,
    false_alarm_rate_interval=(0.0001, 0.0004),
    at_most=False,
    false_alarms=0.38,
    limited=False,
)
CALIBRATED = {
    "calibration": "calibrated on other footage: set (200 people)",
    "calibrated_by": PROVENANCE,
    "prior": 1 / 1527,
}

FOOTAGE = FootageSearched(
    sources=3,
    unfinished=1,
    seconds={How.DENSE: 300.0, How.GATED: 1500.0, How.FAILED: 12.0},
    not_supplied_s={"gate": 3725.0},
    small=7,
    heights={HeightsSeen(110, 160, 1080): 2, None: 1},
)


def footage_answer() -> Answer:
    """One match in footage: a view of a tracklet."""
    moment = Moment(4, 375, Fraction(15), 1.0, 0.75)
    held = replace(crop(7), moment=moment)
    seen = TrackletSeen(
        tracklet_id=4,
        camera="gate",
        parts=(SourceInterval(held.source_id, "gate.mp4", 13_500_000, 18_000_000),),
        first_time=NOON,
        last_time=NOON + dt.timedelta(seconds=4.5),
        uncertainty_s=1.0,
        detections=19,
        purity=Purity(19, (Doubt(7, held.source_id, 15_250_000),)),
        crop_ids=(7, 8),
    )
    return Answer(statement(footage=FOOTAGE, grouped=True), (Match(1, 0.9, held, seen),))


def answer(*crops: Crop, **changes: Any) -> Answer:
    matches = (Match(rank, 1 - rank / 10, held) for rank, held in enumerate(crops, start=1))
    return Answer(statement(**changes), tuple(matches))
