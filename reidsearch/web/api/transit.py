"""How long people take from camera to camera."""

from __future__ import annotations

from reidsearch.domain.transit_times import TransitModel
from reidsearch.output.transit import transit_json
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Nothing


def model_of(call: Call) -> TransitModel:
    """Return what confirmed journeys say, of the cameras that may be seen."""
    return call.archive.transit.model(cameras=call.cameras)


def transit(call: Call, _: Nothing) -> Document:
    """Return the document of `model_of`."""
    return transit_json(model_of(call))


ENDPOINTS = (
    Endpoint(
        "GET",
        "/transit",
        transit,
        "How long people take from camera to camera, by confirmed journeys.",
        document="transit-1",
    ),
)
