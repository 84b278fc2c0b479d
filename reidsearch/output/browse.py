"""A list of tracklets as text: a table that fits the terminal, and what the list lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.domain.browsing import BrowseItem, BrowsePage, BrowseStatement, Sort
from reidsearch.domain.decisions import Mark
from reidsearch.output.attributes import wears
from reidsearch.output.cards import uncertainty_text
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.filters_told import filtered_told, left_out_told
from reidsearch.output.footage_searched import not_analysed_told, searched_told
from reidsearch.output.purity import purity_sentences
from reidsearch.output.statement import not_indexed_told
from reidsearch.output.text import UNKNOWN, known
from reidsearch.output.times import tenths, zone_name
from reidsearch.output.visible import count, duration, visible

_Cell: TypeAlias = Callable[[BrowseItem], str]

NOUNS = ("tracklet", "tracklets")
ORDERS: Mapping[Sort, tuple[str, str]] = {
    Sort.TIME: ("earliest first", "latest first"),
    Sort.SIZE: ("largest first", "smallest first"),
    Sort.DURATION: ("longest first", "shortest first"),
    Sort.CONFIDENCE: ("most confident first", "least confident first"),
}
"""How a list is ordered, and the other way round."""


def browse_view(page: BrowsePage, *, whole: bool = False) -> RenderableType:
    """Return the items as a table, and under it what the list is of.

    Args:
        whole: all that is known of the footage, not only what is missing.
    """
    told = [Text(line, style="dim") for line in browse_told(page.statement, whole=whole)]
    shown = Text(shown_told(page), style="bold")
    if not page.items:
        return Group(shown, *told)
    doubted = purity_sentences(
        (one.member.text, one.tracklet.purity) for one in page.items if one.tracklet
    )
    told[:0] = [Text(line, style="bold") for line in doubted]
    return Group(FittedTable(_columns(page)), Text(), shown, *told)


def shown_told(page: BrowsePage) -> str:
    """Return how many of those who pass are shown, in which order."""
    statement, request = page.statement, page.statement.request
    passed = count(statement.items_passed, *NOUNS)
    if not statement.items_passed:
        return "Nobody passes the filters; that does not mean that nobody was there."
    order = ORDERS[request.order][request.reverse]
    if len(page.items) == statement.items_passed:
        return f"{passed}, {order}."
    return f"{len(page.items):,} of {passed}, {order}."


def browse_told(statement: BrowseStatement, *, whole: bool = False) -> list[str]:
    """Return what a list is of and what it lacks, in sentences."""
    request = statement.request
    stored = count(statement.items_stored, *NOUNS)
    crops = "crops of no tracklet count as one each"
    told = [
        f"{statement.items_passed:,} of {stored} in the archive pass ({crops}).",
        *filtered_told(request.filters),
        *_asked(statement),
        *left_out_told(
            request.filters,
            {
                "time": statement.left_out_unknown_time,
                "camera": statement.left_out_unknown_camera,
                "attributes": statement.left_out_unknown_attributes,
                "track": statement.left_out_unknown_track,
            },
            NOUNS,
        ),
    ]
    footage = searched_told if whole else not_analysed_told
    return [
        *told,
        *footage(statement.footage),
        *not_indexed_told(statement.failures, statement.unfinished_runs, statement.running_runs),
    ]


def _asked(statement: BrowseStatement) -> list[str]:
    """Return what is asked for beside the filters of a search."""
    request = statement.request
    parts = []
    if request.least_s is not None:
        parts.append(f"seen for {duration(request.least_s)} or longer")
    if request.most_s is not None:
        parts.append(f"seen for {duration(request.most_s)} at most")
    if request.identity is not None:
        parts.append(f"confirmed as {visible(request.identity)}")
    if request.unreviewed:
        parts.append("not yet confirmed or rejected")
    return [f"Only {', '.join(parts)}."] if parts else []


def _columns(page: BrowsePage) -> list[Column]:
    items, filters = page.items, page.statement.request.filters

    def column(title: str, rank: int, cell: _Cell, *, right: bool = False) -> Column:
        return Column(title, [cell(item) for item in items], rank, right=right)

    found = [
        column("tracklet", 2, _tracklet, right=True),
        column("camera", 0, lambda item: known(item.camera)),
        column(f"time ({zone_name()})", 0, when_text),
        column("duration", 4, lambda item: duration(item.duration_s), right=True),
        column("height", 5, lambda item: f"{item.height_px} px", right=True),
        column("best shot", 0, lambda item: str(item.crop.crop_id), right=True),
    ]
    if not filters.attributes_empty:
        found.append(column("confidence", 1, _confidence, right=True))
    if any(item.attributes for item in items):
        rank = 6 if filters.attributes_empty else 2
        found.append(
            column(
                "wears",
                rank,
                lambda item: wears(item.attributes, filters) if item.attributes else UNKNOWN,
            )
        )
    if any(item.reviewed for item in items):
        found.append(column("identity", 3, lambda item: mark_text(item.mark) or UNKNOWN))
    places = [visible(item.crop.place) for item in items]
    return [*found, Column("location", places, 10, shortened=True)]


def _tracklet(item: BrowseItem) -> str:
    return UNKNOWN if item.tracklet is None else str(item.tracklet.tracklet_id)


def _confidence(item: BrowseItem) -> str:
    return UNKNOWN if item.confidence is None else f"{item.confidence:.2f}"


def mark_text(mark: Mark) -> str:
    """Return what was decided: `anna`, `rejected for anna`; empty: nothing."""
    parts = [visible(mark.identity.name)] if mark.identity else []
    if mark.rejected_for:
        parts.append(f"rejected for {', '.join(visible(one.name) for one in mark.rejected_for)}")
    return "; ".join(parts)


def when_text(item: BrowseItem) -> str:
    """Return the first and the last time; where no clock is known, seconds in the footage."""
    if item.first_time is None or item.last_time is None:
        if item.tracklet is None:
            return UNKNOWN
        here = item.tracklet.part_in(item.crop.source_id)
        first_s, last_s = float(here.first_s), float(here.last_s)
        return f"not known; {first_s:.1f} to {last_s:.1f} s in footage"
    first, last = tenths(item.first_time), tenths(item.last_time)
    uncertain = uncertainty_text(item.crop)
    if first == last:
        return first + uncertain
    return f"{first} to {last[11:] if first[:10] == last[:10] else last}{uncertain}"
