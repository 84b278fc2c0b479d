"""`reidsearch reject`: say that matches do not show somebody."""

from __future__ import annotations

from pathlib import Path

import click

from reidsearch.cli.grouped import grouped_command, option
from reidsearch.cli.options import archive_option, decision_options, json_option, text_value


@grouped_command("reject")
@click.argument("matches", nargs=-1, required=True, type=int, metavar="MATCH...")
@option("--as", "name", required=True, metavar="NAME", callback=text_value, help="Which identity.")
@archive_option
@decision_options
@json_option
def command(matches: tuple[int, ...], name: str, archive: Path, note: str, as_json: bool) -> None:
    """Say that matches do not show somebody: they are rejected for that identity.

    MATCH is a crop's id, as every answer shows it; a view of a tracklet stands for the whole
    tracklet. A match that was confirmed as it leaves it. Searches for the identity leave rejected
    matches out, other answers mark them. Every decision can be undone: `reidsearch identity undo`.
    """
    from reidsearch.archive import Archive
    from reidsearch.output.identities import tell_decision

    with Archive.open(archive) as opened:
        decision = opened.identities.reject(name, matches, note=note)
        names = opened.identities.names()
    tell_decision(decision, names, as_json=as_json)
