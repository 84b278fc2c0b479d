"""`reidsearch coverage`: which footage was analysed, how, and what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.cli.files import output_option, write_picture
from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.imprint import imprint_of
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("coverage")
@option("--camera", "cameras", multiple=True, metavar="NAME", help="Only this camera.")
@format_option()
@output_option("Draw cameras over time")
@archive_option
def command(archive: Address, cameras: tuple[str, ...], output: Path | None, form: str) -> None:
    """Show which footage was analysed and how, what failed, and what is missing.

    Blank in the picture: no footage was supplied. `dense`: fully analysed at the sample rate;
    `sparse`: likewise, but the recording has a frame every 1.5 s or less often;
    `gated`: nothing moved, sampled every two seconds; `key-frames`: a still scene, only key frames
    were decoded; `precomputed`: precomputed detections; `failed`, `gap`: nothing could be seen.
    """
    from reidsearch.output import coverage
    from reidsearch.output.emit import emit

    with reading_archive(archive) as opened:
        every = opened.footage.coverage()
        sources = [one for one in every if not cameras or one.facts.camera in cameras]
        imprint = imprint_of(opened)
        missing = opened.footage.not_supplied(every)
        gaps = [one for one in missing if not cameras or one.camera in cameras]
    if output is not None:
        from reidsearch.output.timeline import timeline

        write_picture(output, timeline(sources, imprint))
    emit(
        form,
        coverage.coverage_json(sources, gaps),
        coverage.coverage_view(sources, gaps),
        "sources",
    )
