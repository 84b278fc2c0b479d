"""One tracklet: all of its best shots, when and where it was seen, what was decided of it."""

from __future__ import annotations

from reidsearch.web.api import tracklets
from reidsearch.web.call import Call
from reidsearch.web.declared import Nothing, Page, Values


def tracklet(call: Call, _: Nothing) -> Values:
    """Return what the page shows."""
    told = tracklets.one(call, Nothing())
    seen = told["tracklet"]
    held = call.tracklet(call.path["tracklet_id"])
    return {
        "told": told,
        "seen": seen,
        "doubts": (seen["purity"] or {}).get("doubts", []),
        "grounds": call.archive.distances.grounds_of(held),
    }


PAGES = (Page("/tracklets/{tracklet_id:int}", tracklet, "tracklet.html"),)
