"""What an archive holds, whatever the ids: equal for archives of the same footage and decisions."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import text

from reidsearch.base.address import Address
from reidsearch.store.crops.store import Store

CROPS = (
    "SELECT crop.id, source.sha256 AS source, crop.pts, x1, y1, x2, y2, camera.name, crop.time_us,"
    " person, picture.sha256 AS picture, embedding.sha256 AS embedding, moment.tracklet_id,"
    " moment.media_us, moment.quality FROM crop JOIN source ON source.id = crop.source_id"
    " LEFT JOIN camera ON camera.id = crop.camera_id JOIN picture ON picture.crop_id = crop.id"
    " JOIN embedding ON embedding.crop_id = crop.id LEFT JOIN moment ON moment.crop_id = crop.id"
)
PARTS = (
    "SELECT tracklet_id, source.sha256 AS source, tracklet_part.sha256 AS trace, first_us, last_us,"
    " detections, fragments FROM tracklet_part JOIN source ON source.id = tracklet_part.source_id"
)
PLACES = (
    "SELECT source.sha256, text FROM footage_location JOIN source"
    " ON source.id = footage_location.source_id"
)
SPANS = (
    "SELECT source.sha256, number, from_us, to_us, how, detail FROM span JOIN source"
    " ON source.id = span.source_id"
)


def content(address: Address) -> dict[str, Any]:
    """Return crops with all that belongs to them, tracklets with their parts, spans and places."""
    with Store(address) as store, store.read() as connection:

        def rows(query: str) -> list[Any]:
            return list(connection.execute(text(query)).mappings())

        parts = defaultdict(set)
        for row in rows(PARTS):
            parts[row["tracklet_id"]].add(tuple(_plain(v) for v in list(row.values())[1:]))
        named = {number: frozenset(some) for number, some in parts.items()}
        means = rows("SELECT tracklet_id, sha256 FROM tracklet_embedding")
        return {
            "crops": {
                (
                    *(_plain(v) for k, v in row.items() if k not in {"id", "tracklet_id"}),
                    named.get(row["tracklet_id"]),
                )
                for row in rows(CROPS)
            },
            "tracklets": {(named[one["tracklet_id"]], bytes(one["sha256"])) for one in means},
            "spans": {tuple(map(_plain, row.values())) for row in rows(SPANS)},
            "places": {tuple(map(_plain, row.values())) for row in rows(PLACES)},
        }


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
