"""Reference photographs of identities, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from reidsearch.base.timecode import iso
from reidsearch.domain.photos import ReferencePhoto
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.text import known
from reidsearch.output.times import clock, zone_name
from reidsearch.output.visible import visible

DIGITS = 12
"""Of a SHA-256 in a table; JSON has all."""


def photos_view(photos: Sequence[ReferencePhoto]) -> RenderableType:
    """Return photographs, one a line."""
    if not photos:
        return Text("No reference photographs.")

    def column(
        title: str,
        rank: int,
        cell: Callable[[ReferencePhoto], str],
        *,
        right: bool = False,
        wrapped: bool = False,
    ) -> Column:
        return Column(title, [cell(one) for one in photos], rank, right=right, wrapped=wrapped)

    return FittedTable(
        [
            column("photo", 0, lambda one: str(one.photo_id), right=True),
            column("file", 0, lambda one: visible(one.name), wrapped=True),
            column("box (x,y,w,h)", 4, box_text),
            column("SHA-256", 3, lambda one: one.sha256[:DIGITS]),
            column(f"added ({zone_name()})", 1, _added),
            column("by", 2, lambda one: visible(one.added_by)),
            column("case", 2, lambda one: known(one.case and visible(one.case))),
            column("note", 1, lambda one: visible(one.note), wrapped=True),
        ]
    )


def _added(photo: ReferencePhoto) -> str:
    return clock(photo.added_at.replace(microsecond=0))


def box_text(photo: ReferencePhoto) -> str:
    """Return what of the picture shows the person: `10,20,64,128`."""
    box = photo.box
    return f"{box.x1},{box.y1},{box.width_px},{box.height_px}"


def photo_json(photo: ReferencePhoto) -> dict[str, Any]:
    """Return a photograph; the picture itself is not part of it."""
    return {
        "photo_id": photo.photo_id,
        "name": photo.name,
        "sha256": photo.sha256,
        "bytes": photo.size_bytes,
        "box": photo.box.as_list(),
        "detection": None if photo.detection is None else photo.detection.value,
        "model": photo.model,
        "added_at": iso(photo.added_at),
        "added_by": photo.added_by,
        "case": photo.case,
        "note": photo.note,
    }


def photos_json(photos: Sequence[ReferencePhoto]) -> dict[str, Any]:
    """Return the photographs of an identity."""
    return {"schema": "reidsearch/photos/1", "photos": [photo_json(one) for one in photos]}


def added_json(photo: ReferencePhoto, decision: dict[str, Any]) -> dict[str, Any]:
    """Return a photograph that was added.

    Args:
        decision: that put it to its identity, as JSON.
    """
    return {
        "schema": "reidsearch/photo-added/1",
        "photo": photo_json(photo),
        "decision": decision,
    }


def added_text(photo: ReferencePhoto, decided: str) -> str:
    """Return what was added: which part of the picture, and the sentence of its decision."""
    box = f"box {box_text(photo)} (x,y,w,h)"
    return f"{decided}\n{visible(photo.text)}: {box}, SHA-256 {photo.sha256}"
