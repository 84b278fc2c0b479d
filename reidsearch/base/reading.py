"""The one opener of files that somebody gives: regular files, of a bounded size, without waiting.

A FIFO that nobody writes to, a device that never ends and a file of a thousand gigabytes are
refused before a byte is read. What is read is then parsed within bounds as well: JSON and TOML of
a bounded depth, tables of a bounded width.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reidsearch.base.errors import InputError, Reason, Refused
from reidsearch.base.foreign_errors import exhausted
from reidsearch.base.locations import location_text

SMALL_BYTES = 1 << 20
"""Of settings and notes that people or this program write."""
TABLE_BYTES = 256 << 20
"""Of tables: lists of sources, queries, detections."""
MOST_COLUMNS = 1000
DEEPEST = 64
"""Levels of lists and objects within each other."""
LONGEST_LABEL = 1000
"""Characters of the name of a camera or person."""
TOML_BYTES = 4 << 20
"""Of a list in TOML, whose parser is slow."""
_MOST_POINTS = 20  # in a line of TOML outside of its texts: the parser takes their square in time
_TEXTS = re.compile(r"\"[^\"]*\"|'[^']*'")


def refusal(error: OSError | ValueError) -> Refused:
    """What the operating system says about a file, as a `Refused`.

    Raises:
        StorageError: it says nothing about the file: descriptors or memory are used up.
    """
    if resource := exhausted(error, str(getattr(error, "filename", None) or "")):
        raise resource from error
    if not isinstance(error, OSError):  # a NUL in the name
        return Refused(Reason.MISSING, f"no file can have this name: {error}")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Refused(Reason.MISSING, "there is no such file")
    if error.errno == errno.ELOOP:
        return Refused(Reason.UNREADABLE, "its symbolic links go in a circle")
    if error.errno == errno.ENXIO:
        return Refused(Reason.NOT_A_FILE, "it is a socket or device, not a file")
    return Refused(Reason.UNREADABLE, f"it cannot be read: {error.strerror}")


def require_file(status: os.stat_result) -> None:
    """Refuse folders, FIFOs, sockets and devices: reading those may hang or never end.

    Raises:
        Refused: not-a-file.
    """
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a FIFO, socket or device"
        raise Refused(Reason.NOT_A_FILE, f"it is {kind}, not a file")


def open_regular(path: str) -> int:
    """Open a regular file for reading; never waits, whatever lies there. The caller closes it.

    Raises:
        Refused: missing, unreadable, not-a-file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise refusal(error) from error
    try:
        require_file(os.fstat(descriptor))
    except Refused:
        os.close(descriptor)
        raise
    return descriptor


def read_bytes(path: str | os.PathLike[str], at_most: int = SMALL_BYTES) -> bytes:
    """Return all bytes of a regular file.

    Raises:
        Refused: missing, unreadable, not-a-file, too-many-bytes.
    """
    descriptor = open_regular(os.fspath(path))
    with os.fdopen(descriptor, "rb") as file:
        try:
            data = file.read(at_most + 1)
        except OSError as error:
            raise refusal(error) from error
    if len(data) > at_most:
        raise Refused(Reason.TOO_MANY_BYTES, f"it has more than {at_most:,} bytes")
    return data


def read_given(path: str | os.PathLike[str], at_most: int = SMALL_BYTES) -> bytes:
    """Return all bytes of a file that was given, as `read_bytes`.

    Raises:
        InputError: it cannot be read; the message names it.
    """
    try:
        return read_bytes(path, at_most)
    except Refused as refused:
        text = f"{location_text(str(path))}: {refused.message}"
        raise refused.reworded(text, InputError) from refused


def read_text(
    path: str | os.PathLike[str], at_most: int = SMALL_BYTES, *, errors: str = "strict"
) -> str:
    """Return the text of a regular file: UTF-8, with or without a mark at its beginning.

    Raises:
        Refused: as `read_bytes`, and unreadable where it is not UTF-8.
    """
    data = read_bytes(path, at_most)
    try:
        return data.decode("utf-8-sig", errors)
    except UnicodeDecodeError as error:
        raise Refused(
            Reason.UNREADABLE, f"it is not UTF-8 text: {error.reason} at byte {error.start}"
        ) from error


