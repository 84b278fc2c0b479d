"""Pictures that somebody asks with, and who is in them and in frames of sources."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from reidsearch.base.exact import exact
from reidsearch.domain.crops import Pixels
from reidsearch.domain.query_views import QueryView
from reidsearch.media.pictures import stored_jpeg
from reidsearch.output.people import people_json
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given, Nothing

KEPT = {"cache-control": "private, max-age=3600"}


def keep(call: Call, _: Nothing) -> Document:
    """Keep a picture by its SHA-256, and return who is in it."""
    return people_json(call.archive.asking.keep(call.body))


def picture(call: Call, _: Nothing) -> Response:
    """Return a kept picture, upright, as JPEG."""
    view = QueryView.picture(call.path["sha256"])
    return _jpeg(call.archive.asking.picture(view))


def people(call: Call, _: Nothing) -> Document:
    """Return who is in a kept picture."""
    return people_json(call.archive.asking.people(QueryView.picture(call.path["sha256"])))


class At(Given, frozen=True):
    """A moment of a source."""

    at: Annotated[
        str, Meta(pattern=r"^\d{1,9}(\.\d{1,9})?$", description="Seconds from the first frame.")
    ]


def people_of_frame(call: Call, asked: At) -> Document:
    """Return who is in a frame of a source."""
    source_id = call.path["source_id"]
    call.sight.require_sources([source_id])
    view = QueryView(source_id=source_id, media_s=Fraction(exact(asked.at)))
    return people_json(call.archive.asking.people(view))


class ViewAsked(Given, frozen=True):
    """One view of a person, as a search names it."""

    picture: Annotated[str, Meta(max_length=200)] | None = None
    frame: Annotated[str, Meta(max_length=200)] | None = None
    all: Annotated[bool, Meta(description="The whole picture, not the person alone.")] = False


def view(call: Call, asked: ViewAsked) -> Response:
    """Return what a view of a query shows, as JPEG."""
    if asked.picture is not None:
        shown = QueryView.picture(asked.picture)
    else:
        shown = QueryView.frame(asked.frame or "")
    if shown.source_id is not None:
        call.sight.require_sources([shown.source_id])
    asking = call.archive.asking
    return _jpeg(asking.picture(shown) if asked.all else asking.person(shown).pixels)


def _jpeg(pixels: Pixels) -> Response:
    return Response(stored_jpeg(b"", pixels, whole=False), media_type="image/jpeg", headers=KEPT)


ENDPOINTS = (
    Endpoint(
        "POST",
        "/pictures",
        keep,
        "Keep a picture to ask with, and tell who is in it.",
        document="people-1",
        body="image/*",
        status=201,
    ),
    Endpoint("GET", "/pictures/{sha256}", picture, "A kept picture, as JPEG.", media="image/jpeg"),
    Endpoint(
        "GET", "/pictures/{sha256}/people", people, "Who is in a picture.", document="people-1"
    ),
    Endpoint(
        "GET",
        "/sources/{source_id:int}/people",
        people_of_frame,
        "Who is in a frame of a source.",
        takes=At,
        document="people-1",
    ),
    Endpoint(
        "GET",
        "/views",
        view,
        "What a view of a query shows, as JPEG: the person who is embedded.",
        takes=ViewAsked,
        media="image/jpeg",
    ),
)
