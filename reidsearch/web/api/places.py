"""Regions and lines in the pictures of cameras, kept under names."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from reidsearch.base.errors import NotFound
from reidsearch.domain.places import LONGEST_NAME, read_place
from reidsearch.output.places import change_json, places_json
from reidsearch.web.api.asked import Text
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given, Nothing
from reidsearch.web.person import Role


class PlaceGiven(Given, frozen=True):
    """A region or line, and the name that it is to be kept under."""

    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    region: Annotated[Text, Meta(description="`gate:0,0.5 1,0.5 1,1`; two points are a line.")]


def places(call: Call, _: Nothing) -> Document:
    """Return all that may be seen."""
    return places_json(call.archive.places.all(call.sight))


def add(call: Call, asked: PlaceGiven) -> Document:
    """Keep one."""
    place = read_place(asked.region, asked.name)
    if not call.sight.camera(place.camera):
        raise NotFound(f"the archive has no camera {place.camera!r}")
    return change_json("add", call.archive.places.add(place))


class PlaceNamed(Given, frozen=True):
    """The name of a kept region or line."""

    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]


def remove(call: Call, asked: PlaceNamed) -> Document:
    """Remove one."""
    return change_json("remove", call.archive.places.remove(asked.name, call.sight))


ENDPOINTS = (
    Endpoint("GET", "/places", places, "Regions and lines that are kept.", document="places-1"),
    Endpoint(
        "POST",
        "/places",
        add,
        "Keep a region or line under a name.",
        takes=PlaceGiven,
        document="place-change-1",
        role=Role.ANALYST,
    ),
    Endpoint(
        "POST",
        "/places/remove",
        remove,
        "Remove a region or line.",
        takes=PlaceNamed,
        document="place-change-1",
        role=Role.ANALYST,
    ),
)
