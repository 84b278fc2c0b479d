"""Measured times, memory and sizes as CSV files: `results/speed/*.csv`.

A file of figures has one row a figure: repeats, median, least and most, the same of what it is
compared with ("bare"), their ratio, and a limit. Other files have columns of their own. All begin
with the command that measures them and one line a part: when, at which commit, on which machine,
and what other programs used meanwhile. `speed_tables.py` and `speed_goals.py` make the tables of
docs/benchmarks.md and docs/benchmarks/ from them. Light to import: no benchmark is loaded.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import results

FOLDER = "speed"
PRELIMINARY = 0.1  # cores that other programs used, from which on a figure is preliminary
NOTE = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d), commit (?P<commit>\w+)(?P<changed> with changes)?: "
    r"(?P<machine>.*?GiB of memory|[^;]*)(?:; (?P<software>.*?))?"
    r"(?:; load before (?P<load>[\d.]+), other programs used (?P<others>-?[\d.]+) cores meanwhile)?"
)


@dataclass(frozen=True)
class Measured:
    """When, where and of which code something was measured; `others` in cores, None: unknown."""

    date: str
    commit: str
    changed: bool
    machine: str
    note: str
    others: float | None

    @property
    def busy(self) -> bool:
        """Whether other programs ran meanwhile, so that the figure is preliminary."""
        return self.others is not None and self.others > PRELIMINARY


@dataclass(frozen=True)
class Spread:
    """Median, least and most of repeats."""

    median: float
    least: float
    most: float

    def text(self, unit: str) -> str:
        """As tables print it."""
        middle = f"{number(self.median)} {unit}".rstrip()
        if self.least == self.most:
            return middle
        return f"{middle} ({number(self.least)} to {number(self.most)})"


@dataclass(frozen=True)
class Line:
    """One figure of a file.

    Args:
        limit: of the ratio where there is a bare figure, else of the median.
        where: further columns of the row, as the number of crops.
    """

    figure: str
    unit: str
    ours: Spread
    bare: Spread | None
    ratio: float | None
    limit: float | None
    at_least: bool
    where: Mapping[str, str]

    def met(self, limit: float | None, *, at_least: bool) -> bool | None:
        """Whether a limit is kept; None when there is none."""
        if limit is None:
            return None
        found = self.ours.median if self.ratio is None else self.ratio
        return found >= limit if at_least else found <= limit


def number(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def exactly(value: float | None) -> str:
    """As a file holds it: four digits, or all before the point."""
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def row(
    figure: str,
    unit: str,
    values: Sequence[float],
    bare: Sequence[float] = (),
    *,
    ratio: float | None = None,
    limit: float | None = None,
    at_least: bool = False,
) -> dict[str, str]:
    """The row of a figure; its ratio is the median of the pairs' ratios unless it is given."""
    if bare and ratio is None:
        ratio = statistics.median(a / b for a, b in zip(values, bare, strict=True))
    ours, theirs = (
        [f(some) for f in (statistics.median, min, max)] if some else [None] * 3
        for some in (values, bare)
    )
    cells = [figure, unit, str(len(values)), *map(exactly, (*ours, *theirs, ratio, limit))]
    return dict(
        zip(COLUMNS, [*cells, (">=" if at_least else "<=") * (limit is not None)], strict=True)
    )


COLUMNS = ("figure", "unit", "repeats", "median", "least", "most", "bare", "bare least")
COLUMNS += ("bare most", "ratio", "limit", "sense")


def figure_rows(figures: Iterable[Any]) -> list[dict[str, str]]:
    """The rows of a benchmark's figures (`measuring.Figure`)."""
    return [
        row(one.name, one.unit, one.values, one.baseline, limit=one.limit, at_least=one.at_least)
        for one in figures
    ]


def put(
    name: str,
    rows: Sequence[Mapping[str, str]],
    *,
    command: str,
    note: str,
    part: Mapping[str, str] | None = None,
) -> None:
    """Write a file, or a part of it, as `results.put` does."""
    results.put(f"{FOLDER}/{name}", rows, command=command, note=note, part=part)


def read(name: str) -> list[dict[str, str]]:
    """Every row of a file; none when it was never measured."""
    return results.read(f"{FOLDER}/{name}") if _path(name).exists() else []


def lines(name: str) -> Iterator[Line]:
    """The figures of a file."""
    return lines_of(read(name))


def lines_of(rows: Iterable[Mapping[str, str]]) -> Iterator[Line]:
    """The figures in rows of a file."""
    for held in rows:
        value = {key: float(text) for key, text in held.items() if key in COLUMNS[3:11] and text}
        bare = None
        if "bare" in value:
            bare = Spread(value["bare"], value["bare least"], value["bare most"])
        yield Line(
            held["figure"],
            held["unit"],
            Spread(value["median"], value["least"], value["most"]),
            bare,
            value.get("ratio"),
            value.get("limit"),
            held["sense"] == ">=",
            {key: text for key, text in held.items() if key not in COLUMNS},
        )


def command(name: str) -> str:
    """What measures a file again."""
    first = _path(name).read_text(encoding="utf-8").splitlines()[0]
    return first.removeprefix("# command: ")


def measured(name: str) -> dict[str, Measured]:
    """Part of the file -> when and where it was measured; the part is "" for a whole file.

    Raises:
        ValueError: a line of the file does not say when, where and at which commit.
    """
    found = {}
    for label, note in results.parts(f"{FOLDER}/{name}").items():
        told = NOTE.fullmatch(note)
        if told is None:
            raise ValueError(f"{name}.csv: {note!r} names no date, commit and machine")
        others = float(told["others"]) if told["others"] else None
        part = label.removeprefix("measured").strip(" ()")
        changed = told["changed"] is not None
        found[part] = Measured(told["date"], told["commit"], changed, told["machine"], note, others)
    return found


def _path(name: str) -> Any:
    return results.RESULTS / FOLDER / f"{name}.csv"
