"""`reidsearch prepare-reranking`: build the neighbour graph of a large archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.options import archive_option, format_option, quiet_option, reading_archive

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("prepare-reranking")
@format_option()
@quiet_option
@archive_option
def command(archive: Address, form: str, quiet: bool) -> None:
    """Build the neighbour graph that re-ranks answers of a large archive.

    An index run does so itself as long as it takes no more than about a minute; beyond that,
    answers are ranked by score only until this command has run. It works through all crops that
    are new since the last time: twice as many crops take four times as long.
    """
    from reidsearch.base.progress import parts, step
    from reidsearch.output.emit import emit
    from reidsearch.output.progress import progress_for
    from reidsearch.output.reports_json import graph_json
    from reidsearch.output.visible import count

    with (
        progress_for(quiet=quiet, name="prepare-reranking") as progress,
        reading_archive(archive, progress) as opened,
        parts(progress, "building the neighbour graph", [10, 90]) as whole,
    ):
        with step(whole, "reading the index"):
            crops = len(opened)
        opened.neighbours.keep(whole, blocks=None)
    emit(form, graph_json(crops), f"The neighbour graph covers {count(crops, 'crop')}.")
