"""Labelled crops on disk, as the evaluation protocol needs them."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reidsearch.errors import InputError

_MARKET = re.compile(r"(-?\d+)_c(\d+).*\.(?:jpg|jpeg|png)", re.IGNORECASE)
_COLUMNS = ("path", "person_id", "camera_id")


@dataclass(frozen=True, slots=True)
class LabelledCrop:
    """One picture of one person; person -1 is junk, 0 a distractor."""

    path: Path
    person: int
    camera: int


@dataclass(frozen=True, slots=True)
class DataSet:
    """What is searched for, and what is searched in."""

    query: tuple[LabelledCrop, ...]
    gallery: tuple[LabelledCrop, ...]

    def of_cameras(self, query: int, gallery: int) -> DataSet:
        """Queries of one camera only, gallery of another only."""
        return DataSet(
            tuple(crop for crop in self.query if crop.camera == query),
            tuple(crop for crop in self.gallery if crop.camera == gallery),
        )


def read_market(folder: Path) -> DataSet:
    """Read the layout of Market-1501: `query/`, `bounding_box_test/`, names `PPPP_cC...jpg`.

    Raises:
        InputError: a folder is missing or holds no picture of such a name.
    """
    return DataSet(_market_crops(folder / "query"), _market_crops(folder / "bounding_box_test"))


def _market_crops(folder: Path) -> tuple[LabelledCrop, ...]:
    if not folder.is_dir():
        raise InputError(
            f"{folder} does not exist",
            "a data set in Market-1501 layout has the folders query and bounding_box_test",
        )
    crops = tuple(
        LabelledCrop(path, int(match[1]), int(match[2]))
        for path in sorted(folder.iterdir())
        if (match := _MARKET.fullmatch(path.name))
    )
    if not crops:
        raise InputError(
            f"{folder} holds no picture named PPPP_cC...jpg",
            "PPPP is the person's number, C the camera's",
        )
    return crops


def read_manifest(path: Path) -> DataSet:
    """Read a CSV table with the columns path, person_id, camera_id; others are passed over.

    Every crop is in the query and in the gallery; `DataSet.of_cameras` parts them.

    Args:
        path: the table; the paths in it count from its folder.

    Raises:
        InputError: it cannot be read, lacks a column, or a number is none; the line is named.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{path} lacks the column {missing[0]}", f"columns: {', '.join(_COLUMNS)}"
                )
            crops = tuple(_row(path, rows.line_num, row.get) for row in rows)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}", "give a CSV table in UTF-8") from error
    if not crops:
        raise InputError(f"{path} has no rows", "give one row for each crop")
    return DataSet(crops, crops)


def _row(table: Path, line: int, value: Callable[[str], str | None]) -> LabelledCrop:
    name, person, camera = (value(column) for column in _COLUMNS)
    try:
        return LabelledCrop(table.parent / (name or ""), int(person or ""), int(camera or ""))
    except ValueError as error:
        raise InputError(
            f"{table}, line {line}: person {person!r} or camera {camera!r} is not a number",
            "number persons and cameras",
        ) from error
