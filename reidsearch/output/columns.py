"""A table that fits a narrow terminal: columns are left out by priority, and a line says which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from reidsearch.output.text import Shortened, table

GAP = 3  # cells between two columns
LEAST = 16  # cells of a column whose text may be shortened


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        rank: order of importance; the largest is left out first, 0 never.
        right: align to the right.
        shortened: the middle of its text is taken out where it does not fit.
    """

    title: str
    cells: Sequence[str]
    rank: int
    right: bool = False
    shortened: bool = False
    style: str = ""

    @property
    def width(self) -> int:
        """Cells that it needs."""
        widest = max(map(cell_len, [self.title, *self.cells]))
        return min(widest, max(LEAST, cell_len(self.title))) if self.shortened else widest


@dataclass(frozen=True, slots=True)
class FittedTable:
    """A table of columns, of which as many are shown as fit."""

    columns: Sequence[Column] = field(default_factory=list)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown = fitting(self.columns, options.max_width)
        view = table()
        for column in shown:
            justify: Literal["right", "left"] = "right" if column.right else "left"
            view.add_column(
                column.title,
                justify=justify,
                style=column.style,
                no_wrap=not column.shortened and column.rank > 0,
                min_width=None if column.shortened else min(column.width, options.max_width),
                overflow="fold",
            )
        for row in zip(*(_cells(column) for column in shown), strict=True):
            view.add_row(*row)
        yield view
        if gone := [column.title for column in self.columns if column not in shown]:
            yield Text(
                f"Columns that do not fit: {', '.join(gone)}. All of them: --format json, or a "
                "wider terminal.",
                style="dim",
            )


def fitting(columns: Sequence[Column], width: int) -> list[Column]:
    """Return the columns that fit into `width` cells, in their order; those of rank 0 always."""
    shown = list(columns)
    for column in sorted(columns, key=lambda column: -column.rank):
        if sum(one.width for one in shown) + GAP * (len(shown) - 1) <= width or not column.rank:
            break
        shown.remove(column)
    return shown


def _cells(column: Column) -> list[RenderableType]:
    return [Shortened(cell) if column.shortened else cell for cell in column.cells]
