"""What people tell of the clocks of cameras, as text and as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import iso
from reidsearch.domain.clock_suggestion import (
    CameraOffset,
    CameraPair,
    ClockSuggestion,
    Cycle,
    Disagreement,
    HowPaired,
    WhyNoOffset,
)
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.on_record import unlogged_told
from reidsearch.output.text import UNKNOWN
from reidsearch.output.times import local
from reidsearch.output.visible import count, duration, visible

WHY_NOT = {
    WhyNoOffset.NO_CLOCK: "the start of its footage is not known",
    WhyNoOffset.NOBODY: "too few people were seen by it and by another camera",
    WhyNoOffset.ONE_WAY: "ways in one direction only: not told from an offset",
    WhyNoOffset.NOT_CONNECTED: "no chain of pairs leads to the reference",
}
HOW = {
    HowPaired.BOTH_WAYS: "both ways",
    HowPaired.AT_ONCE: "at once",
    HowPaired.ONE_WAY: "one way",
    HowPaired.TOO_FEW: "too few",
}
LISTED = 8


def suggestion_view(found: ClockSuggestion) -> RenderableType:
    """Return offsets, pairs of cameras and contradictions, with what they rest on."""
    views: list[RenderableType] = [_cameras(found)]
    if found.pairs:
        views.append(_pairs(found))
    views += [Text(line, style="yellow") for line in contradictions(found)]
    views += [Text(line, style="dim") for line in sentences(found)]
    return Group(*views)


def sentences(found: ClockSuggestion) -> list[str]:
    """Return what it rests on, what it cannot know, and what was changed."""
    told = rests_on(found)
    if found.accepted:
        told.append(f"The clocks of {', '.join(map(visible, found.accepted))} were set.")
    elif ready := [one.camera for one in found.cameras if one.offset_s is not None]:
        told.append(
            "Nothing was changed. To set clocks so, repeat it with "
            + " ".join(f"--accept {_quoted(camera)}" for camera in ready[:LISTED])
            + (" ..." if len(ready) > LISTED else "")
        )
    return told + unlogged_told(found.why_not_logged)


def rests_on(found: ClockSuggestion) -> list[str]:
    """Return what it rests on, and what it cannot know."""
    told = [
        f"Relative to {visible(found.reference)}; from {count(found.people, 'person', 'people')} "
        "(who was not confirmed may count more than once): "
        f"{found.confirmed:,} pairs of confirmed sightings, {found.matched:,} mutual best matches"
        + (f" of {found.least_score:.2f} or more" if found.least_score is not None else "")
        + "."
    ]
    if found.at is not None:
        told.append(
            f"Offsets are to be added to all times of the camera, at {local(found.at)}; drift "
            "counts from there. Intervals are 95 %."
        )
    told.append(
        "They hold as far as both directions of a way take equally long; sightings more than "
        f"{duration(found.within_s)} apart were not compared, so larger offsets are not found."
    )
    return told


def contradictions(found: ClockSuggestion) -> list[str]:
    """Return what speaks against it, in sentences."""
    told = [
        f"{visible(one.a)} and {visible(one.b)} disagree with all other pairs by "
        f"{one.residual_s:+.1f} s (± {2 * (one.residual_sd_s or 0):.1f} s)."
        for one in found.pairs
        if one.contradicts
    ]
    told += [
        f"{' - '.join(map(visible, one.cameras))} does not close: {one.open_s:+.1f} s on the way "
        f"around (± {2 * one.sd_s:.1f} s)."
        for one in found.cycles
        if one.contradicts
    ]
    told += [
        f"The clock of {visible(one.camera)} was set though it may have been right: the interval "
        f"of its offset, {interval_text(one)}, holds 0."
        for one in found.cameras
        if one.camera in found.accepted and one.interval_s and _holds_zero(one.interval_s)
    ]
    for one in found.disagreements[:LISTED]:
        first, second = (
            f"{member.text} by {visible(camera)}"
            for member, camera in zip((one.first, one.second), one.cameras, strict=True)
        )
        told.append(
            f"{visible(one.identity)}: {first} and {second} would overlap by {one.overlap_s:.1f} s."
        )
    if (more := found.disagreeing - min(len(found.disagreements), LISTED)) > 0:
        told.append(f"{more:,} more confirmed sightings would overlap so.")
    return told


def _holds_zero(interval: tuple[float, float]) -> bool:
    low, high = interval
    return low <= 0 <= high


def _quoted(camera: str) -> str:
    import shlex

    return visible(shlex.quote(camera))


def _cameras(found: ClockSuggestion) -> FittedTable:
    cameras = found.cameras
    return FittedTable(
        [
            Column("camera", [visible(one.camera) for one in cameras], 0),
            Column("offset", [offset_text(one) for one in cameras], 0, right=True),
            Column("95 % interval", [interval_text(one) for one in cameras], 0),
            Column("drift", [drift_text(one) for one in cameras], 3),
            Column("people", [f"{one.people:,}" for one in cameras], 1, right=True),
            Column("ways", [f"{one.lags:,}" for one in cameras], 4, right=True),
            Column("sources", [f"{one.sources:,}" for one in cameras], 5, right=True),
            Column(
                "why not",
                [WHY_NOT[one.why_not] if one.why_not else "" for one in cameras],
                2,
                wrapped=True,
            ),
        ]
    )


def offset_text(one: CameraOffset) -> str:
    """What is to be added to the times of a camera, if that is known."""
    return UNKNOWN if one.offset_s is None else f"{one.offset_s:+.1f} s"


def interval_text(one: CameraOffset) -> str:
    """The interval of an offset."""
    if one.interval_s is None:
        return UNKNOWN
    return f"{one.interval_s[0]:+.1f} to {one.interval_s[1]:+.1f} s"


def drift_text(one: CameraOffset) -> str:
    """How much faster or slower a clock runs, if that is known."""
    if one.drift_interval_ppm is None:
        return UNKNOWN
    low, high = one.drift_interval_ppm
    if one.drift_ppm:
        return f"{one.drift_ppm:+.0f} ppm ({low:+.0f} to {high:+.0f})"
    return f"none found ({low:+.0f} to {high:+.0f} ppm)"


def _pairs(found: ClockSuggestion) -> FittedTable:
    pairs = found.pairs

    def seconds(value: float | None, sign: str = "") -> str:
        return UNKNOWN if value is None else f"{value:{sign}.1f} s"

    return FittedTable(
        [
            Column("between", [f"{visible(p.a)} and {visible(p.b)}" for p in pairs], 0),
            Column("seen", [HOW[p.how] for p in pairs], 0),
            Column("there", [f"{p.forward:,}" for p in pairs], 1, right=True),
            Column("back", [f"{p.backward:,}" for p in pairs], 1, right=True),
            Column("of", [f"{p.lags:,}" for p in pairs], 4, right=True),
            Column("people", [f"{p.people:,}" for p in pairs], 5, right=True),
            Column("way takes", [seconds(p.transit_s) for p in pairs], 2, right=True),
            Column("disagrees by", [seconds(p.residual_s, "+") for p in pairs], 3, right=True),
        ]
    )


def suggestion_json(found: ClockSuggestion) -> dict[str, Any]:
    """Return it as a document."""
    return {
        "schema": "reidsearch/clock-suggestion/1",
        "reference": found.reference,
        "at": iso(found.at) if found.at else None,
        "within_s": found.within_s,
        "least_score": found.least_score,
        "confirmed": found.confirmed,
        "matched": found.matched,
        "people": found.people,
        "cameras": [_camera_json(one, found) for one in found.cameras],
        "pairs": [_pair_json(one) for one in found.pairs],
        "cycles": [_cycle_json(one) for one in found.cycles],
        "disagreements": [_disagreement_json(one) for one in found.disagreements],
        "disagreeing": found.disagreeing,
        "logged": found.logged,
    }


def _camera_json(one: CameraOffset, found: ClockSuggestion) -> dict[str, Any]:
    return {
        "camera": one.camera,
        "offset_s": one.offset_s,
        "interval_s": list(one.interval_s) if one.interval_s else None,
        "drift_ppm": one.drift_ppm,
        "drift_interval_ppm": list(one.drift_interval_ppm) if one.drift_interval_ppm else None,
        "people": one.people,
        "lags": one.lags,
        "sources": one.sources,
        "why_not": one.why_not.value if one.why_not else None,
        "accepted": one.camera in found.accepted,
    }


def _pair_json(one: CameraPair) -> dict[str, Any]:
    return {
        "a": one.a,
        "b": one.b,
        "how": one.how.value,
        "lags": one.lags,
        "forward": one.forward,
        "backward": one.backward,
        "at_once": one.at_once,
        "people": one.people,
        "transit_s": one.transit_s,
        "residual_s": one.residual_s,
        "residual_sd_s": one.residual_sd_s,
        "contradicts": one.contradicts,
    }


def _cycle_json(one: Cycle) -> dict[str, Any]:
    return {
        "cameras": list(one.cameras),
        "open_s": one.open_s,
        "sd_s": one.sd_s,
        "contradicts": one.contradicts,
    }


def _disagreement_json(one: Disagreement) -> dict[str, Any]:
    return {
        "identity": one.identity,
        "first": {"kind": one.first.kind, "number": one.first.number},
        "second": {"kind": one.second.kind, "number": one.second.number},
        "cameras": list(one.cameras),
        "overlap_s": one.overlap_s,
    }
