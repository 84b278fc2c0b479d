"""File name patterns of recorders, as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from reidsearch.output.text import UNKNOWN, table
from reidsearch.output.visible import visible

Row = Mapping[str, Any]


def recorders_view(rows: Sequence[Row], tried: str | None = None) -> RenderableType:
    """Return the patterns as a table, with what each reads from `tried` or from its example."""
    if not rows:
        return Text("file name matches no known recorder pattern; give --pattern REGEX")
    view = table("name", "recorder", "example", "camera", "time", "zone")
    for row in rows:
        view.add_row(
            row["name"],
            row["maker"],
            visible(tried or row["example"]),
            visible(row["camera"] or UNKNOWN),
            row["time"] or UNKNOWN,
            "UTC" if row["utc"] else "--timezone",
        )
    return view


def recorders_json(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the patterns as a document."""
    return {"schema": "reidsearch/recorders/1", "recorders": [dict(row) for row in rows]}
