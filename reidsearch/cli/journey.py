"""`reidsearch journey`: where somebody was, and when."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.files import write_file
from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import (
    archive_option,
    json_option,
    text_value,
    transit_options,
    transits_from,
)


@grouped_command("journey")
@click.argument("identity", callback=text_value)
@archive_option
@transit_options
@option(
    "--timeline",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw cameras over time with the sightings (PNG).",
)
@json_option
def command(
    identity: str,
    archive: Path,
    min_transits: tuple[tuple[str, str, float], ...],
    transits: Path | None,
    timeline: Path | None,
    as_json: bool,
) -> None:
    """Show where an identity was and when, and what lies in between.

    Confirmed sightings and those that `link` proposes for it are told apart. For every stretch
    without a sighting it says which cameras nobody looked at meanwhile. Transits faster than the
    least times given here, or to the last `link`, are flagged.
    """
    from reidsearch.archive import Archive
    from reidsearch.output import journeys, text
    from reidsearch.output.emit import dumps

    minima = transits_from(min_transits, transits) if min_transits or transits else None
    with Archive.open(archive) as opened:
        found = opened.journey(identity, transits=minima)
        if timeline is not None:
            from reidsearch.output.timeline import way

            write_file(timeline, way(opened.footage.coverage(), found))
    if as_json:
        click.echo(dumps(journeys.journey_json(found), indent=2))
    else:
        text.show(journeys.way_view(found))
