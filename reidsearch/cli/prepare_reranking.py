"""`reidsearch prepare-reranking`: build the neighbour graph of a large archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidsearch.cli.grouped import grouped_command
from reidsearch.cli.opening import reading_archive
from reidsearch.cli.options import archive_option, format_option, quiet_option

if TYPE_CHECKING:
    from reidsearch.base.address import Address


@grouped_command("prepare-reranking")
@format_option()
@quiet_option
@archive_option
def command(archive: Address, form: str, quiet: bool) -> None:
    """Build the neighbour graph that re-ranks answers of a large archive.

    An index run does so itself up to about a million crops; beyond that, answers
    are ranked by score only until this command has run. Of more than 100 000 crops
    the graph is nearly exact: how many of the true neighbours it has is measured,
    and every answer says it. A graph that misses too many is made exactly.
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
        found = opened.neighbours.found
    text = f"The neighbour graph covers {count(crops, 'crop')}"
    text += "." if found == 1.0 else f" and has {found:.1%} of the true neighbours."
    emit(form, graph_json(crops, found), text)
