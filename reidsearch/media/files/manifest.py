"""Manifests: CSV or JSON-lines tables that name pictures and tell what is known of them."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, NoReturn

from reidsearch.base.boxes import Box
from reidsearch.base.errors import InputError, Reason, Refused
from reidsearch.base.locations import location_text
from reidsearch.base.reading import open_regular, parse_json, refusal, require_columns, require_file
from reidsearch.domain.crops import CropInput, Facts, Rejected
from reidsearch.media.files.locators import FileBytes
from reidsearch.media.naming.patterns import Naming

DELIMITERS = ",;\t"
MAX_LINE_CHARACTERS = 1024 * 1024
_ENDLESS_LINE_CHARACTERS = 64 * MAX_LINE_CHARACTERS  # no table, and perhaps a device's end

_ALIASES = {"camera_id": "camera", "person_id": "person"}
_CORNERS = ("x1", "y1", "x2", "y2")
_KNOWN = frozenset({"path", "camera", "time", "person", "box", *_CORNERS})
_HINT = (
    "the first line of a CSV names its columns: path, and any of "
    "camera, time, person, box (or x1, y1, x2, y2); a line of JSON is an object with these keys"
)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest whose first line has been read and found good.

    Args:
        path: absolute; pictures are looked for relative to its folder.
        delimiter: of the CSV; None for JSON lines.
        columns: of the CSV, in lower case.
    """

    path: str
    delimiter: str | None
    columns: tuple[str, ...]

    @classmethod
    def open(cls, path: str) -> Manifest:
        """Read the first line.

        Raises:
            InputError: missing, unreadable, empty, or no path column.
        """
        shown = location_text(path)
        try:
            with _text(path) as file:
                lines = (line for line in _lines(file) if line.strip())
                first = next(lines, "")
        except Refused as refused:
            raise InputError(f"manifest {shown}: {refused.message}") from refused
        except OSError as error:
            raise InputError(f"manifest {shown}: {refusal(error).message}") from error
        if not first:
            raise InputError(f"manifest {shown} is empty", _HINT)
        if not path.lower().endswith((".csv", ".tsv")):
            try:
                _json_row(first)
            except Refused as refused:
                raise InputError(f"manifest {shown}, line 1: {refused.message}", _HINT) from refused
            return cls(path, None, ())
        for delimiter in DELIMITERS:
            columns = _header(first, delimiter)
            if "path" in columns:
                break
        else:
            found = location_text(first.strip()[:100].encode("utf-8", "replace").decode())
            raise InputError(f"manifest {shown} has no column `path`; it begins {found!r}", _HINT)
        try:
            require_columns(columns)
        except Refused as refused:
            raise InputError(f"manifest {shown}: {refused.message}", _HINT) from refused
        if twice := sorted({name for name in columns if columns.count(name) > 1}):
            raise InputError(f"manifest {shown} has more than one column {twice[0]!r}", _HINT)
        return cls(path, delimiter, columns)

    def crop_inputs(
        self, naming: Naming, passed: Callable[[int], None] = lambda _: None
    ) -> Iterator[CropInput | Rejected]:
        """List what the rows name; memory grows by some 70 bytes a row, to find duplicates.

        Args:
            passed: told the length of every line that was read, for progress.
        """
        seen: set[int] = set()
        folder = os.path.dirname(self.path)  # noqa: PTH120 - a string a row, no Path
        try:
            for line, row in self._rows(passed):
                try:
                    item = row if isinstance(row, Rejected) else _crop_input(row, folder, naming)
                    if isinstance(item, CropInput):
                        if (mark := hash(item.key)) in seen:
                            _refuse(Reason.DUPLICATE_ROW, f"an earlier row names {item.key}")
                        seen.add(mark)
                except Refused as refused:
                    item = self._rejected(line, refused)
                yield item
        except Refused as refused:
            yield Rejected(location_text(self.path), refused)
        except OSError as error:
            yield Rejected(location_text(self.path), refusal(error))

    def _rows(self, passed: Callable[[int], None]) -> Iterator[tuple[int, Row | Rejected]]:
        """Line number and content of every row but blank ones."""
        with _text(self.path) as file:
            lines = _lines(file, passed)
            if self.delimiter is None:
                yield from self._json_rows(lines)
            else:
                yield from self._csv_rows(lines, self.delimiter)

    def _json_rows(self, lines: Iterator[str]) -> Iterator[tuple[int, Row | Rejected]]:
        for line, text in enumerate(lines, 1):
            if text.strip():
                try:
                    yield line, _json_row(text)
                except Refused as refused:
                    yield line, self._rejected(line, refused)

    def _csv_rows(
        self, lines: Iterator[str], delimiter: str
    ) -> Iterator[tuple[int, Row | Rejected]]:
        reader = csv.reader(lines, delimiter=delimiter)
        header_passed = False
        while True:
            line = reader.line_num + 1
            try:
                values = next(reader)
                if not any(values):
                    continue
                if not header_passed:
                    header_passed = True
                    continue
                if len(values) != len(self.columns):
                    _refuse(
                        Reason.BAD_ROW, f"{len(values)} fields, the header has {len(self.columns)}"
                    )
                yield (
                    line,
                    {
                        name: value.strip()
                        for name, value in zip(self.columns, values, strict=True)
                        if name and value.strip()
                    },
                )
            except StopIteration:
                return
            except csv.Error as error:
                yield line, self._rejected(line, Refused(Reason.BAD_ROW, f"no CSV: {error}"))
            except Refused as refused:
                yield line, self._rejected(line, refused)

    def _rejected(self, line: int, refused: Refused) -> Rejected:
        return Rejected(f"{location_text(self.path)}:{line}", refused)


