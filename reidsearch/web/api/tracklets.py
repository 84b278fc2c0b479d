"""Tracklets without a query: who is in a camera, a source, an hour."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from reidsearch.domain.browse_json import tracklet_document
from reidsearch.domain.browsing import LONGEST_S, MOST_ITEMS, BrowseRequest
from reidsearch.domain.event_log import Shown
from reidsearch.web.api.asked import FiltersAsked, Text, filters_of
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Nothing

Seconds = Annotated[float, Meta(ge=0, le=LONGEST_S)]
Limit = Annotated[int, Meta(ge=1, le=MOST_ITEMS)]


class TrackletsAsked(FiltersAsked, frozen=True):
    """Which tracklets, and crops of no tracklet, are listed, and in which order."""

    least_s: Annotated[Seconds | None, Meta(description="Seen for this long or longer.")] = None
    most_s: Annotated[Seconds | None, Meta(description="Seen for this long at most.")] = None
    identity: Annotated[Text | None, Meta(description="Confirmed as this one.")] = None
    sort: Annotated[
        Literal["time", "size", "duration", "confidence"] | None,
        Meta(description="None: by confidence where attributes are asked for, else by time."),
    ] = None
    reverse: bool = False
    limit: Limit = 100
    cursor: Annotated[
        Annotated[str, Meta(max_length=1_000)] | None,
        Meta(description="`next` of the page before."),
    ] = None


def request_of(call: Call, asked: TrackletsAsked) -> BrowseRequest:
    """Return what is asked for, narrowed to what may be seen.

    Raises:
        NotFound: it names a camera, an identity or a crop that may not be seen.
        UsageError: it makes no sense.
    """
    call.sight.require_crops(asked.exclude)
    if asked.identity is not None:
        call.sight.require_identity(asked.identity)
    return BrowseRequest(
        call.sight.filters(filters_of(call, asked)),
        least_s=asked.least_s,
        most_s=asked.most_s,
        identity=asked.identity,
        sort=asked.sort,
        reverse=asked.reverse,
        limit=asked.limit,
        cursor=asked.cursor,
    )


def every(call: Call, asked: TrackletsAsked) -> Document:
    """Return one page of what passes."""
    request = request_of(call, asked)
    return call.archive.browse.page(request, among=call.sight.filters()).to_json()


def one(call: Call, _: Nothing) -> Document:
    """Return one tracklet."""
    number = call.path["tracklet_id"]
    call.sight.require_tracklets([number])
    found = call.archive.browse.tracklet(number)
    call.looks_at(Shown.TRACKLET, number)
    return tracklet_document(found)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/tracklets",
        every,
        "Tracklets, and crops of no tracklet, that pass filters, page by page.",
        takes=TrackletsAsked,
        document="browse-1",
    ),
    Endpoint(
        "GET",
        "/tracklets/{tracklet_id:int}",
        one,
        "One tracklet with its best shots, attributes and what was decided of it.",
        document="tracklet-1",
    ),
)
