"""Print one result in the form that a user asked for: table, JSON, JSON Lines or CSV.

Every result is a document with a `schema`; `schemas/` holds one file for each. A document may
have rows: the member that lists its items, which JSON Lines and CSV put on lines of their own.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reidsearch.output.schema_columns import schema_columns
from reidsearch.output.terminal import shown

if TYPE_CHECKING:
    from rich.console import RenderableType

# What spreadsheets take for a formula, in plain and in full width. The apostrophe itself is here
# so that the guard can be taken off again without doubt.
_GUARDED = tuple("=+-@'\t\r\n\uff1d\uff0b\uff0d\uff20")


MANY_ROWS = 500
"""From then on lines are indented by msgspec, in a third of the time that Python takes for it."""


def emit(
    form: str, document: Mapping[str, Any], view: RenderableType | None = None, rows: str = ""
) -> None:
    """Print a document, or as a table the view of it.

    Rows may be an iterator: they are then printed one by one, and never held together.

    Args:
        form: table, json, jsonl or csv.
        view: what is printed for `table`; None: nothing.
        rows: the member that lists the document's items; empty: the document is one item.
    """
    if form == "table":
        from reidsearch.output.text import show

        if view is not None:
            show(view)
        return
    sys.stdout.writelines(lines(form, document, rows))


def lines(form: str, document: Mapping[str, Any], rows: str = "") -> Iterator[str]:
    """Return the lines of a document as json, jsonl or csv, with line ends."""
    if form == "json" and rows and isinstance(document[rows], Iterator):
        yield from _json_by_rows(document, rows)
    elif form == "json":
        yield dumps(document, indent=2) + "\n"
    elif form == "jsonl":
        rest = {name: value for name, value in document.items() if name != rows}
        yield dumps({"kind": "document", **rest}) + "\n"
        for row in document[rows] if rows else ():
            yield dumps({"kind": "row", **row}) + "\n"
    elif rows and (isinstance(document[rows], Iterator) or not document[rows]):
        columns = schema_columns(document["schema"], rows)
        yield csv_line(columns)
        for row in document[rows]:
            flat = dict(_flat(row))
            yield csv_line(flat.get(column) for column in columns)
    else:
        yield from _csv_lines(document[rows] if rows else [document])


def _json_by_rows(document: Mapping[str, Any], rows: str) -> Iterator[str]:
    """The same text as of the whole document, with the rows as its last member."""
    rest = dumps({name: value for name, value in document.items() if name != rows}, indent=2)
    yield f"{rest[:-2]},\n  {dumps(rows)}: ["
    between = "\n    "
    for row in document[rows]:
        # Strings hold no line end of their own: JSON writes it as an escape.
        yield between + dumps(row, indent=2).replace("\n", "\n    ")
        between = ",\n    "
    yield "]\n}\n" if between == "\n    " else "\n  ]\n}\n"


def _csv_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Return rows as CSV (RFC 4180) with a header line; members of members as `outer.inner`."""
    flat = [dict(_flat(row)) for row in rows]
    columns = list(dict.fromkeys(column for row in flat for column in row))
    yield csv_line(columns)
    for row in flat:
        yield csv_line(row.get(column) for column in columns)


def csv_line(cells: Iterable[Any]) -> str:
    """Return one CSV line; text that a spreadsheet would run as a formula begins with `'`.

    Control characters but line ends and tabs are shown as escapes; JSON holds them as they are.
    """
    out = io.StringIO()
    csv.writer(out).writerow(_cell(value) for value in cells)
    return out.getvalue()


def dumps(document: Any, indent: int | None = None) -> str:
    """Return JSON in ASCII: the same bytes in every locale, and harmless on a terminal.

    Raises:
        ValueError: a number is not finite.
    """
    if indent is None:
        return json.dumps(document, allow_nan=False)
    rows = document.values() if isinstance(document, Mapping) else ()
    if any(isinstance(one, list) and len(one) > MANY_ROWS for one in rows):
        import msgspec

        whole = json.dumps(document, allow_nan=False)
        with contextlib.suppress(msgspec.MsgspecError):  # an escape of half a character
            return msgspec.json.format(whole, indent=indent)
    return json.dumps(document, indent=indent, allow_nan=False)


def _flat(row: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, dumps(value) if isinstance(value, list | tuple) else value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        value = shown(value)
        return f"'{value}" if value.startswith(_GUARDED) else value
    return repr(value)
