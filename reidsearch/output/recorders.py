"""File name patterns of recorders, as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.text import UNKNOWN
from reidsearch.output.visible import visible

Row = Mapping[str, Any]


def recorders_view(rows: Sequence[Row], tried: str | None = None) -> RenderableType:
    """Return the patterns as a table, with what each reads from `tried` or from its example."""
    if not rows:
        return Text("file name matches no known recorder pattern; give --pattern REGEX")
    examples = [visible(tried or row["example"]) for row in rows]
    zones = [row["zone"] or ("UTC" if row["utc"] else "--timezone") for row in rows]
    table = FittedTable(
        [
            Column("name", [row["name"] for row in rows], 0),
            Column("recorder", [row["maker"] for row in rows], 2, wrapped=True),
            Column("example", examples, 1, shortened=True),
            Column("camera", [visible(row["camera"] or UNKNOWN) for row in rows], 0),
            Column("time", [row["time"] or UNKNOWN for row in rows], 0),
            Column("zone", zones, 3),
        ]
    )
    problems = dict.fromkeys(row["problem"] for row in rows if row["problem"])
    told = [f"No time is taken: {visible(problem)}." for problem in problems]
    return Group(table, *(Text(line, style="yellow") for line in told))


def recorders_json(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the patterns as a document."""
    return {"schema": "reidsearch/recorders/1", "recorders": [dict(row) for row in rows]}
