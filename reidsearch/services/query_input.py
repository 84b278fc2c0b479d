"""Query input: which person of a picture or frame is meant, as every face asks for it.

    meant = FrameInput("gate.mp4@1:15.5", person=2)
    found = query_input(["front.jpg"], frame=meant, detector=archive.detector)
    answer = archive.search(found.pictures, label=found.label)

In: picture files, crop ids, frames with a box or a number. Out: `QueryInput`, whose pictures say
which file and box they are, or `PersonUnclear` with the boxes to choose from.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from reidsearch.base.boxes import Box
from reidsearch.base.errors import InputError, Kind, ModelError, NotFound, Refused, UsageError
from reidsearch.base.exact import exact
from reidsearch.base.locations import location_text
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import PictureLimits, Tiles
from reidsearch.domain.crops import Pixels
from reidsearch.domain.query_origins import OriginKind, ReadPicture
from reidsearch.services.clock_times import is_dated

if TYPE_CHECKING:
    from reidsearch.media.video.frames import Footage
    from reidsearch.services.footage import FootageService
    from reidsearch.vision.detection.detector import Detector
    from reidsearch.vision.detection.people import People

FrameCheck: TypeAlias = Callable[[Path, int, Pixels], None]
"""Takes a video, the pts of one of its frames and its pixels; raises `Differs`."""
LONGEST_VIDEO_S = 1_000_000_000


class PersonUnclear(UsageError):
    """A frame shows nobody, or several people and it is not said who is meant.

    Args:
        source: the frame, as it was named.
        boxes: of the people that the detector sees, from left to right; person 1 is the first.
        number: of the person who was asked for; None: nobody was.
    """

    def __init__(self, source: str, boxes: Sequence[Box], number: int | None = None) -> None:
        if not boxes:
            message = f"the detector found nobody in {source}"
        elif number is not None:
            message = f"there is no person {number} in {source}, the detector found {len(boxes)}"
        else:
            message = f"the detector found {len(boxes)} people in {source}: which one?"
        super().__init__(
            message,
            "look at the numbered people, or give a box",
            kind=Kind.PERSON_AMBIGUOUS if len(boxes) > 1 else Kind.PERSON_NOT_IN_FRAME,
            source=source,
            boxes=[box.text() for box in boxes],
        )
        self.source = source
        self.boxes = tuple(boxes)
        self.number = number


@dataclass(frozen=True, slots=True)
class FrameInput:
    """A full frame, and the person in it who is meant.

    Args:
        source: `VIDEO@TIME`, or the name of a picture; see `read_frame`.
        box: where the person is.
        person: number of the person as the detector sees them, from 1 on the left; None: the only
            one.
        tiles: a side, that people are looked for in too; `auto`: if the whole shows nobody.

    Raises:
        UsageError: there are both a box and a number.
    """

    source: str
    box: Box | None = None
    person: int | None = None
    tiles: Tiles = "auto"

    def __post_init__(self) -> None:
        if self.box is not None and self.person is not None:
            raise UsageError("give a box or the number of a person, not both")


@dataclass(frozen=True, slots=True, eq=False)
class QueryInput:
    """What is searched for.

    Args:
        pictures: what was read, each with its file and box, and crop ids.
        label: what they were made from, for the statement; None: nothing special.
    """

    pictures: tuple[ReadPicture | int, ...]
    label: str | None = None


def query_input(
    images: Sequence[str | os.PathLike[str]] = (),
    crops: Sequence[int] = (),
    frame: FrameInput | None = None,
    *,
    detector: Callable[[], Detector],
    footage: Callable[[], FootageService] | None = None,
    check: FrameCheck | None = None,
    progress: Progress = NO_PROGRESS,
) -> QueryInput:
    """Return everything that a query shows: one person each of the images, the frame, the crops.

    Of an image that is wider than tall, and so not the crop of a standing person, the one person
    in it is taken.

    Args:
        detector: gives the detector; called only where somebody has to be found.
        footage: gives the footage of an archive, for times by its clocks.
        check: as in `read_frame`.
        progress: told while the bytes of a video are digested.

    Raises:
        PersonUnclear: it is not clear who of several people is meant, or there is nobody.
        Refused, InputError: a picture or video cannot be read.
        NotFound: a time lies beyond the video's end.
        UsageError: a time cannot be read.

    Example:
        >>> query_input(["person.jpg"], [7], detector=archive.detector).pictures
    """
    found = [_of_image(Path(image), detector, progress) for image in images]
    if frame is not None:
        picture = read_frame_of(frame.source, progress, footage, check)
        found.append(_of_frame(picture, frame, detector))
    pictures: tuple[ReadPicture | int, ...] = (*(picture for picture, _ in found), *crops)
    labels = [label for _, label in found]
    if not any(labels):
        return QueryInput(pictures)
    parts = [label or "a picture" for label in labels] + [f"crop {crop}" for crop in crops]
    label = " and ".join(parts)
    return QueryInput(pictures, label if len(pictures) == 1 else f"mean of {label}")


def read_frame(
    source: str,
    footage: Callable[[], FootageService] | None = None,
    check: FrameCheck | None = None,
) -> Pixels:
    """Read the frame that `VIDEO@TIME`, or the name of a picture, stands for.

    TIME counts from the first frame, in seconds, minutes:seconds or hours:minutes:seconds. With
    its date, or behind the name of a camera, it is a time of the clock.

    Args:
        footage: gives the footage of an archive, called for a time of the clock.
        check: refuses a frame that is not what is known of its moment, such as
            `archive.footage.require_shown`.

    Returns:
        (h, w, 3) uint8 BGR.

    Raises:
        UsageError: the time cannot be read.
        InputError: it is no video or picture.
        NotFound: the time lies beyond the video's end, or there is no footage of that time.

    Example:
        >>> read_frame("gate.mp4@1:15.5").shape
        (1080, 1920, 3)
    """
    return read_frame_of(source, footage=footage, check=check).pixels


def read_frame_of(
    source: str,
    progress: Progress | None = None,
    footage: Callable[[], FootageService] | None = None,
    check: FrameCheck | None = None,
) -> ReadPicture:
    """Read like `read_frame`; return the frame with its file, the digest of that, and its time.

    Args:
        progress: told while a video is digested; None: it is not, and has no digest.
    """
    from reidsearch.media.video.open import digest_of, known_digest, open_footage
    from reidsearch.search.query_pictures import origin_of_file
    from reidsearch.services.footage_files import proven

    name, at, time = source.rpartition("@")
    if not at or Path(source).exists():
        return _read_still(source)
    there = Path(name).exists()
    if footage is not None and (is_dated(time) or (not there and ":" in time)):
        meant = location_text(str(Path(name).absolute())) if there else name
        return footage().frame_at_clock(meant, time)
    seconds = _seconds(time)
    try:
        with open_footage(name) as opened:
            show = partial(_checked, opened, Path(name), seconds, check)
            pixels, media_s = proven(opened, show)
        sha256 = known_digest(name)
        if sha256 is None and progress is not None:
            sha256 = digest_of(name, progress).sha256.hex()
        origin = origin_of_file(name, sha256, pixels, of=OriginKind.FRAME, media_s=media_s)
        return ReadPicture.of_pixels(pixels, origin)
    except Refused as refused:
        raise refused.reworded(f"{name}: {refused.message}", InputError) from refused
    except NotFound as missing:
        raise missing.reworded(f"{name}: {missing.message}", NotFound) from missing


def _read_still(source: str) -> ReadPicture:
    from reidsearch.media.files.paths import kind_of
    from reidsearch.search.query_pictures import read_query_picture

    try:
        return read_query_picture(Path(source), PictureLimits())
    except Refused as refused:
        if kind_of(Path(source).name) == "video" and Path(source).is_file():
            raise InputError(refused.message, "a video needs a time: VIDEO@TIME") from refused
        raise


def _checked(
    footage: Footage, path: Path, seconds: Fraction, check: FrameCheck | None
) -> tuple[Pixels, float]:
    """Return a frame, and the media time at which it begins."""
    frame = footage.frame_at(seconds)
    if check is not None:
        check(path, frame.pts, frame.bgr())
    return frame.bgr(), float(footage.info.media_s(frame.pts))


def _seconds(time: str) -> Fraction:
    try:
        seconds = Fraction(0)
        for part in time.split(":"):
            seconds = seconds * 60 + exact(part)
        if seconds > LONGEST_VIDEO_S:
            raise ValueError
    except (ValueError, ZeroDivisionError) as error:
        raise UsageError(
            f"{time!r} is not a time in a video", "count from its first frame: 75.5 or 1:15.5"
        ) from error
    if seconds < 0:
        raise UsageError(f"{time!r} lies before the first frame")
    return seconds


def _of_frame(
    picture: ReadPicture, frame: FrameInput, detector: Callable[[], Detector]
) -> tuple[ReadPicture, str]:
    pixels = picture.pixels
    if frame.box is not None:
        box = frame.box
        box.require_inside(pixels.shape[1], pixels.shape[0])
        where = f"{box.x1},{box.y1},{box.width_px},{box.height_px}"
        return _cut(picture, box), f"box {where} in {frame.source}"
    people = _people(pixels, detector, frame.tiles)
    count = len(people)
    number = frame.person or 1
    if (frame.person is None and count != 1) or number > count:
        raise PersonUnclear(frame.source, people.boxes, frame.person)
    label = f"person {number} of {count} in {frame.source}"
    return _cut(picture, people.boxes[number - 1]), label


def _of_image(
    image: Path, detector: Callable[[], Detector], progress: Progress
) -> tuple[ReadPicture, str | None]:
    """Return a crop as it is, of a full frame the one person in it."""
    picture = read_frame_of(str(image), progress)
    height_px, width_px = picture.pixels.shape[:2]
    if width_px <= height_px:
        return picture, None
    try:
        people = _people(picture.pixels, detector)
    except ModelError:
        return picture, None  # without a detector the statement warns of its shape
    if len(people) > 1:
        raise PersonUnclear(str(image), people.boxes)
    if len(people) == 0:
        return picture, None
    return _cut(picture, people.boxes[0]), f"the one person seen in {image.name}"


def _people(pixels: Pixels, detector: Callable[[], Detector], tiles: Tiles = "auto") -> People:
    from reidsearch.vision.detection.people import people_in

    return people_in(pixels, detector(), tiles)


def _cut(picture: ReadPicture, box: Box) -> ReadPicture:
    """Return a person of a frame, with where in it."""
    cut = np.ascontiguousarray(picture.pixels[box.y1 : box.y2, box.x1 : box.x2])
    return ReadPicture.of_pixels(cut, replace(picture.origin, box=box))
