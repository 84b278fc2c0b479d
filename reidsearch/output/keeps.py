"""How long recorders keep footage, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from reidsearch.base.timecode import iso
from reidsearch.domain.keeps import CameraKeeps
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.times import local
from reidsearch.output.visible import visible


def keeps_json(known: Sequence[CameraKeeps], change: str | None = None) -> dict[str, Any]:
    """Return what is known, or what was set or removed."""
    return {
        "schema": "reidsearch/camera-keeps/1",
        "change": change,
        "cameras": [
            {
                "camera": one.camera,
                "days": one.days,
                "set_at": iso(one.set_at),
                "set_by": one.set_by,
            }
            for one in known
        ],
    }


def keeps_view(
    known: Sequence[CameraKeeps], change: str | None = None, camera: str | None = None
) -> RenderableType:
    """Return what is known, of one camera where it is named, or what was set or removed."""
    if change == "set":
        return Text("\n".join(f"{kept_text(one.camera, one.days)}." for one in known))
    if change == "clear":
        told = (f"Removed: {kept_text(one.camera, one.days)}." for one in known)
        return Text("\n".join(told))
    if not known:
        whose = "recorders keep" if camera is None else f"the recorder of {visible(camera)} keeps"
        return Text(f"Nobody said how long {whose} footage.")
    return FittedTable(
        [
            Column("camera", [visible(one.camera) for one in known], 0),
            Column("keeps days", [f"{one.days:g}" for one in known], 0, right=True),
            Column("set", [local(one.set_at.replace(microsecond=0)) for one in known], 1),
            Column("by", [visible(one.set_by) for one in known], 2),
        ]
    )


def kept_text(camera: str, days: float) -> str:
    """Return it in a sentence without its dot: `The recorder of gate keeps footage for 14 days`."""
    unit = "day" if days == 1 else "days"
    return f"The recorder of {visible(camera)} keeps footage for {days:g} {unit}"
