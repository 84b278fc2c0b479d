"""The options that name a person to search for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reidsearch.base.errors import Reason, Refused, UsageError
from reidsearch.cli.filters import crops_option
from reidsearch.cli.grouped import OPTIONS, option
from reidsearch.cli.options import tiles_option

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.boxes import Box
    from reidsearch.base.progress import Progress
    from reidsearch.base.settings import Tiles
    from reidsearch.domain.crops import Pixels
    from reidsearch.services.query_input import QueryInput

PERSON = "Person to search for"

F = TypeVar("F", bound=Callable[..., Any])


def query_input_options(function: F) -> F:
    """Declare what is searched with: passed as `frame`, `box`, `person`, `tiles`, `as_whole`,
    `crops`.
    """
    for declared in (
        tiles_option("Look in N x N tiles too (`detect`).", group=PERSON),
        option(
            "--person",
            group=PERSON,
            type=click.IntRange(1),
            metavar="N",
            help="Which person in that frame (`detect`).",
        ),
        option("--box", group=PERSON, metavar="X,Y,W,H", help="Where in that frame the person is."),
        option(
            "--whole",
            "as_whole",
            group=PERSON,
            is_flag=True,
            help="Take IMAGES as they are, without detecting people.",
        ),
        option(
            "--frame",
            group=PERSON,
            metavar="VIDEO@TIME",
            help="A frame of a video or camera; a full picture.",
        ),
        crops_option("--crop", "crops", help_="A crop of the archive.", group=PERSON),
    ):
        function = declared(function)
    return function


def query_camera_option(function: F) -> F:
    """Declare which camera took the pictures: passed as `query_camera`."""
    return option(
        "--query-camera",
        group=PERSON,
        metavar="NAME",
        help="The archive's camera that took IMAGES or --frame.",
    )(function)


def no_adjust_option(group: str = OPTIONS) -> Callable[[F], F]:
    """Declare plain scores: passed as `no_adjust`."""
    return option(
        "--no-adjust", group=group, is_flag=True, help="Plain scores, not camera-adjusted."
    )


def read_query_input(
    archive: Archive,
    progress: Progress,
    images: tuple[Path, ...],
    crops: tuple[int, ...],
    frame: str | None,
    box: str | None,
    person: int | None,
    tiles: Tiles | None = None,
    as_whole: bool = False,
    holds: Callable[[str], bool] | None = None,
) -> QueryInput:
    """Read all that a query shows, as `services.query_input` does; errors name the options.

    Args:
        holds: tells whether a file is held as a crop, by its SHA-256; None: by this archive.

    Raises:
        UsageError: it is unclear who is meant, or options contradict each other.
        Refused, InputError, NotFound: a picture or video cannot be read.
    """
    from reidsearch.services.query_input import FrameInput, query_input

    if frame is None and (box is not None or person is not None):
        raise UsageError("--box and --person belong to --frame VIDEO@TIME")
    if tiles is not None and (frame is None or box is not None):
        raise UsageError("--tiles belongs to --frame VIDEO@TIME without --box")
    if box is not None and person is not None:
        raise UsageError("give --box or --person, not both")

    def check(video: Path, pts: int, pixels: Pixels) -> None:
        archive.footage.require_shown(video, pts, pixels)

    try:
        where = None if box is None else box_of(box)
        meant = None if frame is None else FrameInput(frame, where, person, tiles or "auto")
        found = query_input(
            images,
            crops,
            meant,
            detector=archive.detector,
            footage=lambda: archive.footage,
            check=check,
            whole=as_whole,
            holds=holds or archive.searching.holds,
            progress=progress,
        )
        tell_detector(found)
        return found
    except Refused as refused:
        if box is None or refused.reason is not Reason.BAD_BOX:
            raise
        raise refused.reworded(f"--box: {refused.message}", UsageError) from refused


def tell_detector(found: QueryInput) -> None:
    """Say how to get a detector where there was none; the statement warns of the consequence."""
    from reidsearch.domain.query_origins import Detection, ReadPicture
    from reidsearch.output.terminal import say

    pictures = [one for one in found.pictures if isinstance(one, ReadPicture)]
    if any(one.origin.detection is Detection.UNAVAILABLE for one in pictures):
        from reidsearch.vision.models.catalogue import default_entry

        say(
            "hint: with a network `reidsearch models install "
            f"{default_entry('detector').name}` fetches the person detector; --whole does without",
            err=True,
        )


def box_of(text: str) -> Box:
    """Read `x,y,w,h`.

    Raises:
        UsageError: it is something else.
    """
    from reidsearch.base.boxes import Box

    try:
        x, y, width, height = (round(float(part)) for part in text.split(","))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--box {text!r} is not four numbers x,y,w,h") from error
    return Box(x, y, x + width, y + height)
