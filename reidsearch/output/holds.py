"""Legal holds, and what they keep of what was to be deleted, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from reidsearch.domain.holds import HeldBack, Hold
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.times import clock, zone_name
from reidsearch.output.visible import count, visible


def holds_view(holds: Sequence[Hold]) -> RenderableType:
    """All holds, one a line."""
    if not holds:
        return Text("No holds yet: reidsearch hold add --case NUMBER")
    return FittedTable(
        [
            Column("hold", [str(one.hold_id) for one in holds], 0),
            Column("of", [_of(one) for one in holds], 0, wrapped=True),
            Column("state", [_state(one) for one in holds], 0),
            Column("set by", [visible(one.set_by) for one in holds], 2, wrapped=True),
            Column(f"set ({zone_name()})", [_set(one) for one in holds], 3),
            Column("note", [visible(one.note) or "-" for one in holds], 1, wrapped=True),
        ]
    )


def holds_json(holds: Sequence[Hold]) -> dict[str, Any]:
    """All holds."""
    return {"schema": "reidsearch/holds/1", "holds": [one.document() for one in holds]}


def hold_text(change: str, hold: Hold) -> str:
    """What was done with a hold."""
    if change == "release":
        return f"Hold {hold.hold_id} released: {_of(hold)}."
    return f"Hold {hold.hold_id}: nothing of {_of(hold)} is deleted until it is released."


def hold_json(change: str, hold: Hold) -> dict[str, Any]:
    """What was done with a hold."""
    return {"schema": "reidsearch/hold-change/1", "change": change, "hold": hold.document()}


def held_lines(held: Sequence[HeldBack]) -> list[str]:
    """What holds keep of what was to be deleted."""
    return [f"{_staying(one)}: hold {one.hold_id} ({visible(one.what)})" for one in held]


def _staying(one: HeldBack) -> str:
    return count(one.crops, "crop stays", "crops stay") if one.crops else "the identity stays"


def held_json(held: Sequence[HeldBack]) -> list[dict[str, Any]]:
    """What holds keep of what was to be deleted."""
    return [{"hold_id": one.hold_id, "of": one.what, "crops": one.crops} for one in held]


def _of(hold: Hold) -> str:
    told = hold.text if hold.identity is None else f"identity {hold.identity}"
    return visible(told)


def _state(hold: Hold) -> str:
    return "released" if hold.released_at else "in force"


def _set(hold: Hold) -> str:
    return clock(hold.set_at.replace(microsecond=0))
