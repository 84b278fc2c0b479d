"""Where an identity was and when."""

from __future__ import annotations

from dataclasses import replace

from reidsearch.domain.journeys import Journey
from reidsearch.output.journeys import journey_json
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Nothing


def journey(call: Call, _: Nothing) -> Document:
    """Return the stops of an identity and what lies between them."""
    return journey_json(seen_journey(call))


def seen_journey(call: Call) -> Journey:
    """Return what may be seen of a journey.

    What lies between is told for whole journeys only: between two stops that may be seen there may
    be others that may not.
    """
    name = call.path["identity"]
    call.sight.require_identity(name)
    found = call.archive.journey(name)
    stops = tuple(stop for stop in found.stops if call.sight.camera(stop.seen.camera))
    if len(stops) == len(found.stops):
        return found
    members = {stop.seen.member for stop in stops}
    fast = tuple(one for one in found.too_fast if {one.first, one.second} <= members)
    return replace(found, stops=stops, between=(), too_fast=fast)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/identities/{identity}/journey",
        journey,
        "Where an identity was and when, and what lies in between.",
        document="journey-1",
    ),
)
