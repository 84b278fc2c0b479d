"""`reidsearch show`: what the archive contains, or one crop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidsearch.cli.grouped import argument, grouped_command
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("show")
@argument("what", nargs=-1, metavar="[crop CROP]")
@format_option()
@archive_option
def command(what: tuple[str, ...], archive: Address, form: str) -> None:
    """Show what the archive contains, or all that is known of one crop.

    Without arguments: counts, cameras, time span, model, size, failures. With `crop CROP`: where
    the crop comes from, its box, camera, time, person and extra columns, and its attributes, if
    `reidsearch annotate` has recorded them.
    """
    from reidsearch.base.errors import UsageError
    from reidsearch.output import reports_json, text
    from reidsearch.output.emit import emit

    if what and (len(what) != 2 or what[0] != "crop" or not what[1].isdecimal()):
        raise UsageError(f"cannot show {' '.join(what)!r}", "reidsearch show, or: show crop CROP")
    with reading_archive(archive, shows_pending=not what) as opened:
        if what:
            crop = opened.crop(int(what[1]))
            worn = opened.attributes.of(crop.crop_id)
            emit(form, reports_json.crop_json(crop, worn), text.crop_view(crop, worn))
        else:
            summary = opened.show()
            emit(form, reports_json.summary_json(summary), text.summary_view(summary))
