"""A list of tracklets without a query as the content of a sheet or page."""

from __future__ import annotations

from collections.abc import Sequence

from reidsearch.domain.browsing import BrowseItem, BrowsePage
from reidsearch.domain.request import Filters
from reidsearch.output.browse import browse_told, mark_text, shown_told
from reidsearch.output.cards import camera_text, file_name, filtered_attributes, time_text
from reidsearch.output.purity import purity_sentences
from reidsearch.output.shown import Card, CardField, Group, Shown
from reidsearch.output.times import utc_beside
from reidsearch.output.visible import duration


def browse_shown(page: BrowsePage) -> Shown:
    """Return what is shown of a list: a card for each item, by its best shot."""
    statement, filters = page.statement, page.statement.request.filters
    first = (shown_told(page), *_doubts(page.items))
    return Shown(
        of="tracklets",
        title="Tracklets that pass the filters",
        groups=(Group("", tuple(_card(item, filters) for item in page.items)),),
        told=(*first, *browse_told(statement, whole=True)),
        gist=(*first, *browse_told(statement)),
        nobody=shown_told(page),
    )


def _doubts(items: Sequence[BrowseItem]) -> list[str]:
    return purity_sentences(
        (item.member.text, item.tracklet.purity) for item in items if item.tracklet
    )


def _card(item: BrowseItem, filters: Filters) -> Card:
    crop = item.crop
    seen = f"seen for {duration(item.duration_s)}, " if item.tracklet else ""
    return Card(
        heading=item.member.text,
        figure="" if item.confidence is None else f"{item.confidence:.2f}",
        fields=(
            CardField("crop", f"crop {crop.crop_id}"),
            CardField("camera", camera_text(crop)),
            CardField("time", time_text(crop)),
            CardField("utc", "" if crop.facts.time is None else utc_beside(crop.facts.time)),
            CardField("position", f"{seen}{item.height_px} px tall"),
            CardField("file", file_name(crop), whole=crop.place),
            CardField("attributes", filtered_attributes(item.attributes, filters), 3),
            CardField("decided", mark_text(item.mark)),
        ),
        crop_ids=(crop.crop_id,),
        emphasis="confirmed" if item.identity else "",
    )
