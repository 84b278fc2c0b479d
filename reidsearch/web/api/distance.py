"""How far apart two people were whom one camera shows at once."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from reidsearch.base.errors import UsageError
from reidsearch.domain.distance import Distance, Limit, Unit
from reidsearch.output.distance import distance_json
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given

LimitText = Annotated[
    str, Meta(min_length=1, max_length=40, description="`2m`, or `1.5heights` in the picture.")
]


class DistanceAsked(Given, frozen=True):
    """Between whom, and how it is told."""

    second: Annotated[int, Meta(ge=1, le=2**63 - 1, description="The other tracklet.")]
    closer_than: LimitText | None = None
    unit: Annotated[
        Literal["metres", "heights"] | None,
        Meta(description="None: metres where the camera has a ground, else body heights."),
    ] = None


def distance_of(call: Call, asked: DistanceAsked) -> Distance:
    """Return how far apart the people of two tracklets were, both of which may be seen.

    Raises:
        NotFound: one of them may not, or is not there; metres are asked for without a ground.
        UsageError: nothing shows both at once; the limit is in another unit.
    """
    first = call.path["tracklet_id"]
    call.sight.require_tracklets([first, asked.second])
    limit = None if asked.closer_than is None else Limit.parse(asked.closer_than)
    unit = None if asked.unit is None else Unit(asked.unit)
    if limit is not None and unit is not None and limit.unit is not unit:
        raise UsageError(f"the limit {limit.text} is not in {unit}", "leave one of them out")
    return call.archive.distances.between(first, asked.second, unit, limit)


def distance(call: Call, asked: DistanceAsked) -> Document:
    """Return the document of `distance_of`."""
    return distance_json(distance_of(call, asked))


ENDPOINTS = (
    Endpoint(
        "GET",
        "/tracklets/{tracklet_id:int}/distance",
        distance,
        "How far apart the people of two tracklets were while one recording showed both.",
        takes=DistanceAsked,
        document="distance-1",
    ),
)
