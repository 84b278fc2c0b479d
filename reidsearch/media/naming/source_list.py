"""A list of footage: for each file its camera, when it starts, how its clock goes."""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import glob
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from reidsearch.base.errors import InputError, Kind, Refused, ReidsearchError
from reidsearch.base.exact import exact
from reidsearch.base.locations import composed, location_text, path_of
from reidsearch.base.reading import (
    TOML_BYTES,
    parse_toml,
    read_table,
    read_text,
    require_label,
)
from reidsearch.base.timecode import Reading, parse_zone, read_time
from reidsearch.domain.footage import require_clock

COLUMNS = (
    "path",
    "camera",
    "start",
    "timezone",
    "offset_s",
    "drift_ppm",
    "uncertainty_s",
    "detections",
)


@dataclass(frozen=True, slots=True)
class ListedSource:
    """One row. None: not told.

    Args:
        detections: file of precomputed detections; absolute.
    """

    camera: str | None
    start: Reading | None
    offset_s: Fraction
    drift_ppm: float
    uncertainty_s: float | None
    detections: Path | None

    def __post_init__(self) -> None:
        if self.camera is not None:
            require_label(self.camera, "the camera")
        require_clock(self.offset_s, self.drift_ppm, self.uncertainty_s)


@dataclass(frozen=True, slots=True)
class ListRow:
    """Where a row stands, and which files it names.

    Args:
        where: `line 4`, `source 2`.
        files: marks of the files that are there; see `mark_of`. None: nothing is there.
    """

    where: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class SourceList:
    """Rows by the files that they name.

    Args:
        rows: by `mark_of` a file, so that a row is found through links and however its name is
            composed.
        read: every row, for telling which of them named nothing.
    """

    rows: Mapping[str, ListedSource]
    path: str = ""
    read: tuple[ListRow, ...] = ()

    def lookup(self, location: str) -> ListedSource | None:
        """Return the row of a file, by its absolute path or its location."""
        return self.rows.get(mark_of(location)) if self.rows else None

    def unused(self, locations: Iterable[str]) -> tuple[list[str], list[str]]:
        """Return which rows name no file at all, and which name none of the files given."""
        given = {mark_of(location) for location in locations}
        missing = [row.where for row in self.read if not row.files]
        others = [row.where for row in self.read if row.files and given.isdisjoint(row.files)]
        return missing, others


def mark_of(location: str) -> str:
    """Return what two ways to name one file have in common: no links, composed letters."""
    path = path_of(location)
    whole = path if os.path.exists(path) else location  # noqa: PTH110
    return composed(os.path.realpath(whole))


def read_source_list(path: Path, zone: dt.tzinfo | None = None) -> SourceList:
    """Read a CSV or TSV with a header, or a TOML file of `[[source]]` tables.

    Args:
        zone: of starts that name none and have no `timezone` column.

    Raises:
        InputError: naming file and row.
    """
    folder = Path(os.path.realpath(path)).parent  # a circle of links is refused when it is read
    rows: dict[str, ListedSource] = {}
    read: list[ListRow] = []
    for where, told in _told(path):
        try:
            listed = _listed(told, folder, zone)
            pattern = str(told["path"])
        except (ArithmeticError, ValueError, KeyError, ReidsearchError) as error:
            why = error.message if isinstance(error, ReidsearchError) else str(error)
            if isinstance(error, KeyError):
                why = "it has no path"
            unzoned = getattr(error, "kind", None) == Kind.TIME_WITHOUT_ZONE
            kind = Kind.TIME_WITHOUT_ZONE if unzoned else None
            raise InputError(f"{path}, {where}: {why}", kind=kind) from error
        marks = [(found, mark_of(found)) for found in _matching(folder, pattern)]
        for found, mark in marks:
            if rows.setdefault(mark, listed) != listed:
                raise InputError(f"{path}, {where}: {found} is listed twice, differently")
        there = tuple(mark for found, mark in marks if os.path.exists(found))  # noqa: PTH110
        read.append(ListRow(where, there))
    return SourceList(rows, location_text(str(path)), tuple(read))


