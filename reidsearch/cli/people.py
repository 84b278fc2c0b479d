"""`reidsearch people`: who is to be seen in a frame."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import model_options, runtime_options


@grouped_command("people")
@click.argument("frame", metavar="VIDEO@TIME")
@option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw them with their numbers (PNG).",
)
@option("--detector", metavar="NAME|FILE", help="The person detector.")
@option("--json", "as_json", is_flag=True, help="JSON instead of text.")
@model_options
@runtime_options
def command(
    frame: str,
    output: Path | None,
    detector: str | None,
    as_json: bool,
    model: str | None,
    model_path: tuple[Path, ...],
    offline: bool,
    device: str,
    streams: int,
    threads: int,
) -> None:
    """Number the people in a frame, for `query --frame VIDEO@TIME --person N`.

    TIME counts from the video's first frame: 75.5, 1:15.5 or 0:01:15.5. A picture file needs no
    time.
    """
    del model
    from reidsearch.base.settings import RuntimeSettings
    from reidsearch.cli.files import write_file
    from reidsearch.output.emit import dumps
    from reidsearch.output.people import numbered
    from reidsearch.services.query_input import read_frame
    from reidsearch.vision.detection.detector import load_detector
    from reidsearch.vision.detection.people import people_in

    pixels = read_frame(frame)
    loaded = load_detector(
        detector,
        model_path=model_path,
        offline=offline,
        runtime=RuntimeSettings(device=device, streams=streams, threads=threads),
    )
    found = people_in(pixels, loaded)
    if output is not None:
        write_file(output, numbered(pixels, found.detections.xyxy))
    boxes = found.detections.xyxy.round().astype(int).tolist()
    confidences = [round(float(value), 4) for value in found.detections.confidence]
    if as_json:
        people = [
            {"person": number, "box": box, "confidence": confidence}
            for number, (box, confidence) in enumerate(
                zip(boxes, confidences, strict=True), start=1
            )
        ]
        click.echo(dumps({"people": people, "detector": loaded.identity.text}, indent=2))
        return
    click.echo(f"{len(boxes)} seen by {loaded.identity.text}")
    for number, (x1, y1, x2, y2) in enumerate(boxes, start=1):
        click.echo(
            f"{number}: {x2 - x1} x {y2 - y1} px at {x1},{y1}, "
            f"confidence {confidences[number - 1]:.2f}"
        )
