"""Who may have been at several places at given times."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from msgspec import Meta

from reidsearch.base.errors import UsageError
from reidsearch.domain.intersection import Intersection, Place, read_clock, read_where
from reidsearch.domain.intersection_json import intersection_json
from reidsearch.web.api.asked import Text, time_asked
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given

MOST_PLACES = 20
Texts = Annotated[tuple[Text, ...], Meta(min_length=2, max_length=MOST_PLACES)]
Chains = Annotated[int, Meta(ge=1, le=1_000, description="How many chains are given at most.")]


class IntersectionAsked(Given, frozen=True):
    """Places and times, the first of each list together, and so on."""

    place: Annotated[
        Texts,
        Meta(description="A camera; a region by its name, or as `gate:0,0.5 1,0.5 1,1`."),
    ]
    begins: Annotated[
        Texts,
        Meta(description="From this time on: `2024-05-31 09:00`, or `9:00` of the one day."),
    ]
    ends: Annotated[Texts, Meta(description="Until this time.")]
    k: Chains = 10


def places_of(call: Call, asked: IntersectionAsked) -> list[Place]:
    """Return the places and times that are asked about.

    Raises:
        UsageError: they make no sense.
    """
    if not len(asked.place) == len(asked.begins) == len(asked.ends):
        raise UsageError("give every place a time from which on and one until which")
    found = []
    for where, begins, ends in zip(asked.place, asked.begins, asked.ends, strict=True):
        camera, region = read_where(where)
        times = _time(call, "begins", begins), _time(call, "ends", ends)
        found.append(Place(camera, *times, region))
    return found


def _time(call: Call, name: str, text: str) -> dt.datetime | dt.time:
    try:
        clock = read_clock(text)
    except ValueError as error:
        raise UsageError(f"{name}: {text!r} is no time of the day") from error
    found = clock or time_asked(call, name, text)
    if found is None:
        raise UsageError(f"{name}: {text!r} is no time")
    return found


def intersection_of(call: Call, asked: IntersectionAsked) -> Intersection:
    """Return who may have been at all of these places, of what may be seen."""
    return call.archive.intersection(places_of(call, asked), k=asked.k, sight=call.sight)


def intersection(call: Call, asked: IntersectionAsked) -> Document:
    """Return the document of `intersection_of`."""
    return intersection_json(intersection_of(call, asked))


ENDPOINTS = (
    Endpoint(
        "GET",
        "/intersection",
        intersection,
        "Who may have been at all of several places at given times, without a picture.",
        takes=IntersectionAsked,
        document="intersection-1",
    ),
)
