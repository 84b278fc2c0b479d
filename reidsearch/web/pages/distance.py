"""How far apart two people were: a chart for each source that shows both, figures, times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from msgspec import structs

from reidsearch.domain.distance import Apart, Distance
from reidsearch.output.calibration_picture import Axes
from reidsearch.output.distance import (
    SHORT,
    distance_sentences,
    figure,
    headlines,
    remark,
    time_text,
    times_shown,
    title_of,
)
from reidsearch.output.distance_picture import (
    axes_of,
    band,
    panel_title,
    runs,
    ticks,
    unknown,
)
from reidsearch.output.statement import without_commands
from reidsearch.web.api import distance as api
from reidsearch.web.call import Call
from reidsearch.web.declared import Page, Values

BOX = (0, 0, 1000, 1000)
"""Of a chart's shapes; it is stretched to the room that the page has."""


def distance(call: Call, asked: api.DistanceAsked) -> Values:
    """Return what the page shows."""
    found = api.distance_of(call, asked)
    first = found.first.tracklet_id
    nearest = found.nearest
    pairs = {name: value for name, value in structs.asdict(asked).items() if value is not None}
    return {
        "title": title_of(found),
        "asked": asked,
        "sides": [
            {"number": one.tracklet_id, "crop_ids": one.crop_ids}
            for one in (found.first, found.second)
        ],
        "short": SHORT[found.unit],
        "headlines": headlines(found),
        "nearest": nearest
        and {"source_id": nearest[0].source_id, "at": float(nearest[0].seconds[nearest[1]])},
        "charts": [_chart(found, one) for one in found.stretches],
        "beyond": any(one.beyond.any() for one in found.stretches),
        "limit": found.closer.limit.text if found.closer else None,
        "times": [
            {
                "time": time_text(one, row),
                "source_id": one.source_id,
                "at": float(one.seconds[row]),
                "in_file": f"{one.seconds[row]:.1f} s",
                "distance": figure(one.distance[row]),
                "low": figure(one.low[row]),
                "high": figure(one.high[row]),
                "remark": remark(one, row),
            }
            for one, row in times_shown(found)
        ],
        "sentences": without_commands(distance_sentences(found)),
        "picture": f"/api/v1/tracklets/{first}/distance/picture?{urlencode(pairs)}",
    }


def _chart(found: Distance, one: Apart) -> dict[str, Any]:
    """Return the shapes of one source within `BOX`, and where its axes are lettered, in percent."""
    axes = axes_of(found, one, BOX)
    limit = found.closer.limit.value if found.closer else None
    every = list(runs(one))
    return {
        "title": panel_title(one),
        "unknown": [_between(axes, *ends) for ends in unknown(one)],
        "bands": [
            {"points": _points(band(axes, one, rows)), "beyond": bool(one.beyond[rows[0]])}
            for rows in every
            if len(rows) > 1
        ],
        "lines": [
            _points(axes.line(one.seconds[rows].tolist(), one.distance[rows].tolist()))
            for rows in every
        ],
        "limit": None if limit is None else round(axes.at(axes.x[0], limit)[1], 1),
        "across": [(round(axes.at(at, 0)[0] / 10, 2), f"{at:g}") for at in ticks(*axes.x)],
        "up": [(round(axes.at(axes.x[0], at)[1] / 10, 2), f"{at:g}") for at in ticks(*axes.y)],
    }


def _between(axes: Axes, from_s: float, to_s: float) -> dict[str, float]:
    left, right = axes.at(from_s, 0)[0], axes.at(to_s, 0)[0]
    return {"x": round(left, 1), "width": round(max(right - left, 1.0), 1)}


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


PAGES = (
    Page(
        "/tracklets/{tracklet_id:int}/distance",
        distance,
        "distance.html",
        takes=api.DistanceAsked,
    ),
)
