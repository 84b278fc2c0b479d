"""`reidsearch detect`: the people in one frame, numbered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.cli.files import output_option, write_picture
from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.model_options import model_path_options, runtime_options, runtime_settings
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option, tiles_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address
    from reidsearch.base.settings import Tiles


@grouped_command("detect")
@argument("frame", metavar="VIDEO@TIME")
@option("--detector", metavar="NAME|FILE", help="The person detector.")
@tiles_option("Look in N x N tiles too; auto: if nobody is seen.", default="auto")
@format_option()
@output_option("Draw the people with their numbers")
@model_path_options
@runtime_options
@archive_option
def command(
    frame: str,
    archive: Address,
    output: Path | None,
    detector: str | None,
    tiles: Tiles,
    form: str,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str | None,
) -> None:
    """Detect and number the people in a frame, for `query --frame --person`.

    TIME counts from the video's first frame: 75.5, 1:15.5 or 0:01:15.5. A picture file needs no
    time. Of footage in the archive the clock's time can be given, as answers show it:
    ch01@08:15:33 of a camera, gate.mp4@2026-03-10T08:15:33 of a file.
    """
    from contextlib import ExitStack

    from reidsearch.output.detections import detections_json, detections_text, numbered
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for
    from reidsearch.services.query_input import read_frame_of
    from reidsearch.vision.detection.detector import load_detector
    from reidsearch.vision.detection.people import people_in

    with ExitStack() as stack:
        progress = stack.enter_context(progress_for(name="detect"))
        read = read_frame_of(
            frame,
            footage=lambda: (
                stack.enter_context(reading_archive(_there(archive, frame), progress)).footage
            ),
        )
        loaded = load_detector(
            detector,
            model_path=model_path,
            offline=offline,
            runtime=runtime_settings(device),
            progress=progress,
        )
        found = people_in(read.pixels, loaded, tiles).detections
    name = loaded.identity.text
    if output is not None:
        drawn = numbered(read.pixels, found, imprint_of(None), shown=frame, detector=name)
        write_picture(output, drawn)
    emit(
        form,
        detections_json(found, name, read.origin),
        detections_text(found, name, read.origin),
        "people",
    )


def _there(archive: Address, frame: str) -> Address:
    """Return the archive that tells what a name means. Raises InputError where there is none."""
    from reidsearch.base.errors import InputError

    if isinstance(archive, Path) and not archive.exists():
        name = frame.rpartition("@")[0]
        raise InputError(
            f"there is no file {name}, and no archive {archive} in which a camera is called so",
            "give a file, or the archive's folder",
        )
    return archive
