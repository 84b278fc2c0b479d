"""Lists of queries: a CSV table whose rows become search requests, or the error of a bad row."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidsearch.base.errors import Refused, ReidsearchError, UsageError
from reidsearch.base.locations import location_text
from reidsearch.base.reading import Table, read_table

if TYPE_CHECKING:
    from reidsearch.domain.request import QueryPicture, SearchRequest

Row = Mapping[str, str | None]

WHO = ("image", "crop", "identity")
LONGEST_ID = 20  # digits: no crop of SQLite has more
_NOTHING: Mapping[str, Any] = {}
BEYOND = ""  # where cells beyond the header's are kept
COLUMNS = (
    "query",
    *WHO,
    "query_camera",
    "likes",
    "unlikes",
    "min_score",
    "max_false_alarms",
    "prior",
)


def read_query_list(
    path: Path, common: SearchRequest, of_identity: Mapping[str, Any] = _NOTHING
) -> list[tuple[str, SearchRequest | ReidsearchError]]:
    """Read names and requests; rows of one name that follow each other show one person.

    A query with a row that makes no sense is its error, which names the line; the others stand.

    Args:
        common: the request of a row that says nothing else.
        of_identity: fields of all requests that need an identity, which rows name.

    Raises:
        UsageError: the table as a whole cannot be read, or is no list of queries.
    """
    try:
        # A name that is not UTF-8 stays what the file system calls it.
        table = read_table(path, errors="surrogateescape")
    except Refused as refused:
        raise UsageError(f"{path} cannot be read as CSV: {refused.message}") from refused
    columns = table.columns
    named = list(_rows(table))
    if not named or not set(columns) <= set(COLUMNS) or not set(columns) & set(WHO):
        raise UsageError(
            f"{path} is not a list of queries",
            f"a CSV with a header: a column `image`, `crop` or `identity`, and optionally any of "
            f"{', '.join(name for name in COLUMNS if name not in WHO)}",
        )
    return [
        (name, _request(path, [(line, row) for _, line, row in some], common, of_identity))
        for name, some in itertools.groupby(named, key=lambda one: one[0])
    ]


def _rows(table: Table) -> Iterator[tuple[str, int, Row | csv.Error]]:
    """Yield the name, the line and the cells of each row, or why it is no row."""
    for line, cells in table.rows:
        if isinstance(cells, csv.Error):
            yield f"line {line}", line, cells
        else:
            row: Row = table.named(cells)
            if len(cells) > len(table.columns):
                row = {**row, BEYOND: "more"}
            yield _name(row) or f"line {line}", line, row


def _name(row: Row) -> str:
    crop = f"crop {row['crop']}" if row.get("crop") else ""
    name = row.get("query") or row.get("image") or crop or row.get("identity") or ""
    return location_text(name)


def _request(
    path: Path,
    rows: Sequence[tuple[int, Row | csv.Error]],
    common: SearchRequest,
    of_identity: Mapping[str, Any],
) -> SearchRequest | ReidsearchError:
    pictures: list[QueryPicture] = []
    given: dict[str, Any] = {}
    for number, (line, row) in enumerate(rows, start=1):
        try:
            if isinstance(row, csv.Error):
                raise UsageError(f"the row cannot be read: {row}")
            if row.get(BEYOND):
                raise UsageError("the row has more cells than the header")
            picture = _picture(path.parent, row)
            if picture is not None:
                pictures.append(picture)
            for column, read in _READ.items():
                if not (text := row.get(column)):
                    continue
                value = read(column, text)
                if column in given and given[column] != value:
                    raise UsageError(f"{column} differs from an earlier row of the same query")
                given[column] = value
            whole = of_identity if number == len(rows) else {}  # a later row may name it
            request = replace(common, query=pictures, **given, **whole)
        except ReidsearchError as error:
            return error.reworded(f"{path}, line {line}: {error.message}", UsageError)
    return request


def _picture(folder: Path, row: Row) -> QueryPicture | None:
    image, crop = row.get("image") or "", row.get("crop") or ""
    if bool(image) + bool(crop) != 1 and not (row.get("identity") and not (image or crop)):
        raise UsageError("give an image or the id of a crop")
    if image:
        return folder / image
    if not crop:
        return None
    if not _is_id(crop):
        raise UsageError(f"{crop!r} is not a crop id")
    return int(crop)


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) < LONGEST_ID


def _ids(column: str, text: str) -> tuple[int, ...]:
    parts = [part for part in re.split(r"[;,\s]+", text) if part]
    if not all(map(_is_id, parts)):
        raise UsageError(f"{column} {text!r} are not crop ids")
    return tuple(map(int, parts))


def _number(column: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"{column} {text!r} is not a number") from error


_READ: Mapping[str, Callable[[str, str], Any]] = {
    "identity": lambda _, text: text,
    "query_camera": lambda _, text: text,
    "likes": _ids,
    "unlikes": _ids,
    "min_score": _number,
    "max_false_alarms": _number,
    "prior": _number,
}
