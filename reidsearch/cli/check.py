"""`reidsearch check`: prove that the archive is whole."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import archive_option, json_option


@grouped_command("check")
@archive_option
@option("--repair", is_flag=True, help="Rebuild what is derived; never touch what is true.")
@json_option
def command(archive: Path, repair: bool, as_json: bool) -> int:
    """Prove that the archive is whole, or say what is not; --repair mends it.

    Reads every page, picture, embedding and index entry. Changes nothing without --repair. Lost
    data is named crop by crop and comes back only from a backup or by indexing again. The exit
    code is 1 when anything is wrong.
    """
    from reidsearch.archive import Archive
    from reidsearch.output import reports_json, text
    from reidsearch.output.emit import dumps
    from reidsearch.output.progress import progress_for

    with progress_for(quiet=as_json) as progress, Archive.open(archive) as opened:
        findings = opened.check(repair=repair, progress=progress)
    if as_json:
        click.echo(dumps([reports_json.finding_json(finding) for finding in findings], indent=2))
    else:
        text.show(text.findings_view(findings))
    return 1 if findings else 0
