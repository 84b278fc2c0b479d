"""Where pictures are, as text and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reidsearch.output.visible import count, size, visible

if TYPE_CHECKING:
    from reidsearch.domain.pictures import PicturesKept, PicturesMoved


def kept_text(kept: PicturesKept) -> str:
    """Where they are, in a line."""
    inside = f"{kept.in_database:,} in the database"
    if kept.store is None:
        return inside
    outside = f"{kept.in_store:,} in {visible(kept.store)}, {size(kept.store_bytes)}"
    parts = [outside] + ([inside] if kept.in_database or not kept.takes_new else [])
    if kept.to_delete:
        parts.append(f"{kept.to_delete:,} to be deleted there")
    return "; ".join(parts)


def kept_view(kept: PicturesKept) -> str:
    """Where they are, and where new ones go."""
    new = visible(kept.store) if kept.store is not None and kept.takes_new else "the database"
    return f"Pictures: {kept_text(kept)}.\nNew ones go to {new}."


def moved_text(moved: PicturesMoved) -> str:
    """What was moved, and where all are now."""
    return f"Moved {count(moved.moved, 'picture')}.\n{kept_view(moved.kept)}"


def kept_json(kept: PicturesKept) -> dict[str, Any]:
    """Where they are."""
    return {"schema": "reidsearch/pictures/1", "moved": None, **asdict(kept)}


def moved_json(moved: PicturesMoved) -> dict[str, Any]:
    """What was moved, and where all are now."""
    return {**kept_json(moved.kept), "moved": moved.moved}
