"""`reidsearch camera ground`: where on the ground the points of a camera's picture are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.files import output_option, write_picture
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option, text_value
from reidsearch.cli.times import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reidsearch.archive import Archive
    from reidsearch.base.address import Address
    from reidsearch.domain.crops import Pixels
    from reidsearch.domain.footage import SourceCoverage
    from reidsearch.domain.ground import CameraGround, GroundPoint
    from reidsearch.output.drawing import Drawing

_NUMBER = r"\s*([+-]?\d+(?:\.\d+)?)\s*"
_POINT = re.compile(f"{_NUMBER},{_NUMBER}={_NUMBER},{_NUMBER}")


@grouped_command("ground")
@argument("camera", callback=text_value)
@argument(
    "points",
    nargs=-1,
    metavar="[POINT]...",
    callback=lambda c, o, v: tuple(text_value(c, o, one) for one in v),
)
@option(
    "--source", metavar="TEXT", callback=text_value,
    help="Video that the points were read from; default: the camera's last.",
)  # fmt: skip
@option("--from", "from_time", metavar="TIME", help="Holds from then on: the camera was turned.")
@option("--to", "to_time", metavar="TIME", help="Holds until then.")
@option(
    "--error", "click_px", type=float, metavar="PX",
    help="How exactly points were read: standard deviation in pixels.",
)  # fmt: skip
@option("--note", metavar="TEXT", callback=text_value, help="How it was measured, for the record.")
@option("--clear", is_flag=True, help="Remove all, or the one of --number.")
@option("--number", type=click.IntRange(1), metavar="N", help="Show or remove this one alone.")
@output_option("Draw a grid of metres on a still of the camera")
@format_option()
@archive_option
def command(
    camera: str,
    points: tuple[str, ...],
    source: str | None,
    from_time: str | None,
    to_time: str | None,
    click_px: float | None,
    note: str | None,
    clear: bool,
    number: int | None,
    output: Path | None,
    archive: Address,
    form: str,
) -> None:
    """Set, show or clear the ground of a camera, by which distances are in metres.

    A POINT is X,Y=EAST,NORTH: where the picture shows it, in pixels or as shares of width and
    height from the top left, and where it is on the ground, in metres. Four or more set the ground,
    no three of them in a line; a fifth shows mistakes. Without points it is shown. Draw the grid
    (-o): its lines run along kerbs and slabs when the points are right.
    """
    from reidsearch.output.emit import emit
    from reidsearch.output.ground import grounds_json, grounds_view
    from reidsearch.services.ground import none_of

    given = (source, from_time, to_time, click_px, note)
    _require_sense(points, given, clear=clear, number=number, output=output)
    begins = moment("--from", from_time, None, archive=archive)
    ends = moment("--to", to_time, None, archive=archive)
    drawn, change = None, None
    with reading_archive(archive) as opened:
        if clear:
            change, found = "clear", opened.ground.clear(camera, number)
        elif points:
            shown = opened.footage.find(source) if source else opened.ground.source_of(camera)
            read = _points(points, shown)
            still = _still(opened, shown) if output else None  # footage may be away: set nothing
            change = "set"
            found = [
                opened.ground.set(
                    camera, read, shown, click_px=click_px, from_time=begins, to_time=ends,
                    note=note or "",
                )
            ]  # fmt: skip
            drawn = _drawn(opened, found[-1], still) if still else None
        else:
            found = [one for one in opened.ground.of(camera) if number in (None, one.number)]
            if not found and (output or number is not None):
                raise none_of(camera, number)
            if output:
                of = opened.footage.find(source) if source else None
                shown = of or opened.ground.source_of(camera, found[-1])
                drawn = _drawn(opened, found[-1], _still(opened, shown))
    if drawn is not None and output is not None:
        write_picture(output, drawn)
    document = grounds_json(camera, found, change)
    emit(form, document, grounds_view(camera, found, change), "grounds")


def _require_sense(
    points: Sequence[str],
    given: Sequence[object],
    *,
    clear: bool,
    number: int | None,
    output: Path | None,
) -> None:
    from reidsearch.base.errors import UsageError

    told = [one for one in given if one is not None]
    if clear and (points or told or output):
        raise UsageError("--clear removes a ground: give no points and nothing of theirs with it")
    if number is not None and points:
        raise UsageError("--number is of a ground that is there: give no points with it")
    source, *of_setting = given
    drawn = source is not None and output is not None  # the still is of that source
    if not points and (
        (source is not None and not drawn) or any(one is not None for one in of_setting)
    ):
        raise UsageError("a ground is set by its points", "give four: X,Y=EAST,NORTH")


def _points(texts: Sequence[str], source: SourceCoverage) -> list[GroundPoint]:
    """Read points; where none lies beyond 1, they are shares of the picture, else pixels.

    Raises:
        UsageError: one is no point.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.domain.ground import GroundPoint

    found = []
    for text in texts:
        match = _POINT.fullmatch(text)
        if match is None:
            raise UsageError(f"{text!r} is no point", "it is X,Y=EAST,NORTH: 640,512=0,2.5")
        found.append([float(number) for number in match.groups()])
    shares = all(x <= 1 and y <= 1 for x, y, _, _ in found)
    width, height = (1, 1) if shares else (source.info.width_px, source.info.height_px)
    return [GroundPoint(x / width, y / height, east, north) for x, y, east, north in found]


def _still(archive: Archive, source: SourceCoverage) -> tuple[Pixels, str]:
    """Return a picture of a source, and what it is."""
    at_s = source.duration_s / 2
    picture = archive.footage.frame_of(source.source_id, at_s)
    return picture.pixels, f"still of {source.location.rpartition('/')[2]} at {float(at_s):.1f} s"


def _drawn(archive: Archive, one: CameraGround, still: tuple[Pixels, str]) -> Drawing:
    from reidsearch.output.ground_picture import ground_picture

    pixels, shown = still
    return ground_picture(pixels, one, imprint_of(archive), shown)
