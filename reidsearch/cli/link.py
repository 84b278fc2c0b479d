"""`reidsearch link`: propose identities over all cameras and times."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.cli.decisions import transit_options, transits_from
from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_and_case_options, format_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("link")
@option(
    "--join-above",
    type=click.FloatRange(0.1, 1),
    metavar="SCORE",
    help="Join clusters whose adjusted score reaches this. Default: 0.45, for catalogue models.",
)
@transit_options
@format_option()
@archive_and_case_options
def command(
    archive: Address,
    join_above: float | None,
    min_transits: tuple[tuple[str, str, float], ...],
    transits: Path | None,
    form: str,
) -> None:
    """Propose identities across cameras; nothing counts until it is confirmed.

    Tracklets, and crops without one, are clustered by average linkage on their embeddings, less
    what is common to each camera. Confirmed identities stay whole, what was rejected for one does
    not join it, and nobody is in two places of one recording at the same time. Proposals of an
    earlier run are replaced. Confirm one: `reidsearch identity new IDENTITY --proposal N`.
    """
    from reidsearch.output import proposals
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for

    minima = transits_from(min_transits, transits)
    with (
        progress_for(json_lines=form in {"json", "jsonl"}, name="link") as progress,
        reading_archive(archive, progress) as opened,
    ):
        made = opened.proposals.link(join_above=join_above, transits=minima, progress=progress)
    emit(form, proposals.linking_json(made), proposals.linking_view(made), "proposals")
