"""What an archive holds, told without its ids: equal for archives that hold the same."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from sqlalchemy import text

from reidsearch.base.address import Address
from reidsearch.store.crops.store import Store

CROPS = (
    "SELECT source.sha256 AS source, crop.pts, x1, y1, x2, y2, crop.time_us, camera.name, "
    "picture.sha256 AS picture, embedding.sha256 AS embedding, moment.tracklet_id, "
    "moment.media_us, moment.quality FROM crop JOIN source ON source.id = crop.source_id "
    "LEFT JOIN camera ON camera.id = crop.camera_id LEFT JOIN picture ON picture.crop_id = crop.id "
    "LEFT JOIN embedding ON embedding.crop_id = crop.id "
    "LEFT JOIN moment ON moment.crop_id = crop.id"
)
PARTS = (
    "SELECT source.sha256 AS source, tracklet_id, first_us, last_us, detections, fragments, "
    "tracklet_part.sha256 AS trace FROM tracklet_part JOIN source ON source.id = source_id"
)
SOURCES = (
    "SELECT source.sha256 AS source, state, duration_us, counts FROM source "
    "LEFT JOIN footage ON source_id = source.id"
)
SPANS = (
    "SELECT source.sha256 AS source, number, from_us, to_us, how, detail FROM span "
    "JOIN source ON source.id = source_id"
)
PLACES = (
    "SELECT text, source.sha256 AS source FROM footage_location JOIN source ON source.id = "
    "source_id UNION ALL SELECT text, source.sha256 FROM location "
    "JOIN crop ON crop.id = crop_id JOIN source ON source.id = crop.source_id"
)
FAILURES = "SELECT text, reason, message FROM failure"


def _plain(key: str, value: Any) -> Any:
    if key == "counts" and isinstance(value, str):  # SQLite's JSON, past SQLAlchemy's types
        value = json.loads(value)
    if isinstance(value, dict):
        return sorted(value.items())
    return bytes(value).hex() if isinstance(value, bytes) else value


def content(address: Address) -> dict[str, Any]:
    """All that does not depend on who found it when."""
    with Store(address) as store, store.read() as connection:

        def rows(query: str) -> list[dict[str, Any]]:
            return [
                {key: _plain(key, value) for key, value in row.items()}
                for row in connection.execute(text(query)).mappings()
            ]  # fmt: skip

        crops = rows(CROPS)
        shown = defaultdict(list)
        for crop in crops:
            shown[crop.pop("tracklet_id")].append(repr(crop))
        tracklets = [
            repr((part | {"tracklet_id": 0}, sorted(shown[part["tracklet_id"]])))
            for part in rows(PARTS)
        ]
        return {
            "crops": sorted(map(repr, crops)),
            "tracklets": sorted(tracklets),
            **{
                name: sorted(repr(row) for row in rows(query))
                for name, query in (
                    ("sources", SOURCES),
                    ("spans", SPANS),
                    ("places", PLACES),
                    ("failures", FAILURES),
                )
            },
        }
