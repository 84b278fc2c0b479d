"""Regions and lines that are kept with cameras, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from reidsearch.domain.answer_json import place_json
from reidsearch.domain.places import Place, points_text
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.visible import visible


def places_view(places: Sequence[Place]) -> RenderableType:
    """All of them, one a line."""
    if not places:
        return Text("No regions or lines are kept: reidsearch camera region add.")
    return FittedTable(
        [
            Column("name", [visible(one.name or "") for one in places], 0, wrapped=True),
            Column("kind", [one.kind for one in places], 0),
            Column("camera", [visible(one.camera) for one in places], 0, wrapped=True),
            Column("points", [points_text(one.points) for one in places], 1, wrapped=True),
        ]
    )


def places_json(places: Sequence[Place]) -> dict[str, Any]:
    """All of them."""
    return {"schema": "reidsearch/places/1", "places": [_place(one) for one in places]}


def change_text(change: str, place: Place) -> str:
    """What was done with a region or line."""
    name, of = visible(place.name or ""), visible(place.camera)
    if change == "remove":
        return f"Removed {place.kind} {name} of camera {of}."
    option = {"region": "--region", "line": "--crossing"}[place.kind]
    how = f"{option} {quote(name)}"
    return f"Kept {place.kind} {name} of camera {of}: reidsearch query {how}."


def change_json(change: str, place: Place) -> dict[str, Any]:
    """What was done with a region or line."""
    return {"schema": "reidsearch/place-change/1", "change": change, "place": _place(place)}


def _place(place: Place) -> dict[str, Any]:
    return {**place_json(place), "kind": place.kind}
