"""Measured results as CSV files, and the tables of docs/accuracy.md that are made from them.

    python benchmarks/results.py           write the page's tables
    python benchmarks/results.py --check   only say whether they are up to date

A benchmark calls `put`; this module alone writes the CSV files and the page. A CSV file begins
with comment lines: the command that wrote it, and when and on which machine each part was
measured. In the page a table stands between `<!-- table: NAME -->` and `<!-- end of table -->`;
`accuracy_tables.py` says which figures it shows.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "accuracy.md"
PLACE = re.compile(r"<!-- table: (.+?) -->.*?<!-- end of table -->", re.S)

Row = Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A narrow table of the page: which rows of a CSV file, and which of their columns.

    Args:
        file: the CSV file's name, without its ending.
        head: the title of the first column.
        rows: what a line is called -> the values that choose its rows of the file.
        columns: title -> the values that choose one of these rows, and how the cell is made of
            it, as `str.format` has it.
        where: values that hold for the whole table.
    """

    file: str
    head: str
    rows: Mapping[str, Row]
    columns: Mapping[str, tuple[Row, str]]
    where: Row = field(default_factory=dict)

    def markdown(self) -> str:
        """The table, without a line end.

        Raises:
            LookupError: a cell is in no row of the file, or in several.
        """
        held = read(self.file)
        lines = [[self.head, *self.columns], ["---", *["--:"] * len(self.columns)]]
        for name, chosen in self.rows.items():
            cells = [
                template.format_map(_only(held, {**self.where, **chosen, **where}, self.file))
                or "-"
                for where, template in self.columns.values()
            ]
            lines.append([name, *cells])
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _only(rows: Iterable[Row], where: Row, file: str) -> Row:
    found = [row for row in rows if all(row[name] == value for name, value in where.items())]
    if len(found) != 1:
        raise LookupError(f"{file}.csv has {len(found)} rows for {dict(where)}")
    return found[0]


def read(name: str) -> list[dict[str, str]]:
    """Every row of a CSV file."""
    text = _path(name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def put(
    name: str, rows: Sequence[Row], *, command: str, note: str, part: Row | None = None
) -> None:
    """Write rows to a CSV file.

    Args:
        name: the file's name, without its ending.
        rows: column -> figure as it is printed; all with the same columns.
        command: what has to be run to measure them again.
        note: when and on which machine they were measured.
        part: columns and values that all of these rows have; only the file's rows with these
            values are replaced. None: the whole file is.
    """
    part = part or {}
    rows = [{**part, **row} for row in rows]
    label = f"measured ({', '.join(part.values())})" if part else "measured"
    notes = {label: note}
    if part and _path(name).exists():
        notes = {**_notes(name), **notes}
        kept = [row for row in read(name) if any(row[key] != part[key] for key in part)]
        rows = sorted([*kept, *rows], key=lambda row: _order(row, part, notes))
    head = [f"# command: {command}", *(f"# {key}: {text}" for key, text in notes.items())]
    table = io.StringIO()
    writer = csv.DictWriter(table, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    RESULTS.mkdir(exist_ok=True)
    _path(name).write_text("\n".join(head) + "\n" + table.getvalue(), encoding="utf-8")


def _order(row: Row, part: Row, notes: Mapping[str, str]) -> int:
    """Where a row's part stands among the notes, so that a part keeps its place in the file."""
    return list(notes).index(f"measured ({', '.join(row[key] for key in part)})")


def _notes(name: str) -> dict[str, str]:
    lines = _path(name).read_text(encoding="utf-8").splitlines()
    return dict(re.findall(r"^# (measured[^:]*): (.*)$", "\n".join(lines), re.M))


def _path(name: str) -> Path:
    return RESULTS / f"{name}.csv"


def shown(rows: Iterable[Row]) -> list[Row]:
    """The rows, each printed when it is measured."""
    kept = []
    for row in rows:
        kept.append(row)
        print(*row.values(), sep=" | ", flush=True)
    return kept


def rows_of(markdown: str) -> list[dict[str, str]]:
    """Read a Markdown table; `-` becomes empty."""
    lines = [
        [cell.strip() for cell in line.strip("| ").split(" | ")]
        for line in markdown.splitlines()
        if line.startswith("|")
    ]
    return [
        dict(zip(lines[0], ["" if cell == "-" else cell for cell in line], strict=True))
        for line in lines[2:]
    ]


def page(text: str) -> str:
    """The page with every table made anew.

    Raises:
        LookupError: a table is unknown, or not in the page.
    """
    from accuracy_tables import TABLES

    places = PLACE.findall(text)
    if sorted(places) != sorted(TABLES):
        raise LookupError(f"tables in the page: {sorted(places)}; known: {sorted(TABLES)}")

    def table(place: re.Match[str]) -> str:
        return (
            f"<!-- table: {place[1]} -->\n\n{TABLES[place[1]].markdown()}\n\n<!-- end of table -->"
        )

    return PLACE.sub(table, text)


def main() -> int:
    """Write or check the page."""
    old = PAGE.read_text(encoding="utf-8")
    new = page(old)
    if new == old:
        return 0
    if "--check" in sys.argv[1:]:
        print("docs/accuracy.md is stale; run `python benchmarks/results.py`", file=sys.stderr)
        return 1
    PAGE.write_text(new, encoding="utf-8")
    print("docs/accuracy.md written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
