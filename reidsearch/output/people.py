"""Who is in a picture or frame that somebody asks with, as JSON."""

from __future__ import annotations

from typing import Any

from reidsearch.domain.query_views import Seen


def people_json(seen: Seen) -> dict[str, Any]:
    """Return the people with their boxes, and what a search with the picture alone takes."""
    view = seen.view
    return {
        "schema": "reidsearch/people/1",
        "sha256": view.sha256,
        "source_id": view.source_id,
        "media_s": None if view.media_s is None else float(view.media_s),
        "width_px": seen.width_px,
        "height_px": seen.height_px,
        "detector": seen.detector,
        "people": [
            {"person": number, "box": box.as_list(), "confidence": confidence}
            for number, (box, confidence) in enumerate(
                zip(seen.people, seen.confidence, strict=True), start=1
            )
        ],
        "taken": None if seen.taken is None else seen.taken.value,
    }
