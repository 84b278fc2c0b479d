"""Footage as a page plays it, as JSON: which way, its frames, boxes, the other cameras."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from reidsearch.base.timecode import from_us, iso
from reidsearch.domain.answer_json import named_json
from reidsearch.domain.footage import SourceCoverage
from reidsearch.domain.playback import (
    Instant,
    Playback,
    SameInstant,
    SourceBoxes,
    TrackletBoxes,
    Way,
)
from reidsearch.domain.tracks import INTERPOLATED_S


def playback_json(played: Playback) -> dict[str, Any]:
    """Return which way a source is played, and when it was recorded."""
    one = played.source
    clock = one.facts.clock
    ends = [clock.at_us(at) for at in (Fraction(0), one.duration_s)]
    return {
        "schema": "reidsearch/playback/1",
        **_source(one),
        "way": played.way.value,
        "media_type": played.media_type,
        "scaled": played.way is Way.TRANSCODED,
        "codec": one.info.codec,
        "container": one.info.container,
        "width_px": one.info.width_px,
        "height_px": one.info.height_px,
        "duration_s": float(one.duration_s),
        "measured_fps": one.measured_fps,
        "state": one.state.value,
        "replaced": one.replaced,
        "from_time": None if ends[0] is None else iso(from_us(ends[0])),
        "to_time": None if ends[1] is None else iso(from_us(ends[1])),
        "uncertainty_s": clock.uncertainty_s,
        "correction_s": float(clock.correction_s),
        "warnings": list(one.warnings),
    }


def frame_times_json(source_id: int, times: Sequence[Fraction]) -> dict[str, Any]:
    """Return the media times of frames, in order."""
    return {
        "schema": "reidsearch/frame-times/1",
        "source_id": source_id,
        "times_s": [float(at) for at in times],
    }


def boxes_json(boxes: SourceBoxes) -> dict[str, Any]:
    """Return the boxes of an interval; what lies between two runs is not interpolated."""
    return {
        "schema": "reidsearch/boxes/1",
        **_source(boxes.source),
        "from_s": float(boxes.from_s),
        "to_s": float(boxes.to_s),
        "width_px": boxes.source.info.width_px,
        "height_px": boxes.source.info.height_px,
        "interpolated_s": float(INTERPOLATED_S),
        "tracklets": [_tracklet(boxes.source, one) for one in boxes.tracklets],
        "unseen": [
            {
                "from_s": span.from_us / 1e6,
                "to_s": span.to_us / 1e6,
                "how": span.how.value,
                "detail": span.detail,
            }
            for span in boxes.unseen
        ],
    }


def others_json(instant: Instant) -> dict[str, Any]:
    """Return the other cameras at one instant."""
    return {
        "schema": "reidsearch/others/1",
        **_source(instant.source),
        "media_s": float(instant.media_s),
        "time": iso(instant.time),
        "uncertainty_s": instant.uncertainty_s,
        "others": [_other(one) for one in instant.others],
    }


def _source(one: SourceCoverage) -> dict[str, Any]:
    return {
        "source_id": one.source_id,
        "source": one.sha256,
        "location": one.location,
        "camera": one.facts.camera,
    }


def _tracklet(source: SourceCoverage, one: TrackletBoxes) -> dict[str, Any]:
    def media_s(pts: int) -> float:
        return round(float(source.info.media_s(pts)), 6)

    return {
        "tracklet_id": one.tracklet_id,
        "identity": named_json(one.identity) if one.identity else None,
        "crops": [{"crop_id": crop, "media_s": float(at)} for crop, at in one.crops],
        "runs": [
            [
                [media_s(int(pts)), *(round(float(side), 1) for side in box)]
                for pts, box in zip(run.pts, run.xyxy, strict=True)
            ]
            for run in one.runs
        ],
    }


def _other(one: SameInstant) -> dict[str, Any]:
    return {
        **_source(one.source),
        "duration_s": float(one.source.duration_s),
        "media_s": float(one.media_s),
        "uncertainty_s": one.uncertainty_s,
        "earliest_s": None if one.earliest_s is None else float(one.earliest_s),
        "latest_s": None if one.latest_s is None else float(one.latest_s),
        "covered": one.covered,
        "how": one.how.value if one.how else None,
    }