def _told(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Where a row stands, and what it says; empty cells are left out."""
    try:
        if path.suffix.lower() == ".toml":
            yield from _told_in_toml(path)
            return
        table = read_table(path, "\t" if path.suffix.lower() == ".tsv" else ",")
    except (Refused, ValueError) as error:
        said = error.message if isinstance(error, Refused) else str(error)
        raise InputError(f"{path} cannot be read as a list of footage: {said}") from error
    _require_columns(path, dict.fromkeys(table.columns))
    if "path" not in table.columns:
        raise InputError(f"{path} has no column `path`", f"columns: {', '.join(COLUMNS)}")
    for line, cells in table.rows:
        if isinstance(cells, csv.Error):
            raise InputError(f"{path} cannot be read as a list of footage: {cells}")
        told = {name: value.strip() for name, value in table.named(cells).items() if name}
        yield f"line {line}", {name: value for name, value in told.items() if value}


def _told_in_toml(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    tables = parse_toml(read_text(path, TOML_BYTES)).get("source", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError("its sources are no [[source]] tables")
    for number, table in enumerate(tables, start=1):
        _require_columns(path, table)
        if empty := [name for name, value in table.items() if str(value).strip() == ""]:
            raise InputError(f"{path}, source {number}: {empty[0]} is empty")
        yield f"source {number}", table


def _require_columns(path: Path, names: Mapping[str, Any]) -> None:
    for name in names:
        if name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"columns: {', '.join(COLUMNS)}"
            raise InputError(f"{path}: there is no column {name!r}", hint)


def _listed(told: Mapping[str, Any], folder: Path, zone: dt.tzinfo | None) -> ListedSource:
    own_zone = parse_zone(str(told["timezone"])) if "timezone" in told else zone
    start = told.get("start")
    if isinstance(start, dt.datetime):  # TOML has dates of its own
        start = start.isoformat()
    detections = told.get("detections")
    return ListedSource(
        camera=composed(str(told["camera"])) if "camera" in told else None,
        start=read_time(str(start), own_zone) if start is not None else None,
        offset_s=exact(str(told.get("offset_s", 0))),
        drift_ppm=_number(told.get("drift_ppm", 0.0)),
        uncertainty_s=_number(told["uncertainty_s"]) if "uncertainty_s" in told else None,
        detections=(folder / str(detections)) if detections else None,
    )


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is no finite number")
    return number


def _matching(folder: Path, pattern: str) -> list[str]:
    """Absolute paths; a path that names no file stands for itself, whether or not it exists.

    A name is first taken as it is written, brackets included, then without regard to case, to
    the direction of slashes and to how letters are composed, and only then as a pattern.
    """
    for text in dict.fromkeys((pattern, pattern.replace("\\", "/"))):
        whole = os.path.abspath(folder / text)  # noqa: PTH100 - no resolve
        if os.path.exists(whole):  # noqa: PTH110
            return [whole]
        if found := sorted(_globbed(whole)):
            return found
        if found := sorted(_alike(Path(whole))):
            return found
    return [os.path.abspath(folder / pattern)]  # noqa: PTH100


def _globbed(whole: str) -> list[str]:
    """Files that a pattern matches; folders stand as they are written, brackets included."""
    if not glob.has_magic(whole):
        return []
    head = Path(whole)
    while glob.has_magic(str(head)) and not head.exists():
        head = head.parent
    rest = os.path.relpath(whole, head)
    joined = os.path.join(glob.escape(str(head)), rest)  # noqa: PTH118
    return glob.glob(joined, recursive=True) or glob.glob(whole, recursive=True)  # noqa: PTH207


def _alike(whole: Path) -> list[str]:
    """Files whose names differ from this path in case or composition only; one, or none."""
    found = [Path(whole.anchor)]
    for part in whole.parts[1:]:
        below = [one / part for one in found if (one / part).exists()]
        if not below:
            wanted = _folded(part)
            below = [each for one in found for each in _entries(one) if _folds(each, wanted)]
        found = below
    return [str(one) for one in found] if len(found) == 1 else []


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir()) if folder.is_dir() else []
    except OSError:
        return []


def _folds(path: Path, wanted: str) -> bool:
    return _folded(location_text(path.name)) == wanted


def _folded(name: str) -> str:
    return composed(composed(name).casefold())
