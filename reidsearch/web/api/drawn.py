"""Figures as pictures to be saved: one PNG each, which says at its foot where it comes from."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from reidsearch.output.distance_picture import distance_picture
from reidsearch.output.drawing import Drawing
from reidsearch.output.imprint import Imprint
from reidsearch.output.picture_file import encode
from reidsearch.output.transit_picture import transit_picture
from reidsearch.web.api.distance import DistanceAsked, distance_of
from reidsearch.web.api.handed_over import handed_over, imprint_of
from reidsearch.web.api.transit import model_of
from reidsearch.web.call import Call
from reidsearch.web.declared import Endpoint, Nothing
from reidsearch.web.person import Role

PNG = "image/png"


def transit(call: Call, _: Nothing) -> Response:
    """Return the transit times between the cameras that may be seen."""
    model = model_of(call)
    return _picture(call, lambda imprint: transit_picture(model, imprint), "transit")


def distance(call: Call, asked: DistanceAsked) -> Response:
    """Return the distance of two people over time."""
    found = distance_of(call, asked)
    name = f"distance-{found.first.tracklet_id}-{found.second.tracklet_id}"
    return _picture(call, lambda imprint: distance_picture(found, imprint), name)


def _picture(call: Call, draw: Callable[[Imprint], Drawing], name: str) -> Response:
    return handed_over(call, f"{name}.png", encode(draw(imprint_of(call)), ".png"), PNG)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/transit/picture",
        transit,
        "Transit times between cameras, as a picture.",
        media=PNG,
        role=Role.ANALYST,
    ),
    Endpoint(
        "GET",
        "/tracklets/{tracklet_id:int}/distance/picture",
        distance,
        "The distance of two people over time, as a picture.",
        takes=DistanceAsked,
        media=PNG,
        role=Role.ANALYST,
    ),
)
