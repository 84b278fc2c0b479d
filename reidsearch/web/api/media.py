"""Pictures and footage: crops, frames, the file or a stretch of a source, boxes, other cameras."""

from __future__ import annotations

import datetime as dt
import hashlib
from fractions import Fraction
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import msgspec
from starlette.responses import FileResponse, Response

from reidsearch.base.errors import UsageError
from reidsearch.domain.footage import Clock
from reidsearch.domain.playback import Still
from reidsearch.domain.redaction import Redaction
from reidsearch.output.imprint import Imprint
from reidsearch.output.playback import boxes_json, frame_times_json, others_json, playback_json
from reidsearch.output.stills import ClipMargin
from reidsearch.web.call import Call
from reidsearch.web.declared import Document, Endpoint, Given, Nothing
from reidsearch.web.sending import Asker, PassingFile, StretchResponse

JPEG, MP4 = "image/jpeg", "video/mp4"
KEPT = "private, max-age=600"
"""How long a browser may show a picture without asking: its footage may be taken away meanwhile."""
ASKED_AGAIN = "private, no-cache"
ROUNDED_S = Fraction(1, 1_000_000)
"""Times of documents are rounded, so the frame that one names may begin so much later."""
CLIP_S = 600
"""The longest clip that is made while somebody waits."""

Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9, description="Media time, seconds.")]


class Moment(Given, frozen=True):
    """A moment of a source."""

    at: Seconds


class Interval(Given, frozen=True):
    """An interval of a source."""

    from_s: Seconds = msgspec.field(name="from")
    to_s: Seconds = msgspec.field(name="to")

    @property
    def ends(self) -> tuple[Fraction, Fraction]:
        """Both ends, as they were written."""
        return exactly(self.from_s), exactly(self.to_s)

    @property
    def frames(self) -> tuple[Fraction, Fraction]:
        """Both ends, for the frames that are shown then."""
        return exactly(self.from_s) + ROUNDED_S, exactly(self.to_s) + ROUNDED_S


Redacted = Annotated[
    Redaction | None,
    msgspec.Meta(description="Who is pixelated, of those whom the archive holds."),
]


class FrameAsked(Given, frozen=True):
    """How a frame is shown."""

    redact: Redacted = None


class ClipAsked(Given, frozen=True):
    """How a clip is cut."""

    margin: Annotated[
        float,
        msgspec.Meta(ge=0, le=60, description="Seconds before the first and after the last box."),
    ] = 2.0
    box: Annotated[bool, msgspec.Meta(description="Draw the person's box.")] = False
    copy: Annotated[
        bool, msgspec.Meta(description="Copy the stream: nothing is encoded, nor written below.")
    ] = False
    redact: Redacted = None


def exactly(seconds: float) -> Fraction:
    """Return seconds as they were written."""
    return Fraction(repr(seconds))


def picture(call: Call, _: Nothing) -> Response:
    """Return the JPEG of a crop, verified."""
    crop_id = call.path["crop_id"]
    call.crop(crop_id)
    jpeg = call.archive.picture(crop_id)
    return _kept(call, jpeg, hashlib.sha256(jpeg).hexdigest()[:32])


def frame(call: Call, asked: FrameAsked) -> Response:
    """Return the full frame that a crop was cut from."""
    crop_id = call.path["crop_id"]
    call.viewed(call.crop(crop_id).source_id)
    return _still(call.archive.playback.frame(crop_id, asked.redact, Asker(call.request).left))


def clip(call: Call, asked: ClipAsked) -> Response:
    """Return the footage around the tracklet of a crop as a file."""
    crop = call.crop(call.path["crop_id"])
    archive = call.archive
    if crop.moment is not None:
        seen = archive.footage.tracklet(crop.moment.tracklet_id).part_in(crop.source_id)
        if seen.last_s - seen.first_s + 2 * exactly(asked.margin) > CLIP_S:
            raise UsageError(
                f"this clip would be longer than {CLIP_S // 60} minutes, which nobody waits for",
                "play the footage, or cut the clip on the command line",
            )
    clock = archive.playback.source(crop.source_id).source.facts.clock if crop.moment else Clock()

    def make(path: Path) -> None:
        told = f"clip, {call.person.name}"
        imprint = Imprint(archive.location, archive.archive_id, dt.datetime.now(dt.UTC), told)
        with archive.playback.turn(Asker(call.request).left):
            archive.footage.clip(
                crop.crop_id,
                path,
                margin_s=asked.margin,
                box=asked.box,
                as_it_is=asked.copy,
                redact=asked.redact,
                below=None if asked.copy else ClipMargin(crop, clock, imprint, asked.redact),
            )

    # The facts are those that are written on the clip: others make another one.
    key = (asked, call.person.name, crop.crop_id, crop.location, repr(crop.facts), repr(clock))
    made = call.state.made.taken(key, make)
    name = f"crop-{crop.crop_id}.mp4"
    archive.log.exported(made, f"clip of crop {crop.crop_id}", name)  # a kept one too
    return PassingFile(made, media_type=MP4, filename=name)


