"""What was searched with, in words: file, box, time and digests of each view."""

from __future__ import annotations

from collections.abc import Sequence

from reidsearch.domain.query_views import QueryView, ViewOf
from reidsearch.output.visible import count, visible

NAMED_AT_MOST = 20
"""Views that are listed one by one; an answer as JSON has them all."""


def views_sentences(
    views: Sequence[QueryView], embedding_sha256: str, most: int = NAMED_AT_MOST
) -> list[str]:
    """Return a sentence a view, at most so many, and one for the embedding searched with."""
    told = [f"Query: {view_text(view)}." for view in views[:most]]
    if len(views) > most:
        told.append(f"Query: {count(len(views) - most, 'further view')} (--format json).")
    if embedding_sha256:
        told.append(f"Query embedding: SHA-256 {embedding_sha256}.")
    return told


def view_text(view: QueryView) -> str:
    """Return one view: `front.jpg, box 0,0,64,128 (x,y,w,h), SHA-256 ...`."""
    parts = [_name(view)]
    if view.location not in {None, view.name}:
        parts.append(f"at {visible(view.location or '')}")
    parts.append(f"box {box_text(view)} (x,y,w,h)")
    if view.sha256 is not None:
        of = "source SHA-256" if view.of is ViewOf.CROP else "SHA-256"
        parts.append(f"{of} {view.sha256}")
    elif view.pixels_sha256 is not None:
        parts.append(f"SHA-256 of the pixels {view.pixels_sha256}")
    return ", ".join(parts)


def box_text(view: QueryView) -> str:
    """Return the box of a view as `query --box` takes it."""
    box = view.box
    return f"{box.x1},{box.y1},{box.width_px},{box.height_px}"


def view_columns(views: Sequence[QueryView], embedding_sha256: str) -> dict[str, str]:
    """Return the cells of a table row; several views stand in one cell, parted by `; `."""
    listed = views[:NAMED_AT_MOST]
    more = [f"{len(views) - len(listed):,} further"] if len(views) > len(listed) else []

    def cell(texts: Sequence[str]) -> str:
        return "; ".join([*texts, *more]) if any(texts) else ""

    return {
        "query_picture": cell([_plain_name(view) for view in listed]),
        "query_location": cell([view.location or "" for view in listed]),
        "query_box": cell([box_text(view) for view in listed]),
        "query_media_s": cell(["" if v.media_s is None else f"{v.media_s:g}" for v in listed]),
        "query_sha256": cell([_digest(view) for view in listed]),
        "query_embedding_sha256": embedding_sha256,
    }


def _name(view: QueryView) -> str:
    at = "" if view.media_s is None else f" at {view.media_s:.3f} s"
    if view.of is ViewOf.CROP:
        return f"crop {view.crop_id} of {visible(view.name)}{at}"
    return visible(_plain_name(view)) + at


def _plain_name(view: QueryView) -> str:
    if view.of is ViewOf.CROP:
        return f"crop {view.crop_id}"
    return "pixels in memory" if view.of is ViewOf.PIXELS else view.name


def _digest(view: QueryView) -> str:
    return view.sha256 or f"pixels {view.pixels_sha256}"
