"""`reidsearch show`: what the archive holds, or one crop."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.options import archive_option, json_option


@grouped_command("show")
@click.argument("what", nargs=-1, metavar="[crop ID]")
@archive_option
@json_option
def command(what: tuple[str, ...], archive: Path, as_json: bool) -> None:
    """Show what the archive holds, or all that is known of one crop.

    Without arguments: counts, cameras, time span, model, size, failures. With `crop ID`: where
    the crop comes from, its box, camera, time, person and extra columns, and what its person
    wears and carries, if `reidsearch attributes` has recorded it.
    """
    from reidsearch.archive import Archive
    from reidsearch.base.errors import UsageError
    from reidsearch.output import reports_json, text
    from reidsearch.output.emit import dumps

    if what and (len(what) != 2 or what[0] != "crop" or not what[1].isdecimal()):
        raise UsageError(f"cannot show {' '.join(what)!r}", "reidsearch show, or: show crop ID")
    with Archive.open(archive) as opened:
        if what:
            crop = opened.crop(int(what[1]))
            worn = opened.attributes.of(crop.crop_id)
            document, view = reports_json.crop_json(crop, worn), text.crop_view(crop, worn)
        else:
            summary = opened.show()
            document, view = reports_json.summary_json(summary), text.summary_view(summary)
    if as_json:
        click.echo(dumps(document, indent=2))
    else:
        text.show(view)
