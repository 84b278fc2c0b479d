"""How long it takes at least from one camera to another, as somebody wrote it down."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from reidsearch.base.errors import InputError, Refused, UsageError
from reidsearch.base.reading import read_table
from reidsearch.domain.decisions import Transits

COLUMNS = ("from", "to", "seconds")


def transits_of(rows: list[tuple[str, str, float]]) -> Transits:
    """Minima between cameras; each holds in both directions.

    Raises:
        UsageError: a camera without a name or with itself, a pair twice, or no positive number of
            seconds.
    """
    seen: set[frozenset[str]] = set()
    for a, b, seconds in rows:
        if not a.strip() or not b.strip():
            raise UsageError("a transit leads between two cameras; one has no name")
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
        table = read_table(path)
    except Refused as refused:
        raise InputError(
            f"{path} cannot be read: {refused.message}", "give a CSV table in UTF-8"
        ) from refused
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise InputError(f"{path} lacks the column {missing[0]}", "from,to,seconds")
    found = []
    for line, cells in table.rows:
        if isinstance(cells, csv.Error):
            raise InputError(f"{path}, line {line}: {cells}", "give a CSV table in UTF-8")
        row = table.named(cells)
        seconds = row.get("seconds", "")
        try:
            found.append((row["from"], row["to"], float(seconds)))
        except (KeyError, ValueError) as error:
            raise InputError(
                f"{path}, line {line}: {seconds!r} is not a number of seconds"
            ) from error
    return found
