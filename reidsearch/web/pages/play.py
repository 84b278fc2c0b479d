"""One source: a frame with its boxes, and the other cameras; modules of the page play it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reidsearch.base.errors import ReidsearchError
from reidsearch.base.timecode import iso
from reidsearch.web.api import media
from reidsearch.web.call import Call
from reidsearch.web.declared import Given, Nothing, Page, Values
from reidsearch.web.problems import problem_of

AROUND_S = 2.0
"""Frames so long before and after the moment are known to the page without JavaScript."""
STEP_S = 10.0
WIDTH_PX = 960  # small footage is enlarged to it
SHADED_S = 2.0  # at least so much is drawn before and after the moment of another camera


class Asked(Given, frozen=True):
    """Which moment is shown."""

    at: media.Seconds = 0.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A box to be drawn, in pixels of the frame.

    Args:
        measured: the person was detected in this frame; else the box is interpolated.
    """

    tracklet_id: int
    name: str | None
    x: float
    y: float
    width: float
    height: float
    measured: bool


@dataclass(frozen=True, slots=True)
class Shaded:
    """Where the instant lies in the footage of another camera; per cent of a bar.

    Args:
        mark: the most likely moment.
        x, width: where it may be; no width: that is not known.
        held_x, held_width: of what there is footage.
    """

    mark: float
    x: float
    width: float
    held_x: float
    held_width: float


def play(call: Call, asked: Asked) -> Values:
    """Return what the page shows."""
    told = media.playback(call, Nothing())
    at = min(asked.at, told["duration_s"])
    problem = None
    times: list[float] = []
    try:
        around = media.Interval(from_s=max(0.0, at - AROUND_S), to_s=at + AROUND_S)
        times = list(media.frames(call, around)["times_s"])
    except ReidsearchError as error:
        problem = problem_of(error)
    shown = max((one for one in times if one <= at + 1e-6), default=at)
    boxes = media.boxes(call, media.Interval(from_s=shown, to_s=shown))
    scale = max(1.0, WIDTH_PX / told["width_px"])
    return {
        "source": told,
        "at": shown,
        "time": time_at(told, shown),
        "own_time": time_at(told, shown, -told["correction_s"]),
        "problem": problem,
        "boxes": drawn(boxes, shown),
        "unseen": next(
            (one for one in boxes["unseen"] if one["from_s"] <= shown < one["to_s"]), None
        ),
        "before": max((one for one in times if one < shown), default=None),
        "after": min((one for one in times if one > shown), default=None),
        "back": max(0.0, shown - STEP_S),
        "on": min(told["duration_s"], shown + STEP_S),
        "size": (round(told["width_px"] * scale), round(told["height_px"] * scale)),
        "others": _others(call, shown) if told["from_time"] else None,
    }


def drawn(boxes: Mapping[str, Any], at: float) -> list[Drawn]:
    """Return the boxes at a moment; between two detections of a run interpolated."""
    found = []
    for one in boxes["tracklets"]:
        box = next((box for run in one["runs"] if (box := _between(run, at)) is not None), None)
        if box is None:
            continue
        left, top, right, bottom, measured = box
        name = one["identity"]["name"] if one["identity"] else None
        size = right - left, bottom - top
        found.append(Drawn(one["tracklet_id"], name, left, top, *size, measured))
    return found


def _between(run: list[list[float]], at: float) -> tuple[float, float, float, float, bool] | None:
    before = next((one for one in reversed(run) if one[0] <= at + 1e-5), None)
    after = next((one for one in run if one[0] >= at - 1e-5), None)
    if before is None or after is None:
        return None
    share = (at - before[0]) / (after[0] - before[0]) if after is not before else 0.0
    left, top, right, bottom = (
        a + share * (b - a) for a, b in zip(before[1:], after[1:], strict=True)
    )
    return left, top, right, bottom, before is after


def time_at(told: Mapping[str, Any], media_s: float, more_s: float = 0.0) -> str | None:
    """Return the time that a source's clock shows at a media time; None: not known."""
    if told["from_time"] is None or told["to_time"] is None:
        return None
    first, last = (dt.datetime.fromisoformat(told[name]) for name in ("from_time", "to_time"))
    rate = (last - first).total_seconds() / told["duration_s"] if told["duration_s"] else 1.0
    return iso(first + dt.timedelta(seconds=media_s * rate + more_s))


def _others(call: Call, at: float) -> Mapping[str, Any]:
    told = media.others(call, media.Moment(at=at))
    return {**told, "others": [{**one, "shaded": shaded(one)} for one in told["others"]]}


def shaded(other: Mapping[str, Any]) -> Shaded:
    """Return what a bar around the moment of another camera shows."""
    at: float = other["media_s"]
    unsure: float | None = other["uncertainty_s"]
    reach = max(SHADED_S, 2 * (unsure or 0.0))

    def x(media_s: float) -> float:
        return round(min(100.0, max(0.0, 50 + 50 * (media_s - at) / reach)), 2)

    held = x(0.0), x(other["duration_s"])
    first, last = (at, at) if unsure is None else (other["earliest_s"], other["latest_s"])
    return Shaded(
        x(at), x(first), round(x(last) - x(first), 2), held[0], round(held[1] - held[0], 2)
    )


PAGES = (Page("/play/{source_id:int}", play, "play.html", takes=Asked),)
