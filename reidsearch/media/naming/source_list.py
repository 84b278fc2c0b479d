"""A list of footage: for each file its camera, when it starts, how its clock goes."""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import glob
import math
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from reidsearch.base.errors import InputError, ReidsearchError
from reidsearch.base.timecode import parse_time, parse_zone
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
        start: aware.
        detections: file of precomputed detections; absolute.
    """

    camera: str | None
    start: dt.datetime | None
    offset_s: Fraction
    drift_ppm: float
    uncertainty_s: float | None
    detections: Path | None

    def __post_init__(self) -> None:
        require_clock(self.offset_s, self.drift_ppm, self.uncertainty_s)


@dataclass(frozen=True)
class SourceList:
    """Rows by absolute path."""

    rows: Mapping[str, ListedSource]

    def lookup(self, path: str) -> ListedSource | None:
        """The row of a file, by its absolute path."""
        return self.rows.get(path)


def read_source_list(path: Path, zone: dt.tzinfo | None = None) -> SourceList:
    """Read a CSV or TSV with a header, or a TOML file of `[[source]]` tables.

    Args:
        zone: of starts that name none and have no `timezone` column.

    Raises:
        InputError: naming file and row.
    """
    folder = path.resolve().parent
    rows: dict[str, ListedSource] = {}
    for where, told in _told(path):
        try:
            listed = _listed(told, folder, zone)
            pattern = str(told["path"])
        except (ArithmeticError, ValueError, KeyError, ReidsearchError) as error:
            said = error.message if isinstance(error, ReidsearchError) else str(error)
            if isinstance(error, KeyError):
                said = "it has no path"
            raise InputError(f"{path}, {where}: {said}") from error
        for found in _matching(folder, pattern):
            if rows.setdefault(found, listed) != listed:
                raise InputError(f"{path}, {where}: {found} is listed twice, differently")
    return SourceList(rows)


def _told(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Where a row stands, and what it says; empty cells are left out."""
    try:
        if path.suffix.lower() == ".toml":
            tables = tomllib.loads(path.read_text("utf-8")).get("source", [])
            for number, table in enumerate(tables, start=1):
                _require_columns(path, table)
                yield f"source {number}", table
            return
        with path.open(encoding="utf-8-sig", newline="") as file:
            comma = "\t" if path.suffix.lower() == ".tsv" else ","
            reader = csv.DictReader(file, delimiter=comma)
            _require_columns(path, dict.fromkeys(reader.fieldnames or ()))
            if "path" not in (reader.fieldnames or ()):
                raise InputError(f"{path} has no column `path`", f"columns: {', '.join(COLUMNS)}")
            for row in reader:
                told = {name: value.strip() for name, value in row.items() if name and value}
                yield f"line {reader.line_num}", {k: v for k, v in told.items() if v}
    except (OSError, UnicodeDecodeError, csv.Error, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} cannot be read as a list of footage: {error}") from error


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
        camera=str(told["camera"]) if "camera" in told else None,
        start=parse_time(str(start), own_zone) if start is not None else None,
        offset_s=Fraction(str(told.get("offset_s", 0))),
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
    """Absolute paths; a path without wildcards stands for itself, whether or not it exists."""
    whole = os.path.abspath(folder / pattern)  # noqa: PTH100 - no resolve
    if not glob.has_magic(pattern) or os.path.exists(whole):  # noqa: PTH110
        return [whole]
    return sorted(glob.glob(whole, recursive=True))  # noqa: PTH207