def _text(path: str) -> IO[str]:
    """UTF-8 with or without a mark; other bytes survive, as file names may hold them."""
    return os.fdopen(open_regular(path), encoding="utf-8-sig", errors="surrogateescape", newline="")


def _lines(file: IO[str], passed: Callable[[int], None] = lambda _: None) -> Iterator[str]:
    """Lines of bounded length; one that is too long becomes a NUL, which no row may hold.

    Raises:
        Refused: a line does not seem to end.
    """
    while text := file.readline(MAX_LINE_CHARACTERS):
        passed(len(text))
        whole, passed_over = text, 0
        while len(text) == MAX_LINE_CHARACTERS and text[-1] not in "\r\n":
            whole = "\0\n"
            passed_over += len(text)
            if passed_over > _ENDLESS_LINE_CHARACTERS:
                _refuse(Reason.BAD_ROW, "a line has more than 64 million characters")
            text = file.readline(MAX_LINE_CHARACTERS)
        yield whole


def _header(line: str, delimiter: str) -> tuple[str, ...]:
    try:
        names = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return ()
    lowered = [name.strip().lower() for name in names]
    return tuple(_ALIASES.get(name, name) for name in lowered)


def _json_row(text: str) -> Row:
    try:
        row = parse_json(text)
    except ValueError as error:
        raise Refused(Reason.BAD_ROW, f"no JSON: {error}") from error
    if not isinstance(row, dict):
        _refuse(Reason.BAD_ROW, "no JSON object")
    named: dict[str, Any] = {
        _ALIASES.get(str(name), str(name)): value
        for name, value in row.items()
        if value is not None
    }
    if not isinstance(named.get("path"), str):
        _refuse(Reason.BAD_ROW, "no `path` that is a text")
    return named


def _crop_input(row: Row, folder: str, naming: Naming) -> CropInput | Rejected:
    """Make one row's input; a picture that is missing is `Rejected` under its own location.

    Raises:
        Refused: bad-row, bad-time, bad-box.
    """
    if not row.get("path"):
        _refuse(Reason.BAD_ROW, "the path is empty")
    path = os.path.abspath(os.path.join(folder, row["path"]))  # noqa: PTH100, PTH118
    _require_text(row)
    box = _box(row)
    try:
        location = location_text(path)
        facts = _facts(row, naming.facts(location), naming)
        status = os.stat(path)  # noqa: PTH116
        require_file(status)
    except UnicodeEncodeError as error:
        raise Refused(Reason.BAD_ROW, "the path is no text that can name a file") from error
    except OSError as error:
        return Rejected(location, refusal(error))
    except Refused as refused:
        if refused.reason is Reason.NOT_A_FILE:
            return Rejected(location, refused)
        raise
    fingerprint = f"{status.st_size}-{status.st_mtime_ns}"
    return CropInput(location, fingerprint, FileBytes(path), box, facts)


def _require_text(row: Row) -> None:
    """Refuse NULs anywhere, and bytes that are not UTF-8 anywhere but in the path."""
    for name, value in row.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if "\0" in text or "\\u0000" in text or "\0" in name:
            _refuse(Reason.BAD_ROW, "a NUL byte, or a line of more than 1 MiB")
        if name != "path" and not (text.isascii() and name.isascii()):
            try:
                (name + text).encode()
            except UnicodeEncodeError as error:
                raise Refused(Reason.BAD_ROW, f"column {name!a} is not UTF-8") from error


def _box(row: Row) -> Box | None:
    if "box" in row:
        value = row["box"]
        return Box.parse(_joined(value) if isinstance(value, list) else str(value))
    given = [row[name] for name in _CORNERS if name in row]
    if not given:
        return None
    if len(given) < len(_CORNERS):
        _refuse(Reason.BAD_BOX, "some of x1, y1, x2, y2 are missing")
    return Box.parse(_joined(given))


def _joined(values: list[Any]) -> str:
    return ",".join(str(value) for value in values)


def _facts(row: Row, named: Facts, naming: Naming) -> Facts:
    """The row's facts over what the name and the options tell."""
    time = row.get("time")
    if time is not None and not isinstance(time, str):
        _refuse(Reason.BAD_TIME, f"time {time!r} is no text")
    return Facts(
        camera=_label(row, "camera") or named.camera,
        time=naming.moment(time) if time else named.time,
        person=_label(row, "person") or named.person,
        extra={key: value for key, value in row.items() if key not in _KNOWN},
    )


def _label(row: Row, name: str) -> str | None:
    value = row.get(name)
    if isinstance(value, bool | float | list | dict):
        _refuse(Reason.BAD_ROW, f"{name} {value!r} is no name")
    text = "" if value is None else str(value)
    return text if text.strip() else None


def _refuse(reason: Reason, message: str) -> NoReturn:
    raise Refused(reason, message)
