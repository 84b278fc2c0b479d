"""`reidsearch detect`: the people in one frame, numbered."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.files import output_option, write_picture
from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.options import (
    format_option,
    model_path_options,
    runtime_options,
    runtime_settings,
)


@grouped_command("detect")
@click.argument("frame", metavar="VIDEO@TIME")
@option("--detector", metavar="NAME|FILE", help="The person detector.")
@format_option()
@output_option("Draw the people with their numbers")
@model_path_options
@runtime_options
def command(
    frame: str,
    output: Path | None,
    detector: str | None,
    form: str,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str | None,
) -> None:
    """Detect and number the people in a frame, for `query --frame --person`.

    TIME counts from the video's first frame: 75.5, 1:15.5 or 0:01:15.5. A picture file needs no
    time.
    """
    from reidsearch.output.detections import detections_json, detections_text, numbered
    from reidsearch.output.emit import emit
    from reidsearch.services.query_input import read_frame
    from reidsearch.vision.detection.detector import load_detector
    from reidsearch.vision.detection.people import people_in

    pixels = read_frame(frame)
    loaded = load_detector(
        detector,
        model_path=model_path,
        offline=offline,
        runtime=runtime_settings(device),
    )
    found = people_in(pixels, loaded).detections
    name = loaded.identity.text
    if output is not None:
        drawn = numbered(pixels, found, imprint_of(None), shown=frame, detector=name)
        write_picture(output, drawn)
    emit(form, detections_json(found, name), detections_text(found, name), "people")
