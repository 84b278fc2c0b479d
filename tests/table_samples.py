"""One of every table that the command line prints, made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import browse_samples
import numpy as np
from measured_samples import CAMERA, calibration_sample, way
from present_samples import CALIBRATED, MODEL, NOON, ORIGIN, READING, answer, crop
from rich.console import RenderableType

from reidsearch.base.timecode import to_us
from reidsearch.domain.adjustment import AdjustedBy
from reidsearch.domain.chance import Chance
from reidsearch.domain.company import Companion, Company, CompanyStatement, Meeting
from reidsearch.domain.crops import Crop
from reidsearch.domain.decisions import (
    Change,
    Decision,
    Identity,
    Linking,
    Member,
    Named,
    Of,
    Presence,
    Proposal,
    Seen,
    Story,
    TooFast,
    Transits,
)
from reidsearch.domain.explanation import Explanation, Neighbour, Stripe
from reidsearch.domain.figures import (
    Comparison,
)
from reidsearch.domain.footage import (
    Clock,
    CoverageGap,
    HeightsSeen,
    How,
    SourceCoverage,
    SourceFacts,
    Span,
    VideoInfo,
)
from reidsearch.domain.intersection import (
    Accidental,
    Chain,
    Intersection,
    IntersectionStatement,
    Link,
    PlaceSeen,
)
from reidsearch.domain.journeys import Between, Journey, Stop
from reidsearch.domain.nearby import (
    Around,
    Nearby,
    NearbyStatement,
    SeenNearby,
    Watched,
    Whom,
)
from reidsearch.domain.pictures import PicturesKept
from reidsearch.domain.reports import Failure, Summary
from reidsearch.domain.tracklets import SourceInterval
from reidsearch.domain.transit_times import LeftOut, Leg, TransitModel
from reidsearch.linking.transit_model import fitted
from reidsearch.output import (
    browse,
    calibration,
    company,
    coverage,
    evaluation_text,
    explanation,
    identities,
    intersection,
    journeys,
    nearby,
    proposals,
    recorders,
    text,
    transit,
)
from reidsearch.output.answer_text import answer_view

PLACE = "/srv/footage/building-7/entrance/2024/05/31/entrance_20240531_090000.mp4"
TIME = "2024-05-31 12:03:00"
"""NOON as tables show it, in UTC."""
CROP = 1234567
T1, T2 = Member("tracklet", 1234), Member("tracklet", 1235)
ANNA = Identity(12, "anna of the red jacket", (T1, T2), (Member("crop", 99),))
AT_US = to_us(NOON)


def presence(member: Member = T1) -> Presence:
    return Presence(
        member,
        CAMERA,
        (SourceInterval(1, PLACE, 0, 4_500_000),),
        AT_US,
        AT_US + 4_500_000,
        1.0,
        (CROP, CROP + 1),
    )


def found() -> Crop:
    return replace(crop(CROP, PLACE, camera=CAMERA, person="0042"), crop_id=CROP)


def summary() -> Summary:
    return Summary(
        archive="archive",
        archive_id="0f5c",
        created_at=NOON,
        schema="0001",
        model=MODEL,
        crops=1500,
        sources=1400,
        footage=2,
        tracklets=7,
        persons_labelled=3,
        cameras=(("gate", 1000, NOON, NOON), (None, 500, None, None)),
        first_time=NOON,
        last_time=NOON,
        crops_without_time=500,
        crops_deleted=2,
        small_detections=12,
        failures=(("empty", 2), ("truncated", 1)),
        not_searched=(Failure("/crops/a.png", "empty", "it has no bytes", NOON, 1),),
        runs=3,
        unfinished_runs=1,
        running_runs=0,
        database_bytes=12_345_678,
        index_bytes=999,
        generation=3,
        crops_in_index=1500,
        index_kind="faiss-flat-ip",
        index_url=None,
        pictures=PicturesKept("s3://pictures/station", "f" * 36, True, 0, 1500, 7_654_321, 2),
    )


def failures() -> RenderableType:
    message = "the video ends in the middle of a frame: 1 234 567 bytes are missing"
    return text.failures_view([Failure(PLACE, "truncated", message, NOON, 17)], 1)


def covered_source() -> SourceCoverage:
    info = VideoInfo(
        "video", "mp4", "h264", "yuv420p", 1920, 1080, 0, Fraction(1, 1000), 0, 25.0, 60.0
    )
    spans = (
        Span(0, 30_000_000, How.DENSE),
        Span(30_000_000, 50_000_000, How.GATED),
        Span(50_000_000, 60_000_000, How.FAILED, "no frame"),
    )
    facts = SourceFacts(CAMERA, Clock(NOON, "name", 1.0))
    return SourceCoverage(
        1,
        "ab" * 32,
        PLACE,
        info,
        facts,
        "finished",
        Fraction(60),
        25.0,
        {},
        {"tracklets": 7},
        spans,
        heights=HeightsSeen(110, 160, 1080),
    )


def covered() -> RenderableType:
    one = covered_source()
    return coverage.coverage_view([one], [CoverageGap(CAMERA, AT_US, AT_US + 90_000_000)])


def decisions() -> tuple[Decision, ...]:
    changes = (Change(Of.MEMBER, None, T1, None, 12), Change(Of.MEMBER, None, T2, None, 12))
    note = "the same jacket and the same walk"
    return (Decision(3, NOON, "night shift", "confirm", note, False, None, changes),)


def linking() -> Linking:
    pair = TooFast(T1, T2, 20.0, 60.0, certain=False)
    made = (
        Proposal(7, Named(12, ANNA.name), (T1, T2), (0.91, 0.87), 0.734, (pair,)),
        Proposal(8, None, (T1, T2), (0.81, 0.77), 0.634),
    )
    return Linking(1, NOON, 0.45, Transits(), 18, 0, MODEL.text, made)


def journey() -> Journey:
    stops = (Stop(1, presence(), None), Stop(2, presence(T2), 7))
    between = (Between(1, 2, AT_US, AT_US + 75_000_000, {"yard": 75.0, "hall": 20.0}),)
    return Journey(ANNA, stops, between, 3, (), Transits())


ASKED: dict[str, Any] = {"archive": "/srv/archive", "archive_id": "4f2c", "asked_at": NOON}


def around() -> Nearby:
    asked = NearbyStatement(
        **ASKED,
        whom=Whom(None, ANNA.named),
        within_s=60.0,
        around=Around.NEIGHBOURS,
        watched=(Watched(1, CAMERA, None, AT_US, AT_US + 120_000_000, 75.0),),
        without_time=(2,),
        without_footage=(),
        untimed_sources={CAMERA: 2},
        own=1,
        ways_known=False,
    )
    beside = SeenNearby(presence(T2), 1, -12.5, 0.0, 2.5, False, ANNA.named, (1,))
    return Nearby(asked, (presence(), presence()), (beside,))


def met() -> Company:
    asked = CompanyStatement(
        **ASKED,
        whom=Whom(None, ANNA.named),
        within_s=60.0,
        apart_s=900.0,
        occasions=2,
        untimed=1,
        identities=3,
        proposals=12,
        linked_at=NOON,
        unassigned=7,
        proposed_as_whom=1,
        seconds=480.0,
        not_analysed_s=12.5,
    )
    meetings = tuple(Meeting(n, presence(T2), -2.5, 0.0, 2.0, False, CROP) for n in (1, 2))
    by_chance = Chance(2, 0.35, 0, 2, 0.00031, 57)
    one = Companion(None, 7, 0.52, meetings, 2, by_chance, 0.0047, False)
    return Company(asked, (presence(), presence()), (one,))


def transits() -> TransitModel:
    gaps = [40.0, 41.0, 39.5, 52.0, 38.0, 900.0]
    legs = [Leg(person, CAMERA, "yard", gap, 2.0, True) for person, gap in enumerate(gaps)]
    counts = {(CAMERA, "yard"): 6, ("yard", CAMERA): 2}
    times = {(CAMERA, "yard"): fitted(legs)}
    left_out = LeftOut(1, 2, 3)
    return TransitModel((CAMERA, "yard"), times, counts, {}, {}, 6, 14, left_out)


def at_both() -> Intersection:
    place = PlaceSeen(CAMERA, AT_US, AT_US + 600_000_000, 12, 3.5, 1)
    asked = IntersectionStatement(
        **ASKED,
        places=(place, place),
        k=10,
        adjusted=AdjustedBy(2, 40, 4_000, "ab" * 32, why_not=None),
        read_by="impostors",
        impostors=412,
        whole=True,
        model=MODEL,
        crops_stored=4_000,
        newest_crop=4_711,
        decision=9,
    )
    link = Link(1, 2, 0.7123, Accidental(0.35, 0.1, 1.2))
    return Intersection(asked, (Chain((presence(), presence(T2)), (ANNA.named, None), (link,)),))


def explained() -> RenderableType:
    return explanation.explanation_view(explanation_sample())


def explanation_sample() -> Explanation:
    picture = np.zeros((8, 4, 3), np.uint8)
    near = (
        Neighbour(found(), 0.871, "on the same frame as the match"),
        Neighbour(found(), 0.8, ""),
    )
    stripes = tuple(Stripe(part / 4, (part + 1) / 4, 0.1, 0.2) for part in range(4))
    return Explanation(
        query="1 picture",
        origin=ORIGIN,
        match=found(),
        model=MODEL,
        score=0.912,
        score_of_pictures=0.912,
        query_picture=picture,
        match_picture=picture,
        stripes=stripes,
        near_query=near,
        near_match=near,
        status="uncalibrated",
        calibration=None,
        reading=None,
        same_below=None,
        observed=(),
    )


def calibrated() -> RenderableType:
    return calibration.calibration_view(calibration_sample(), "calibrated on other footage")


def recorded() -> RenderableType:
    row = {
        "name": "plain",
        "maker": "camera_date_time, as many programs write it",
        "example": "entrance_20240531_090000.mp4",
        "camera": CAMERA,
        "time": TIME.replace(" ", "T"),
        "utc": False,
        "zone": None,
        "problem": None,
    }
    return recorders.recorders_view([row], PLACE)


def query() -> RenderableType:
    told = answer(found(), **CALIBRATED)
    return answer_view(
        replace(told, matches=tuple(replace(m, reading=READING) for m in told.matches))
    )


def story() -> RenderableType:
    told = Story(ANNA, (presence(), presence(T2)), (presence(),), decisions())
    return identities.story_view(told, {12: ANNA.name})


def proposal() -> RenderableType:
    return proposals.seen_view(
        Seen(linking().proposals[0], (presence(), presence(T2)), (presence(),))
    )


SEEN = (str(CROP), CAMERA, TIME)
TABLES: dict[str, tuple[Callable[[], RenderableType], tuple[str, ...]]] = {
    "query": (query, (*SEEN, "0.900")),
    "query, without a picture": (
        lambda: browse.browse_view(browse_samples.page(camera=CAMERA, location=PLACE)),
        ("7", CAMERA, "2024-05-31 12:03:00.0"),
    ),
    "show": (lambda: text.summary_view(summary()), ("gate", TIME, "truncated")),
    "failures": (failures, ("truncated",)),
    "coverage": (covered, (CAMERA, TIME)),
    "identity list": (
        lambda: identities.list_view([ANNA, Identity(13, "bert", merged_into=12)]),
        ("12", "13", "bert"),
    ),
    "identity log": (lambda: identities.log_view(decisions(), {12: ANNA.name}), ("3", TIME)),
    "identity show": (story, SEEN),
    "link": (lambda: proposals.linking_view(linking()), ("7", "0.890")),
    "identity proposals": (proposal, (*SEEN, "0.910")),
    "journey": (lambda: journeys.journey_view(journey()), SEEN),
    "nearby": (lambda: nearby.nearby_view(around()), SEEN),
    "company": (lambda: company.company_view(met()), SEEN),
    "transit": (lambda: transit.transit_view(transits()), (CAMERA, "yard", "41.8 s", "6")),
    "query --at": (lambda: intersection.intersection_view(at_both()), SEEN),
    "recorders": (recorded, ("plain", CAMERA, TIME.replace(" ", "T"))),
    "explain": (explained, (str(CROP), CAMERA, "0.871")),
    "calibrate": (calibrated, ("0.30",)),
    "evaluate": (
        lambda: evaluation_text.evaluation_view(Comparison((way(),), (), "OpenVINO on CPU")),
        ("81.00", CAMERA, "0.912", "57"),
    ),
    "evaluate --compare": (
        lambda: evaluation_text.comparison_view(Comparison((way(), way()), (), "OpenVINO on CPU")),
        (f"{MODEL.name}/FP16-INT8",),
    ),
}
"""By command: what makes the table, and the cells in it that no terminal may cut."""