def parse_json(text: str | bytes) -> Any:
    """Return what a JSON text says.

    Raises:
        ValueError: it is no JSON, nested deeper than `DEEPEST`, or holds NaN or an infinity.
    """
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as error:
        raise ValueError(f"nested deeper than {DEEPEST} levels") from error
    require_shallow(value)
    return value


def parse_toml(text: str) -> dict[str, Any]:
    """Return what a TOML text says.

    Raises:
        ValueError: it is no TOML, nested deeper than `DEEPEST`, or a key has too many parts.
    """
    import tomllib

    for number, line in enumerate(text.splitlines(), 1):
        if line.count(".") > _MOST_POINTS and _TEXTS.sub("", line).count(".") > _MOST_POINTS:
            raise ValueError(f"line {number} has more than {_MOST_POINTS} points outside of texts")
    try:
        value = tomllib.loads(text)
    except RecursionError as error:
        raise ValueError(f"nested deeper than {DEEPEST} levels") from error
    require_shallow(value)
    return value


def require_label(text: str, what: str) -> None:
    """Refuse a name that is empty, too long to be shown, or no text.

    Raises:
        ValueError: saying which.
    """
    if not text.strip():
        raise ValueError(f"{what} is empty")
    require_text(text, what)


def require_text(text: str, what: str, longest: int = LONGEST_LABEL) -> None:
    """Refuse what could not be stored and given out again.

    Raises:
        ValueError: it is longer than allowed, not UTF-8, or holds a NUL.
    """
    if len(text) > longest:
        raise ValueError(f"{what} has {len(text):,} characters; {longest:,} are allowed")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{what} {text!a} is not UTF-8") from error
    if "\0" in text:
        raise ValueError(f"{what} {text!a} holds a NUL")


def require_shallow(value: object, deepest: int = DEEPEST) -> None:
    """Refuse what is nested too deep to be written again.

    Raises:
        ValueError: it is.
    """
    level, depth = [value], 0
    while level:
        if depth > deepest:
            raise ValueError(f"nested deeper than {deepest} levels")
        depth += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list | tuple)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]


@dataclass(frozen=True)
class Table:
    """A CSV table with a header.

    Args:
        columns: as they are written, without the spaces around them.
        rows: line and cells of each row, blank rows left out; a row that is no CSV is its error.
    """

    columns: tuple[str, ...]
    rows: Iterator[tuple[int, list[str] | csv.Error]]

    def named(self, cells: list[str]) -> Mapping[str, str]:
        """Return the cells of a row by their columns, as far as both go."""
        return dict(zip(self.columns, cells, strict=False))


def read_table(
    path: str | os.PathLike[str], delimiter: str = ",", *, errors: str = "strict"
) -> Table:
    """Read a CSV table, or one with other delimiters.

    Raises:
        Refused: as `read_text`, and bad-row: the header is no CSV or has too many columns.
    """
    reader = csv.reader(
        io.StringIO(read_text(path, TABLE_BYTES, errors=errors), newline=""), delimiter=delimiter
    )
    try:
        columns = tuple(name.strip() for name in next(reader, []))
    except csv.Error as error:
        raise Refused(Reason.BAD_ROW, f"its header cannot be read: {error}") from error
    require_columns(columns)
    return Table(columns, _rows(reader))


def require_columns(columns: Sequence[str]) -> None:
    """Refuse a header that no table has.

    Raises:
        Refused: bad-row.
    """
    if len(columns) > MOST_COLUMNS:
        raise Refused(Reason.BAD_ROW, f"it has {len(columns):,} columns; {MOST_COLUMNS} are read")


def _rows(reader: Any) -> Iterator[tuple[int, list[str] | csv.Error]]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:  # the reader goes on with the next line
            yield reader.line_num, error
        else:
            if any(cells):
                yield reader.line_num, cells


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise ValueError(f"{text} is larger than any number that is read")
    return value
