"""`reidsearch link`: who may be whom, over all cameras and times."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import archive_option, json_option, transit_options, transits_from


@grouped_command("link")
@archive_option
@option(
    "--join-above",
    type=click.FloatRange(0.1, 1),
    metavar="SCORE",
    help="Join while the adjusted score reaches this. Default: 0.45, for catalogue models.",
)
@transit_options
@json_option
def command(
    archive: Path,
    join_above: float | None,
    min_transits: tuple[tuple[str, str, float], ...],
    transits: Path | None,
    as_json: bool,
) -> None:
    """Propose identities over all cameras and times; nothing counts until it is confirmed.

    Tracklets, and crops of none, are joined by average linkage on their embeddings, less what is
    common to each camera. Confirmed identities stay whole, what was rejected for one does not join
    it, and nobody is twice at one camera at the same time. Proposals of an earlier run are
    replaced. Confirm one: `reidsearch identity new NAME --proposal N`.
    """
    from reidsearch.archive import Archive
    from reidsearch.output import proposals, text
    from reidsearch.output.emit import dumps
    from reidsearch.output.progress import progress_for

    minima = transits_from(min_transits, transits)
    with progress_for(json_lines=as_json) as progress, Archive.open(archive) as opened:
        made = opened.proposals.link(join_above=join_above, transits=minima, progress=progress)
    if as_json:
        click.echo(dumps(proposals.linking_json(made), indent=2))
    else:
        text.show(proposals.linking_view(made))
