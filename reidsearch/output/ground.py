"""The ground of a camera as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.base.timecode import iso
from reidsearch.domain.ground import CameraGround, Floats, Ground
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.times import local
from reidsearch.output.visible import count, visible

FLAT = (
    "It holds for people who stand on this one flat ground, seen without lens distortion; stairs, "
    "kerbs and a picture with bent edges put them elsewhere."
)


def grounds_view(
    camera: str, grounds: Sequence[CameraGround], change: str | None = None
) -> RenderableType:
    """All grounds of a camera, or those that were set or removed."""
    if change == "clear":
        numbers = ", ".join(str(one.number) for one in grounds)
        return Text(f"Removed from camera {visible(camera)}: ground {numbers}.")
    if not grounds:
        return Text(
            f"Camera {visible(camera)} has no ground: distances are in body heights, not in metres."
        )
    views: list[RenderableType] = []
    for one in grounds:
        views.append(Text(_title(one), style="bold"))
        views.append(_points(one.ground))
        views += [Text(line, style="dim") for line in ground_sentences(one.ground)]
    return Group(*views, Text(FLAT, style="dim"))


def _title(one: CameraGround) -> str:
    return f"Ground {one.number} of camera {visible(one.camera)}, {valid_text(one)}" + (
        f": {visible(one.note)}" if one.note else ""
    )


def valid_text(one: CameraGround) -> str:
    """Return from when to when a ground holds."""
    parts = []
    if one.from_time is not None:
        parts.append(f"from {local(one.from_time)}")
    if one.to_time is not None:
        parts.append(f"until {local(one.to_time)}")
    return " ".join(parts) or "at any time"


def ground_sentences(ground: Ground) -> list[str]:
    """Return how exact a ground is."""
    width, height = ground.size_px
    told = [
        f"Points were read from a picture of {width} x {height} pixels, each within about "
        f"{ground.click_px:.1f} pixels (standard deviation)."
    ]
    if ground.left_out_m is None:
        told.append(
            "Four points fit whatever was typed: a fifth would show a mistake. Draw the grid (-o)."
        )
    else:
        worst = float(ground.misses_px.max())
        told.append(f"The map misses its own points by up to {worst:.1f} pixels.")
        if ground.error_px > ground.click_px:
            told.append(
                f"That is more than was said: {ground.error_px:.1f} pixels are counted on instead."
            )
    return told


def _points(ground: Ground) -> FittedTable:
    numbers = range(len(ground.points))
    pixels = _pixels(ground)
    spread = _spread(ground)
    columns = [
        Column("point", [str(row + 1) for row in numbers], 0, right=True),
        Column("in the picture", [f"{x:.0f},{y:.0f}" for x, y in pixels], 0, right=True),
        Column(
            "on the ground (m)",
            [f"{one.east_m:g},{one.north_m:g}" for one in ground.points],
            0,
            right=True,
        ),
        Column("missed by (px)", [f"{miss:.1f}" for miss in ground.misses_px], 1, right=True),
        Column("place within (m)", [f"± {1.96 * one:.2f}" for one in spread], 1, right=True),
    ]
    if ground.left_out_m is not None:
        told = ["-" if np.isnan(miss) else f"{miss:.2f}" for miss in ground.left_out_m]
        columns.append(Column("missed by the others (m)", told, 2, right=True))
    return FittedTable(columns)


def _pixels(ground: Ground) -> Floats:
    return np.array([(one.x, one.y) for one in ground.points]) * ground.size_px


def _spread(ground: Ground) -> Floats:
    """Standard deviation of the map alone, in metres, at each of its points."""
    pixels = _pixels(ground)
    return ground.spread_m(pixels, np.zeros_like(pixels))


def grounds_json(
    camera: str, grounds: Sequence[CameraGround], change: str | None = None
) -> dict[str, Any]:
    """All grounds of a camera, or those that were set or removed."""
    return {
        "schema": "reidsearch/camera-ground/1",
        "camera": camera,
        "change": change,
        "grounds": [_json(one) for one in grounds],
    }


def _json(one: CameraGround) -> dict[str, Any]:
    ground = one.ground
    left_out = ground.left_out_m
    return {
        "number": one.number,
        "from_time": None if one.from_time is None else iso(one.from_time),
        "to_time": None if one.to_time is None else iso(one.to_time),
        "width_px": ground.size_px[0],
        "height_px": ground.size_px[1],
        "click_px": ground.click_px,
        "error_px": ground.error_px,
        "points": [
            {
                "x": point.x,
                "y": point.y,
                "east_m": point.east_m,
                "north_m": point.north_m,
                "missed_px": float(ground.misses_px[row]),
                "missed_by_others_m": None
                if left_out is None or np.isnan(left_out[row])
                else float(left_out[row]),
                "sd_m": float(spread),
            }
            for row, (point, spread) in enumerate(zip(ground.points, _spread(ground), strict=True))
        ],
        "note": one.note,
        "set_by": one.set_by,
        "set_at": iso(one.set_at),
    }


def set_text(one: CameraGround) -> str:
    """What was set."""
    points = count(len(one.ground.points), "point")
    return f"Camera {visible(one.camera)} has ground {one.number} of {points}, {valid_text(one)}."
