"""Lists of queries: a CSV table whose rows become search requests."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidsearch.base.errors import ReidsearchError, UsageError

if TYPE_CHECKING:
    from reidsearch.domain.request import QueryPicture, SearchRequest

Row = Mapping[str, str | None]

WHO = ("image", "crop", "identity")
COLUMNS = ("query", *WHO, "likes", "unlikes", "min_score", "max_false_alarms", "prior")


def read_query_list(path: Path, common: SearchRequest) -> list[tuple[str, SearchRequest]]:
    """Read names and requests; rows of one name that follow each other show one person.

    Args:
        common: the request of a row that says nothing else.

    Raises:
        UsageError: the table cannot be read; the message names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read as CSV: {error}") from error
    if not rows or not set(rows[0]) <= set(COLUMNS) or not set(rows[0]) & set(WHO):
        raise UsageError(
            f"{path} is not a list of queries",
            f"a CSV with a header: a column `image`, `crop` or `identity`, and optionally any of "
            f"{', '.join(name for name in COLUMNS if name not in WHO)}",
        )
    named = [(_name(row), line, row) for line, row in enumerate(rows, start=2)]
    return [
        (name, _request(path, [(line, row) for _, line, row in some], common))
        for name, some in itertools.groupby(named, key=lambda one: one[0])
    ]


def _name(row: Row) -> str:
    crop = f"crop {row['crop']}" if row.get("crop") else ""
    return row.get("query") or row.get("image") or crop or row.get("identity") or ""


def _request(path: Path, rows: Iterable[tuple[int, Row]], common: SearchRequest) -> SearchRequest:
    pictures: list[QueryPicture] = []
    given: dict[str, Any] = {}
    for line, row in rows:
        try:
            picture = _picture(path.parent, row)
            if picture is not None:
                pictures.append(picture)
            for column, read in _READ.items():
                text = row.get(column)
                if text and given.setdefault(column, value := read(column, text)) != value:
                    raise UsageError(f"{column} differs from an earlier row of the same query")
            request = replace(common, query=pictures, **given)
        except ReidsearchError as error:
            raise UsageError(f"{path}, line {line}: {error.message}", error.hint) from error
    return request


def _picture(folder: Path, row: Row) -> QueryPicture | None:
    image, crop = row.get("image") or "", row.get("crop") or ""
    if bool(image) + bool(crop) != 1 and not (row.get("identity") and not (image or crop)):
        raise UsageError("give an image or the id of a crop")
    if image:
        return folder / image
    if not crop:
        return None
    if not crop.isdecimal():
        raise UsageError(f"{crop!r} is not a crop id")
    return int(crop)


def _ids(column: str, text: str) -> tuple[int, ...]:
    parts = [part for part in re.split(r"[;,\s]+", text) if part]
    if not all(part.isdecimal() for part in parts):
        raise UsageError(f"{column} {text!r} are not crop ids")
    return tuple(map(int, parts))


def _number(column: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"{column} {text!r} is not a number") from error


_READ: Mapping[str, Callable[[str, str], Any]] = {
    "identity": lambda _, text: text,
    "likes": _ids,
    "unlikes": _ids,
    "min_score": _number,
    "max_false_alarms": _number,
    "prior": _number,
}
