"""Measured results as CSV files, and the tables of the pages that are made from them.

    python benchmarks/results.py           write the tables of all pages
    python benchmarks/results.py --check   only say whether they are up to date

A benchmark calls `put`; this module alone writes the CSV files and the pages: docs/accuracy.md,
docs/benchmarks.md and docs/benchmarks/. A CSV file begins with comment lines: the command that
wrote it, and when and on which machine each part was measured. In a page a table stands between
`<!-- table: NAME -->` and `<!-- end of table -->`; `accuracy_tables.py` and `speed_tables.py` say
which figures it shows. `speed_pictures.py` draws the curves.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"
DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "accuracy.md"
SPEED_PAGES = (DOCS / "benchmarks.md", *sorted((DOCS / "benchmarks").glob("*.md")))
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
        notes = {**parts(name), **notes}
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


def parts(name: str) -> dict[str, str]:
    """Part of a CSV file -> when and on which machine it was measured, as the file says."""
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
    """docs/accuracy.md with every table made anew.

    Raises:
        LookupError: a table is unknown, or not in the page.
    """
    from accuracy_tables import TABLES

    return _filled([text], {name: table.markdown for name, table in TABLES.items()})[0]


def speed_pages(texts: Sequence[str]) -> list[str]:
    """docs/benchmarks.md and the pages of docs/benchmarks/ with every table made anew.

    Raises:
        LookupError: a table is unknown, in no page or in several, or a figure of it is not held.
    """
    from speed_tables import TABLES

    return _filled(texts, TABLES)


def _filled(texts: Sequence[str], tables: Mapping[str, Callable[[], str]]) -> list[str]:
    places = [place for text in texts for place in PLACE.findall(text)]
    if sorted(places) != sorted(tables):
        raise LookupError(f"tables in the pages: {sorted(places)}; known: {sorted(tables)}")

    def filled(place: re.Match[str]) -> str:
        return f"<!-- table: {place[1]} -->\n\n{tables[place[1]]()}\n\n<!-- end of table -->"

    return [PLACE.sub(filled, text) for text in texts]


def main(arguments: Sequence[str]) -> int:
    """Write all pages, or with `--check` only compare them."""
    paths = [PAGE, *SPEED_PAGES]
    old = [path.read_text(encoding="utf-8") for path in paths]
    try:
        new = [page(old[0]), *speed_pages(old[1:])]
    except LookupError as error:  # of what has no figure, or a goal that is met meanwhile
        print(f"no page was written: {error}", file=sys.stderr)
        return 1
    stale = [(path, text) for path, was, text in zip(paths, old, new, strict=True) if was != text]
    names = ", ".join(path.relative_to(DOCS.parent).as_posix() for path, _ in stale)
    if stale and "--check" in arguments:
        print(f"stale: {names}; run `python benchmarks/results.py`", file=sys.stderr)
        return 1
    for path, text in stale:
        path.write_text(text, encoding="utf-8")
    if stale:
        print(f"{names} written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
