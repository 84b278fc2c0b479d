"""How far the clocks of cameras are off, told by people: suggested, drawn, and set if accepted.

It is about all cameras, so whoever is limited to some may not ask.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from reidsearch.base.errors import UsageError
from reidsearch.domain.clock_suggestion import CameraOffset, ClockSuggestion
from reidsearch.output.clock_picture import clock_picture
from reidsearch.output.clock_suggestion import suggestion_json
from reidsearch.output.picture_file import encode
from reidsearch.services.clock_suggestions import WITHIN_S
from reidsearch.web.api.asked import Text, Texts
from reidsearch.web.api.handed_over import NOT_KEPT, imprint_of
from reidsearch.web.api.jobs import require_all_cameras
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given
from reidsearch.web.person import Role

PNG = "image/png"
SAME_S = 0.0015
"""Clocks are set to the millisecond: what was shown may differ by its rounding."""


Within = Annotated[
    float,
    Meta(ge=10, le=86_400, description="Sightings up to so far apart are compared."),
]


class ClocksAsked(Given, frozen=True, kw_only=True):
    """Whose clock is right, and what is compared."""

    reference: Annotated[Text, Meta(description="The camera whose clock is taken to be right.")]
    within_s: Within = WITHIN_S
    overlapping: Annotated[
        Texts,
        Meta(description="Cameras that show one place, two by two: the first with the second, ..."),
    ] = ()


class AcceptAsked(ClocksAsked, frozen=True, kw_only=True):
    """Which clocks are set, and why."""

    accept: Annotated[
        Texts,
        Meta(
            description="Cameras with the offset that was suggested, in seconds: `yard=141.02`. "
            "Refused where another one is suggested now.",
        ),
    ]
    note: Annotated[str, Meta(max_length=10_000, description="Why, for the record.")] = ""


def suggested(call: Call, asked: ClocksAsked) -> ClockSuggestion:
    """Return what people tell of the clocks.

    Raises:
        Denied: whoever asks may not see all cameras.
    """
    require_all_cameras(call)
    return call.archive.clocks.suggest(
        asked.reference, at_once=pairs_of(asked.overlapping), within_s=asked.within_s
    )


def pairs_of(cameras: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return cameras two by two. Raises UsageError: one is left over."""
    if len(cameras) % 2:
        raise UsageError("cameras of one place are named two by two, and one is left over")
    return tuple(zip(cameras[::2], cameras[1::2], strict=True))


def suggestion(call: Call, asked: ClocksAsked) -> Document:
    """Return what people tell of the clocks."""
    return suggestion_json(suggested(call, asked))


def picture(call: Call, asked: ClocksAsked) -> Response:
    """Return what each pair of cameras disagrees by, drawn."""
    require_all_cameras(call)
    found = call.state.clocks.take(key(call, asked)) or suggested(call, asked)
    drawn = encode(clock_picture(found, imprint_of(call)), ".png")
    return Response(drawn, media_type=PNG, headers=NOT_KEPT)


def key(call: Call, asked: ClocksAsked) -> Hashable:
    """Return what a suggestion is kept by, for the picture that follows it."""
    return call.person, call.author, asked.reference, asked.within_s, asked.overlapping


def accept(call: Call, asked: AcceptAsked) -> Document:
    """Set clocks as they were suggested.

    Raises:
        UsageError: something else is suggested now, or no camera is chosen.
    """
    if not asked.accept:
        raise UsageError("no camera was chosen whose clock is to be set")
    wanted = dict(map(_offset, asked.accept))
    found = suggested(call, asked)
    now = {one.camera: one for one in found.cameras}
    for camera, offset_s in wanted.items():
        _require_same(camera, offset_s, now.get(camera))
    who = call.archive.clocks.by(call.person.name)
    return suggestion_json(who.accept(found, list(wanted), asked.note))


def _offset(text: str) -> tuple[str, float]:
    camera, _, offset = text.rpartition("=")
    try:
        offset_s = float(offset)
    except ValueError:
        offset_s = math.nan
    if not math.isfinite(offset_s):
        raise UsageError(f"{text!r} is no camera with its offset in seconds")
    return camera, offset_s


def _require_same(camera: str, offset_s: float, now: CameraOffset | None) -> None:
    if now is None or now.offset_s is None:
        raise UsageError(f"nothing is suggested for the clock of {camera}")
    if abs(now.offset_s - offset_s) > SAME_S:
        raise UsageError(
            f"{now.offset_s:+.3f} s is suggested for the clock of {camera} now, "
            f"not {offset_s:+.3f} s",
            "look at the suggestion again",
        )


ENDPOINTS = (
    Endpoint(
        "GET",
        "/clocks/suggestion",
        suggestion,
        "How far the clocks of cameras are off, told by the people whom they saw.",
        takes=ClocksAsked,
        document="clock-suggestion-1",
    ),
    Endpoint(
        "GET",
        "/clocks/picture",
        picture,
        "The same, and what each pair of cameras disagrees by, drawn.",
        takes=ClocksAsked,
        media=PNG,
    ),
    Endpoint(
        "POST",
        "/clocks/accept",
        accept,
        "Set the clocks of cameras as they were suggested.",
        takes=AcceptAsked,
        document="clock-suggestion-1",
        role=Role.ANALYST,
    ),
)
