"""`reidsearch query` without a picture: who passes the filters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reidsearch.base.errors import UsageError
from reidsearch.cli.opening import reading_archive

if TYPE_CHECKING:
    from reidsearch.archive import Archive
    from reidsearch.base.address import Address
    from reidsearch.domain.browsing import BrowseItem, BrowsePage
    from reidsearch.domain.request import Filters

OF_A_QUERY = frozenset({
    "box", "person", "tiles", "as_whole", "query_camera", "likes", "unlikes", "new_only",
    "min_score", "max_false_alarms", "prior", "ungrouped", "no_rerank", "no_adjust", "exact",
    "timeline", "order", "spread", "stability", "space_time", "combined",
})  # fmt: skip
"""Options that say nothing where nobody is searched for."""
OF_AN_ENTRY = frozenset({"case", "reason"})
"""Options that stand in the event log alone, where a list has no entry, but a written file has."""


def require_list(context: click.Context, *, written: bool) -> None:
    """Refuse options that need a query.

    Args:
        written: the list is written to a file, which has an entry of the event log.

    Raises:
        UsageError: naming the first of them.
    """
    given = click.core.ParameterSource.COMMANDLINE
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in OF_AN_ENTRY and not written and context.get_parameter_source(name) is given:
            raise UsageError(
                f"{parameter.opts[0]} is kept in the event log, where a list without a query has "
                "no entry",
                "leave it out",
            )
        if name in OF_A_QUERY and context.get_parameter_source(name) is given:
            raise UsageError(
                f"{parameter.opts[0]} needs a query, and only filters were given",
                "give IMAGE..., --crop ID or --identity NAME, or leave it out",
            )


def passing(archive: Archive, filters: Filters, k: int | None) -> BrowsePage:
    """Return as many as are asked for of those who pass; None: all.

    Its items are all held together: what is drawn of a list needs them so.
    """
    first, items = begun(archive, filters, k)
    return replace(first, items=tuple(items), next=None)


def begun(
    archive: Archive, filters: Filters, k: int | None
) -> tuple[BrowsePage, Iterator[BrowseItem]]:
    """Return the first page, and all items as they are read."""
    from reidsearch.domain.browsing import MOST_ITEMS, BrowseRequest

    request = BrowseRequest(filters, limit=min(k or MOST_ITEMS, MOST_ITEMS))
    first = archive.browse.page(request)

    def items() -> Iterator[BrowseItem]:
        page, wanted = first, k
        while True:
            yield from page.items
            if wanted is not None:
                wanted -= len(page.items)
            if page.next is None or wanted == 0:
                return
            limit = min(wanted or MOST_ITEMS, MOST_ITEMS)
            page = archive.browse.page(replace(request, cursor=page.next, limit=limit))

    return first, items()


def show_passing(
    archive: Address,
    filters: Filters,
    k: int | None,
    form: str,
    *,
    whole: bool = False,
    output: Path | None = None,
    opens: bool = False,
) -> None:
    """Print who passes, and draw them if asked to; without it machines get line by line.

    Args:
        whole: as a table with all of the statement.
        output: where a contact sheet is written.
        opens: show the sheet.

    Raises:
        UsageError: an option was given that needs a query.
    """
    require_list(click.get_current_context(), written=output is not None)
    from reidsearch.cli.imprint import imprint_of
    from reidsearch.cli.sheets import tell_sheet, write_sheet
    from reidsearch.cli.viewer import open_file
    from reidsearch.output.browse import browse_view
    from reidsearch.output.emit import emit
    from reidsearch.output.pages.browse import browse_shown

    sheets: list[Path] = []
    with reading_archive(archive) as opened:
        if form != "table" and not (output or opens):
            first, items = begun(opened, filters, k)
            rows = (item.to_json() for item in items)
            emit(form, {**first.to_json(), "items": rows, "next": None}, rows="items")
            return
        page = passing(opened, filters, k)
        asked_at = page.statement.asked_at
        path = output or Path(f"reidsearch-{asked_at:%Y%m%dT%H%M%SZ}.png")
        if output or opens:
            sheets = write_sheet(opened, browse_shown(page), imprint_of(opened, asked_at), path)
    emit(form, page.to_json(), browse_view(page, whole=whole), rows="items")
    if opens:
        open_file(path, keep=output is not None)
    tell_sheet(sheets)
