"""Lists of tracklets as JSON documents, held to `output/schemas/browse-1.json`."""

from __future__ import annotations

from typing import Any

from reidsearch.base.timecode import iso
from reidsearch.domain.answer_json import (
    attributes_json,
    crop_facts_json,
    filters_json,
    footage_searched_json,
    named_json,
    tracklet_json,
)
from reidsearch.domain.browsing import BrowseItem, BrowsePage, BrowseStatement

SCHEMA = "reidsearch/browse/1"
ONE = "reidsearch/tracklet/1"


def browse_json(page: BrowsePage) -> dict[str, Any]:
    """Return a page as the document that `output/schemas/browse-1.json` describes."""
    return {
        "schema": SCHEMA,
        "statement": browse_statement_json(page.statement),
        "items": [item_json(item) for item in page.items],
        "next": page.next,
    }


def item_json(item: BrowseItem) -> dict[str, Any]:
    """Return one item: the facts are those of its best shot, `time` too."""
    seen, first, last = item.tracklet, item.first_time, item.last_time
    return {
        **crop_facts_json(item.crop),
        "tracklet": tracklet_json(seen, item.crop.source_id) if seen else None,
        "first_time": iso(first) if first else None,
        "last_time": iso(last) if last else None,
        "uncertainty_s": item.uncertainty_s,
        "duration_s": item.duration_s,
        "height_px": item.height_px,
        "attributes": attributes_json(item.attributes) if item.attributes else None,
        "confidence": item.confidence,
        "identity": named_json(item.identity) if item.identity else None,
        "rejected_for": [named_json(one) for one in item.mark.rejected_for],
        "reviewed": item.reviewed,
    }


def tracklet_document(item: BrowseItem) -> dict[str, Any]:
    """Return one item as the document that `output/schemas/tracklet-1.json` describes."""
    return {"schema": ONE, **item_json(item)}


def browse_statement_json(statement: BrowseStatement) -> dict[str, Any]:
    """Return what a list is of, and what it lacks."""
    request = statement.request
    return {
        "archive": statement.archive,
        "archive_id": statement.archive_id,
        "asked_at": iso(statement.asked_at),
        "filters": filters_json(request.filters),
        "least_s": request.least_s,
        "most_s": request.most_s,
        "identity": request.identity,
        "unreviewed": request.unreviewed,
        "sort": request.order.value,
        "reverse": request.reverse,
        "limit": request.limit,
        "zone": statement.zone,
        "items_stored": statement.items_stored,
        "items_passed": statement.items_passed,
        "left_out_unknown_time": statement.left_out_unknown_time,
        "left_out_unknown_camera": statement.left_out_unknown_camera,
        "left_out_unknown_attributes": statement.left_out_unknown_attributes,
        "left_out_unknown_track": statement.left_out_unknown_track,
        "failures": statement.failures,
        "unfinished_runs": statement.unfinished_runs,
        "running_runs": statement.running_runs,
        "footage": footage_searched_json(statement.footage),
    }