def playback(call: Call, _: Nothing) -> Document:
    """Return which way a source is played."""
    return playback_json(call.archive.playback.source(_viewed(call)))


def video(call: Call, _: Nothing) -> Response:
    """Return the file of a source that browsers play, or the bytes that are asked for."""
    source_id = _viewed(call)
    media_type = call.archive.playback.source(source_id).media_type
    path = call.archive.playback.file(source_id)
    return FileResponse(path, media_type=media_type, headers={"cache-control": ASKED_AGAIN})


def stream(call: Call, asked: Interval) -> Response:
    """Return a stretch of a source as fragmented MP4, made while it is sent."""
    asker = Asker(call.request)
    stretch = call.archive.playback.stream(_viewed(call), *asked.frames, asker.left)
    headers = {
        "x-zero-s": repr(float(stretch.zero_s)),
        "x-first-s": repr(float(stretch.first_s)),
        "x-codec": stretch.codec,
        "x-copied": str(stretch.copied).lower(),
    }
    return StretchResponse(stretch, asker, headers)


def still(call: Call, asked: Moment) -> Response:
    """Return the frame that a source shows at a moment."""
    left = Asker(call.request).left
    return _still(call.archive.playback.still(_viewed(call), exactly(asked.at) + ROUNDED_S, left))


def frames(call: Call, asked: Interval) -> Document:
    """Return the media times of the frames of an interval."""
    source_id = _source(call)
    left = Asker(call.request).left
    times = call.archive.playback.frame_times(source_id, *asked.frames, left)
    return frame_times_json(source_id, times)


def boxes(call: Call, asked: Interval) -> Document:
    """Return all boxes of an interval of a source."""
    return boxes_json(call.archive.playback.boxes(_source(call), *asked.ends))


def others(call: Call, asked: Moment) -> Document:
    """Return what other cameras show at the instant of a moment."""
    at_s, cameras = exactly(asked.at), call.sight.cameras
    return others_json(call.archive.playback.others(_source(call), at_s, cameras))


def _source(call: Call) -> int:
    source_id: int = call.path["source_id"]
    call.sight.require_sources([source_id])
    return source_id


def _viewed(call: Call) -> int:
    """Return the source, whose footage is looked at."""
    source_id = _source(call)
    call.viewed(source_id)
    return source_id


def _still(still: Still) -> Response:
    headers = {"cache-control": KEPT, "x-frame-s": repr(float(still.media_s))}
    return Response(still.jpeg, media_type=JPEG, headers=headers)


def _kept(call: Call, jpeg: bytes, tag: str) -> Response:
    headers = {"cache-control": KEPT, "etag": f'"{tag}"'}
    if headers["etag"] in call.request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(jpeg, media_type=JPEG, headers=headers)


ENDPOINTS = (
    Endpoint("GET", "/crops/{crop_id:int}/picture", picture, "A crop, verified.", media=JPEG),
    Endpoint(
        "GET",
        "/crops/{crop_id:int}/frame",
        frame,
        "The full frame that a crop was cut from.",
        takes=FrameAsked,
        media=JPEG,
    ),
    Endpoint(
        "GET",
        "/crops/{crop_id:int}/clip",
        clip,
        "The footage around the tracklet of a crop, as a file.",
        takes=ClipAsked,
        media=MP4,
    ),
    Endpoint(
        "GET",
        "/sources/{source_id:int}/playback",
        playback,
        "Which way a source is played, and when it was recorded.",
        document="playback-1",
    ),
    Endpoint(
        "GET",
        "/sources/{source_id:int}/video",
        video,
        "The file of a source that browsers play themselves, with ranges.",
        media="video/*",
    ),
    Endpoint(
        "GET",
        "/sources/{source_id:int}/stream",
        stream,
        "Half a minute of a source at most, as fragmented MP4; headers tell its times.",
        takes=Interval,
        media=MP4,
    ),
    Endpoint(
        "GET",
        "/sources/{source_id:int}/still",
        still,
        "The frame that a source shows at a moment.",
        takes=Moment,
        media=JPEG,
    ),
    Endpoint(
        "GET",
        "/sources/{source_id:int}/frames",
        frames,
        "The media times of the frames of an interval, half a minute at most.",
        takes=Interval,
        document="frame-times-1",
    ),
    Endpoint(
        "GET",
        "/sources/{source_id:int}/boxes",
        boxes,
        "Where people were in an interval of a source, two minutes at most.",
        takes=Interval,
        document="boxes-1",
    ),
    Endpoint(
        "GET",
        "/sources/{source_id:int}/others",
        others,
        "What other cameras show at the same instant, by corrected clocks.",
        takes=Moment,
        document="others-1",
    ),
)
