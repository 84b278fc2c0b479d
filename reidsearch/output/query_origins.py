"""What was searched with, in words: file, box, time and digests of each origin."""

from __future__ import annotations

from collections.abc import Sequence

from reidsearch.domain.query_origins import Detection, OriginKind, QueryOrigin
from reidsearch.output.visible import count, visible

_DETECTIONS = {
    Detection.CUT: "of the one person detected",
    Detection.CROP: "embedded whole: the person fills it",
    Detection.STORED: "embedded whole: the archive holds it as a crop",
    Detection.NOBODY: "embedded whole: nobody was detected",
    Detection.UNAVAILABLE: "embedded whole: no person detector on this machine",
    Detection.NOT_ASKED: "embedded whole, as asked",
}
NAMED_AT_MOST = 20
"""Views that are listed one by one; an answer as JSON has them all."""


def origin_sentences(
    origins: Sequence[QueryOrigin], embedding_sha256: str, most: int = NAMED_AT_MOST
) -> list[str]:
    """Return a sentence a origin, at most so many, and one for the embedding searched with."""
    told = [f"Query: {origin_text(origin)}." for origin in origins[:most]]
    if len(origins) > most:
        told.append(f"Query: {count(len(origins) - most, 'further origin')} (--format json).")
    if embedding_sha256:
        told.append(f"Query embedding: SHA-256 {embedding_sha256}.")
    return told


def origin_text(origin: QueryOrigin) -> str:
    """Return one origin: `front.jpg, box 0,0,64,128 (x,y,w,h), SHA-256 ...`."""
    parts = [_name(origin)]
    if origin.location not in {None, origin.name}:
        parts.append(f"at {visible(origin.location or '')}")
    parts.append(f"box {box_text(origin)} (x,y,w,h)")
    if origin.detection is not None:
        parts.append(_DETECTIONS[origin.detection])
    if origin.sha256 is not None:
        of = "source SHA-256" if origin.of is OriginKind.CROP else "SHA-256"
        parts.append(f"{of} {origin.sha256}")
    elif origin.pixels_sha256 is not None:
        parts.append(f"SHA-256 of the pixels {origin.pixels_sha256}")
    return ", ".join(parts)


def box_text(origin: QueryOrigin) -> str:
    """Return the box of a origin as `query --box` takes it."""
    box = origin.box
    return f"{box.x1},{box.y1},{box.width_px},{box.height_px}"


def origin_columns(origins: Sequence[QueryOrigin], embedding_sha256: str) -> dict[str, str]:
    """Return the cells of a table row; several origins stand in one cell, parted by `; `."""
    listed = origins[:NAMED_AT_MOST]
    more = [f"{len(origins) - len(listed):,} further"] if len(origins) > len(listed) else []

    def cell(texts: Sequence[str]) -> str:
        return "; ".join([*texts, *more]) if any(texts) else ""

    return {
        "query_picture": cell([_plain_name(origin) for origin in listed]),
        "query_location": cell([origin.location or "" for origin in listed]),
        "query_box": cell([box_text(origin) for origin in listed]),
        "query_media_s": cell(["" if v.media_s is None else f"{v.media_s:g}" for v in listed]),
        "query_sha256": cell([_digest(origin) for origin in listed]),
        "query_embedding_sha256": embedding_sha256,
    }


def _name(origin: QueryOrigin) -> str:
    at = "" if origin.media_s is None else f" at {origin.media_s:.3f} s"
    if origin.of is OriginKind.CROP:
        return f"crop {origin.crop_id} of {visible(origin.name)}{at}"
    if origin.of is OriginKind.PHOTO:
        return f"reference photograph {origin.photo_id} ({visible(origin.name)})"
    return visible(_plain_name(origin)) + at


def _plain_name(origin: QueryOrigin) -> str:
    if origin.of is OriginKind.CROP:
        return f"crop {origin.crop_id}"
    if origin.of is OriginKind.PHOTO:
        return f"photo {origin.photo_id}"
    return "pixels in memory" if origin.of is OriginKind.PIXELS else origin.name


def _digest(origin: QueryOrigin) -> str:
    return origin.sha256 or f"pixels {origin.pixels_sha256}"
