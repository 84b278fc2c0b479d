"""Everything that an archive holds of footage, to be compared between runs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from sqlalchemy import text

from reidsearch.store.crops.store import Store

QUERIES = {
    "tracklet": "SELECT id FROM tracklet ORDER BY id",
    "tracklet_part": "SELECT tracklet_id, source_id, first_us, last_us, detections, fragments, "
    "doubts, hex(sha256) FROM tracklet_part ORDER BY 1, 2",
    "tracklet_embedding": "SELECT tracklet_id, hex(sha256) FROM tracklet_embedding ORDER BY 1",
    "crop": "SELECT id, source_id, pts, x1, y1, x2, y2, time_us FROM crop ORDER BY id",
    "moment": "SELECT crop_id, tracklet_id, media_us, quality, confidence, sharpness "
    "FROM moment ORDER BY crop_id",
    "picture": "SELECT crop_id, hex(sha256) FROM picture ORDER BY crop_id",
    "embedding": "SELECT crop_id, hex(sha256) FROM embedding ORDER BY crop_id",
    "span": "SELECT source_id, number, from_us, to_us, how, detail FROM span ORDER BY 1, 2",
    "footage": "SELECT source_id, state, duration_us, counts FROM footage ORDER BY 1",
    "checkpoint": "SELECT count(*) FROM checkpoint",
}


def dump(folder: Path) -> dict[str, Any]:
    """All rows, by table."""
    with Store(folder) as store, store.read() as connection:
        return {
            name: [tuple(row) for row in connection.execute(text(query))]
            for name, query in QUERIES.items()
        }


def fingerprint(folder: Path) -> str:
    """A short hash of `dump`."""
    return hashlib.sha256(repr(dump(folder)).encode()).hexdigest()
