"""Where an identity was and when."""

from __future__ import annotations

from dataclasses import replace

from reidsearch.domain.event_log import Shown
from reidsearch.domain.journeys import Between, Journey
from reidsearch.output.journeys import journey_json
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Nothing


def journey(call: Call, _: Nothing) -> Document:
    """Return the stops of an identity and what lies between them."""
    return journey_json(seen_journey(call))


def seen_journey(call: Call) -> Journey:
    """Return what may be seen of a journey.

    What lies between is told for whole journeys only: between two stops that may be seen there may
    be others that may not. Cameras that may not be seen are not among those that saw nothing.
    """
    name = call.path["identity"]
    call.sight.require_identity(name)
    found = call.archive.journey(name)
    call.looks_at(Shown.JOURNEY, found.identity.identity_id)
    stops = tuple(stop for stop in found.stops if call.sight.camera(stop.seen.camera))
    members = {stop.seen.member for stop in stops}
    whole = len(stops) == len(found.stops)
    return replace(
        found,
        stops=stops,
        between=tuple(_seen_between(call, one) for one in found.between) if whole else (),
        too_fast=tuple(one for one in found.too_fast if {one.first, one.second} <= members),
        transits=call.sight.transits(found.transits),
    )


def _seen_between(call: Call, one: Between) -> Between:
    unseen = {name: s for name, s in one.unseen_s.items() if call.sight.camera(name)}
    return replace(one, unseen_s=unseen)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/identities/{identity}/journey",
        journey,
        "Where an identity was and when, and what lies in between.",
        document="journey-1",
    ),
)
