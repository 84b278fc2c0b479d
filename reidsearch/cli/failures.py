"""`reidsearch failures`: the ledger of what never became a crop."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.options import archive_option, json_option


@grouped_command("failures")
@archive_option
@json_option
def command(archive: Path, as_json: bool) -> None:
    """List the inputs that never became crops, and why.

    A failed input is tried again by every `reidsearch index` that offers it. It leaves this list
    when it succeeds, or when the same command has run to its end without meeting that failure
    again (a mended container, a file that was taken away). `docs/reference/indexing.md` explains
    the reasons.
    """
    from reidsearch.archive import Archive
    from reidsearch.output import reports_json, text
    from reidsearch.output.emit import dumps

    with Archive.open(archive) as opened:
        failures = opened.failures()
    if as_json:
        click.echo(dumps([reports_json.failure_json(failure) for failure in failures], indent=2))
    else:
        text.show(text.failures_view(failures))
