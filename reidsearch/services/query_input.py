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
from reidsearch.base.errors import InputError, Kind, NotFound, Refused, UsageError
from reidsearch.base.exact import exact
from reidsearch.base.locations import location_text
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import PictureLimits, Tiles
from reidsearch.domain.crops import Pixels
from reidsearch.domain.query_origins import Detection, OriginKind, ReadPicture
from reidsearch.services.clock_times import is_dated

if TYPE_CHECKING:
    from reidsearch.media.video.frames import Footage
    from reidsearch.services.footage import FootageService
    from reidsearch.vision.detection.detector import Detector
    from reidsearch.vision.detection.people import People

FrameCheck: TypeAlias = Callable[[Path, int, Pixels], None]
"""Takes a video, the pts of one of its frames and its pixels; raises `Differs`."""
Look: TypeAlias = "Callable[[Pixels, Tiles], People]"
"""Takes the pixels of a picture and the tiles in which people are looked for in it too."""
LONGEST_VIDEO_S = 1_000_000_000
LARGE_PX = 720
"""The long side from which on people in a picture are looked for in tiles too."""
FILLS = 0.4
"""The share of a picture that the box of a person covers where it is a crop of that person.

Cutting pays up to 0.8 where the gallery is cut as tightly, and costs where it is not: in labelled
crops, which others have cut, boxes cover 0.5 and more (docs/accuracy.md)."""


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
    whole: bool = False,
    holds: Callable[[str], bool] = lambda _: False,
    progress: Progress = NO_PROGRESS,
) -> QueryInput:
    """Return everything that a query shows: one person each of the images, the frame, the crops.

    Every image passes the detector, and the one person in it is taken. An image that one person
    fills is a crop already and is taken whole, and so is one in which nobody is detected; the
    origin of each picture tells (`Detection`).

    Args:
        detector: gives the detector; called only where somebody has to be found.
        whole: take images as they are.
        holds: tells whether an archive holds the file with this SHA-256 as a crop, which is then
            taken as it was indexed: `archive.searching.holds`.
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

    def look(pixels: Pixels, tiles: Tiles) -> People:
        from reidsearch.vision.detection.people import people_in

        return people_in(pixels, detector(), tiles)

    found: list[tuple[ReadPicture, str | None]] = [
        person_in_picture(
            read_frame_of(str(image), progress), str(image), look, whole=whole, holds=holds
        )
        for image in map(Path, images)
    ]
    if frame is not None:
        picture = read_frame_of(frame.source, progress, footage, check)
        found.append(person_in_frame(picture, frame, look))
    return joined(found, crops)


def joined(
    found: Sequence[tuple[ReadPicture, str | None]], crops: Sequence[int] = ()
) -> QueryInput:
    """Return views of one person, each with what to call it, and crops as one query."""
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
    name, at, time = source.rpartition("@")
    if not at or Path(source).exists():
        return _read_still(source)
    from reidsearch.media.video.open import digest_of, known_digest, open_footage
    from reidsearch.search.query_pictures import origin_of_file
    from reidsearch.services.footage_files import proven

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


def person_in_frame(picture: ReadPicture, frame: FrameInput, look: Look) -> tuple[ReadPicture, str]:
    """Return the person of a frame who is meant, with what to call them.

    Args:
        look: finds the people; called only where somebody has to be found.

    Raises:
        PersonUnclear: it is not clear who of several people is meant, or there is nobody.
        Refused: the box leaves the frame.
    """
    pixels = picture.pixels
    if frame.box is not None:
        box = frame.box
        box.require_inside(pixels.shape[1], pixels.shape[0])
        where = f"{box.x1},{box.y1},{box.width_px},{box.height_px}"
        return _cut(picture, box), f"box {where} in {frame.source}"
    people = look(pixels, frame.tiles)
    count = len(people)
    number = frame.person or 1
    if (frame.person is None and count != 1) or number > count:
        raise PersonUnclear(frame.source, people.boxes, frame.person)
    label = f"person {number} of {count} in {frame.source}"
    return _cut(picture, people.boxes[number - 1]), label


def person_in_picture(
    picture: ReadPicture,
    source: str,
    look: Look,
    *,
    whole: bool = False,
    holds: Callable[[str], bool] = lambda _: False,
) -> tuple[ReadPicture, str | None]:
    """Return the one person in a picture, or all of it where that is a crop, with why.

    Args:
        source: the picture, as it was named.
        look, whole, holds: as in `person_in_frame` and `query_input`.

    Raises:
        PersonUnclear: the picture shows several people.
    """
    from reidsearch.vision.models.unavailable import ModelUnavailable

    if whole:
        return _whole(picture, Detection.NOT_ASKED), None
    if picture.origin.of is OriginKind.FILE and holds(picture.origin.sha256 or ""):
        return _whole(picture, Detection.STORED), None
    try:
        people = look(picture.pixels, tiles_for(picture.pixels))
    except ModelUnavailable:
        return _whole(picture, Detection.UNAVAILABLE), None
    if not len(people):
        return _whole(picture, Detection.NOBODY), None
    height_px, width_px = picture.pixels.shape[:2]
    largest = max(box.width_px * box.height_px for box in people.boxes)
    if largest >= FILLS * width_px * height_px:
        return _whole(picture, Detection.CROP), None
    if len(people) > 1:
        raise PersonUnclear(source, people.boxes)
    origin = replace(picture.origin, detection=Detection.CUT)
    cut = _cut(ReadPicture(picture.pixels, origin), people.boxes[0])
    return cut, f"the one person seen in {Path(source).name}"


def tiles_for(pixels: Pixels) -> Tiles:
    """Return the tiles in which people are looked for in a picture.

    In a small one nobody is so far away, and parts of a crop's person are not people.
    """
    return "auto" if max(pixels.shape[:2]) >= LARGE_PX else 1


def _whole(picture: ReadPicture, why: Detection) -> ReadPicture:
    return ReadPicture(picture.pixels, replace(picture.origin, detection=why))


def _cut(picture: ReadPicture, box: Box) -> ReadPicture:
    """Return a person of a frame, with where in it."""
    cut = np.ascontiguousarray(picture.pixels[box.y1 : box.y2, box.x1 : box.x2])
    return ReadPicture.of_pixels(cut, replace(picture.origin, box=box))
