"""A list without a query, made by hand."""

from __future__ import annotations

from dataclasses import replace

from present_samples import NOON, crop, footage_answer

from reidsearch.domain.answers import FootageSearched
from reidsearch.domain.attributes import COLOURS, PARTS, THINGS, Attributes
from reidsearch.domain.browsing import BrowseItem, BrowsePage, BrowseRequest, BrowseStatement
from reidsearch.domain.decisions import Mark, Member, Named
from reidsearch.domain.request import Filters

WORN = Attributes(
    3,
    {thing: 0.93 if thing == "backpack" else 0.1 for thing in THINGS},
    {part: {name: 0.31 if name == "red" else 0.069 for name in COLOURS} for part in PARTS},
    dict.fromkeys((*THINGS, *PARTS), 1.0),
    {"with backpack": 2},
)


def page(*, camera: str = "gate", name: str = "anna", location: str = "gate.mp4") -> BrowsePage:
    """A tracklet that was confirmed, and a picture of which nothing is known."""
    (match,) = footage_answer().matches
    assert match.tracklet is not None
    best = replace(match.crop, location=location, facts=replace(match.crop.facts, camera=camera))
    seen = replace(match.tracklet, camera=camera)
    mark = Mark(Named(12, name), (Named(13, "bert"),))
    alone = crop(9, location, camera=None, time=None)
    items = (
        BrowseItem(Member("tracklet", 4), best, seen, mark, WORN, 0.93),
        BrowseItem(Member("crop", 9), alone, None, Mark()),
    )
    request = BrowseRequest(Filters(cameras=(camera,), with_things=("backpack",)), least_s=2)
    statement = BrowseStatement(
        archive="archive",
        archive_id="0f5c",
        asked_at=NOON,
        request=request,
        zone="UTC",
        items_stored=608,
        items_passed=2,
        left_out_unknown_time=3,
        left_out_unknown_camera=1,
        left_out_unknown_attributes=2,
        failures=1,
        unfinished_runs=1,
        running_runs=0,
        footage=FootageSearched(sources=1),
    )
    return BrowsePage(statement, items)
