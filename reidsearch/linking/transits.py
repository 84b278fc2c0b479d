"""How long it takes at least from one camera to another, as somebody wrote it down."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from reidsearch.base.errors import InputError, UsageError
from reidsearch.base.said import said
from reidsearch.domain.decisions import Transits

COLUMNS = ("from", "to", "seconds")


def transits_of(rows: list[tuple[str, str, float]]) -> Transits:
    """Minima between cameras; each holds in both directions.

    Raises:
        UsageError: a camera with itself, a pair twice, or no positive number of seconds.
    """
    seen: set[frozenset[str]] = set()
    for a, b, seconds in rows:
        if a == b:
            raise UsageError(
                f"a transit leads from one camera to another, not from {a!r} to itself"
            )
        if not (math.isfinite(seconds) and seconds > 0):
            raise UsageError(f"from {a} to {b}: {seconds:g} is not a positive number of seconds")
        if frozenset((a, b)) in seen:
            raise UsageError(f"the transit between {a} and {b} is given twice")
        seen.add(frozenset((a, b)))
    return Transits(tuple(rows))


def read_transits(path: Path) -> list[tuple[str, str, float]]:
    """Read a CSV table with the columns from, to, seconds.

    Raises:
        InputError: it cannot be read, lacks a column, or a number is none; the line is named.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise InputError(f"{path} lacks the column {missing[0]}", "from,to,seconds")
            found = []
            for row in rows:
                try:
                    found.append((row["from"], row["to"], float(row["seconds"])))
                except (TypeError, ValueError) as error:
                    raise InputError(
                        f"{path}, line {rows.line_num}: {row['seconds']!r} is not a number of "
                        "seconds"
                    ) from error
            return found
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        told = f"{path} cannot be read: {said(error)}"
        raise InputError(told, "give a CSV table in UTF-8") from error
