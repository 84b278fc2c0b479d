"""A table that fits a narrow terminal: columns are left out by priority, and a line says which.

Every table of the command line is a `FittedTable`. Where its columns do not all fit, those of the
highest rank are left out first; those of rank 0 (crop, score, camera, time and whatever a row
would say nothing without) never are. The others give way within limits: long text wraps, a
location loses its middle, a heading takes a second line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from reidsearch.output.visible import shorten

GAP = 3  # cells between two columns
LEAST = 16  # cells of a column whose text may be shortened or wrapped


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        rank: order of importance; the largest is left out first, 0 never.
        right: align to the right.
        shortened: the middle of its text is taken out where it does not fit.
        wrapped: its text takes several lines where it does not fit.
    """

    title: str
    cells: Sequence[str]
    rank: int
    right: bool = False
    shortened: bool = False
    wrapped: bool = False

    @cached_property
    def widest(self) -> int:
        """Cells that it takes where there is room."""
        return max(_cell_len(self.title), self._widest_cell)

    @cached_property
    def width(self) -> int:
        """Cells that it needs."""
        heading = max(map(cell_len, self.title.split()), default=0)
        gives_way = self.shortened or self.wrapped
        return max(heading, min(self._widest_cell, LEAST) if gives_way else self._widest_cell)

    @cached_property
    def _widest_cell(self) -> int:
        return max(map(_cell_len, self.cells), default=0)


@dataclass(frozen=True, slots=True)
class FittedTable:
    """A table of columns, of which as many are shown as fit."""

    columns: Sequence[Column]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown = fitting(self.columns, options.max_width)
        given = widths(shown, options.max_width)
        rows = zip(*(column.cells for column in shown), strict=True)
        # rich takes a millisecond for a row: those that need none of its wrapping do without it.
        lines = [(row, _line(shown, given, row)) for row in rows]
        fits = _total(given) <= options.max_width
        yield _table(shown, given, [] if fits else [row for row, _ in lines])
        if fits:
            for wrapped, some in groupby(lines, key=lambda one: one[1] is None):
                if wrapped:
                    yield _table(shown, given, [row for row, _ in some], header=False)
                else:
                    yield Segment("".join(f"{line}\n" for _, line in some))
        if gone := [column.title for column in self.columns if column not in shown]:
            yield Text(
                f"Columns that do not fit: {', '.join(gone)}. All of them: a wider terminal, "
                "--format csv or json.",
                style="dim",
            )


def fitting(columns: Sequence[Column], width: int) -> list[Column]:
    """Return the columns that fit into `width` cells, in their order; those of rank 0 always."""
    shown = list(columns)
    for column in sorted(columns, key=lambda column: -column.rank):
        if _total([one.width for one in shown]) <= width or not column.rank:
            break
        shown.remove(column)
    return shown


def widths(columns: Sequence[Column], width: int) -> list[int]:
    """Return the cells of each column: as many as it would take, the widest giving way first.

    None gets less than it needs, unless all together need more than there is.
    """
    given = [column.widest for column in columns]
    for least in ([column.width for column in columns], [1] * len(columns)):
        while _total(given) > width:
            giving = [number for number, cells in enumerate(given) if cells > least[number]]
            if not giving:
                break
            given[max(giving, key=lambda number: given[number])] -= 1
    return given


def _total(cells: Sequence[int]) -> int:
    return sum(cells) + GAP * (len(cells) - 1)


def _cell_len(text: str) -> int:
    return len(text) if text.isascii() and text.isprintable() else cell_len(text)


def _line(columns: Sequence[Column], given: Sequence[int], row: Sequence[str]) -> str | None:
    """Return a row as one line; None: text in it has to be wrapped, shortened or looked at."""
    parts = []
    for column, width, text in zip(columns, given, row, strict=True):
        room = width - _cell_len(text)
        if room < 0 or not text.isprintable() or text[:1].isspace() or text[-1:].isspace():
            return None
        parts.append(" " * room + text if column.right else text + " " * room)
    return (" " * GAP).join(parts)


def _table(
    columns: Sequence[Column],
    given: Sequence[int],
    rows: Sequence[Sequence[str]],
    *,
    header: bool = True,
) -> Table:
    """Return rows as rich makes a table of them."""
    view = Table(
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        header_style="bold",
        show_header=header,
    )
    for column, width in zip(columns, given, strict=True):
        justify: Literal["right", "left"] = "right" if column.right else "left"
        view.add_column(column.title, justify=justify, width=width, overflow="fold")
    for row in rows:
        view.add_row(
            *(
                _Shortened(cell) if column.shortened else Text(cell)
                for column, cell in zip(columns, row, strict=True)
            )
        )
    return view


class _Shortened:
    """Text on one line; where it does not fit its middle is taken out."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        mark = "..." if options.ascii_only else "…"
        yield Text(shorten(self._text, options.max_width, cell_len, mark), no_wrap=True)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        whole = cell_len(self._text)
        return Measurement(min(whole, LEAST), min(whole, options.max_width))
