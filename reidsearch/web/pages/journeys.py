"""Where an identity was and when: sightings in order, gaps and coverage, lanes, a film."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from reidsearch.services.playback import STREAMED_S
from reidsearch.web.api import archive, journeys
from reidsearch.web.call import Call
from reidsearch.web.declared import Nothing, Page, Values
from reidsearch.web.lanes import Sighting, lanes_of

MARGIN_S = 1.0
"""Of the film, before and after each sighting."""


def journey(call: Call, _: Nothing) -> Values:
    """Return what the page shows."""
    told = journeys.journey(call, Nothing())
    stops = told["stops"]
    cameras = {one["camera"] for one in stops} | {
        camera for one in told["between"] for camera in one["unseen_s"]
    }
    asked = archive.CoverageAsked(camera=tuple(sorted(filter(None, cameras))))
    sightings = [
        Sighting(
            one["camera"],
            one["first_time"],
            one["last_time"] or one["first_time"],
            str(one["number"]),
            "confirmed" if one["confirmed"] else "proposed",
            f"#stop-{one['number']}",
        )
        for one in stops
        if one["first_time"]
    ]
    gaps = {one["before"]: one for one in told["between"]}
    return {
        "told": told,
        "items": [{"stop": stop, "gap": gaps.get(stop["number"])} for stop in stops],
        "fast": [
            {"first": one["first"], "second": one["second"], **one} for one in told["too_fast"]
        ],
        "lanes": lanes_of(archive.coverage(call, asked), sightings),
        "film": [scene for stop in stops for scene in _scenes(stop)],
    }


def _scenes(stop: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the stretches of footage of a stop, for the film: none longer than one stream."""
    return [
        {
            "number": stop["number"],
            "camera": stop["camera"],
            "time": stop["first_time"],
            "source_id": part["source_id"],
            "from_s": from_s,
            "to_s": to_s,
        }
        for part in stop["parts"]
        if part["last_s"] > part["first_s"]
        for from_s, to_s in _stretches(
            max(0.0, part["first_s"] - MARGIN_S), part["last_s"] + MARGIN_S
        )
    ]


def _stretches(from_s: float, to_s: float) -> list[tuple[float, float]]:
    """Return an interval in equal parts, so that no short rest lies beyond the footage's end."""
    number = math.ceil((to_s - from_s) / float(STREAMED_S))
    ends = [from_s + (to_s - from_s) * at / number for at in range(number)] + [to_s]
    return list(pairwise(ends))


PAGES = (Page("/journeys/{identity}", journey, "journey.html"),)
