"""`reidsearch camera keeps`: how long the recorder of a camera keeps footage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reidsearch.cli.grouped import argument, grouped_command, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option, text_value

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("keeps")
@argument("camera", required=False, callback=text_value)
@argument("days", required=False, type=click.FloatRange(0, min_open=True))
@option("--clear", is_flag=True, help="Remove what is known of the camera.")
@format_option()
@archive_option
def command(
    camera: str | None, days: float | None, clear: bool, archive: Address, form: str
) -> None:
    """Set, show or clear after how many days a camera's recorder overwrites footage.

    `next` and its page tell by it when footage that nobody analysed is overwritten. Without DAYS it
    is shown, without CAMERA for all.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.output.emit import emit
    from reidsearch.output.keeps import keeps_json, keeps_view

    if clear and (camera is None or days is not None):
        raise UsageError("--clear removes what is known of one camera", "name it, without days")
    change = None
    with reading_archive(archive) as opened:
        if clear and camera is not None:
            change, known = "clear", [opened.keeps.clear(camera)]
        elif camera is not None and days is not None:
            change, known = "set", [opened.keeps.set(camera, days)]
        else:
            known = opened.keeps.all(camera)
    emit(form, keeps_json(known, change), keeps_view(known, change, camera), "cameras")
