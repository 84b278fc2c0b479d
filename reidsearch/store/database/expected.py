"""Whether a database holds the tables of this program and nothing else.

A view, a trigger or a constraint that somebody put into an archive would run with every statement,
so the schema is compared with what the migrations make. Its text is brought into one form for that:
migrations put the constraints of a table in no certain order.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Connection, create_engine

from reidsearch.base.errors import ArchiveError, Kind

DIGEST = "5011fa27cb4b620a227d98f4dfd38ee8da78d29621ee25b1d71ed4b52437ed67"
"""Of the schema of the present revision, as `digest` gives it; a test holds it right. One that
differs is compared with what the migrations make here and now, which takes a second."""

Entry: TypeAlias = tuple[str, str, str, str | None]
"""Type, name, table and text of an entry of the schema."""

_STATISTICS = re.compile("sqlite_stat[0-9]")  # that somebody ran ANALYZE changes no answer
_QUOTED = re.compile(r'"(\w+)"')
_SPACE = re.compile(r"\s*([(),]|\s)\s*")


def require_plain(connection: Connection, where: Path) -> list[Entry]:
    """Refuse a database that holds anything but tables and indexes; return what it holds.

    Raises:
        ArchiveError: it holds a view, a trigger, or a virtual table.
    """
    found = _entries(connection)
    for kind, name, _, text in found:
        if kind not in ("table", "index") or (kind == "table" and not _is_table(text)):
            raise _foreign(where, f"the {kind} {name!r}")
    return found


def require_expected(
    entries: Iterable[Entry], where: Path, upgrade: Callable[[Connection], None]
) -> None:
    """Refuse a schema that is not what the migrations make.

    Args:
        upgrade: makes all tables in an empty database.

    Raises:
        ArchiveError: a table, a column, a constraint or an index is another.
    """
    entries = list(entries)
    if digest(entries) == DIGEST:
        return
    found, expected = set(_normal(entries)), set(_normal(_made(upgrade)))
    if found != expected:
        kind, name, *_ = min(found ^ expected)
        raise _foreign(where, f"the {kind} {name!r}, which is not as this version makes it")


def digest(entries: Iterable[Entry]) -> str:
    """Return one digest of all entries, whose lines may come in any order: quick to make."""
    told = [
        (kind, name, table, sorted(line.strip("\t ,") for line in (sql or "").split("\n")))
        for kind, name, table, sql in entries
        if not _STATISTICS.match(name)
    ]
    return hashlib.sha256(repr(sorted(told)).encode("utf-8", "backslashreplace")).hexdigest()


def _entries(connection: Connection) -> list[Entry]:
    # As bytes: text that is no UTF-8 is an error of the driver.
    rows = connection.exec_driver_sql(
        "SELECT CAST(type AS BLOB), CAST(name AS BLOB), CAST(tbl_name AS BLOB), CAST(sql AS BLOB) "
        "FROM main.sqlite_schema"
    )
    return [
        (_text(kind), _text(name), _text(table), None if sql is None else _text(sql))
        for kind, name, table, sql in rows
    ]


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "backslashreplace")


def _is_table(text: str | None) -> bool:
    return text is not None and text.upper().startswith("CREATE TABLE")


def _foreign(where: Path, what: str) -> ArchiveError:
    return ArchiveError(
        f"the database of {where} holds {what}: it was changed by another program",
        "restore it from a backup",
        kind=Kind.ARCHIVE_FOREIGN,
    )


def _made(upgrade: Callable[[Connection], None]) -> list[Entry]:
    engine = create_engine("sqlite+pysqlite://", creator=lambda: sqlite3.connect(":memory:"))
    try:
        with engine.begin() as connection:
            upgrade(connection)
            return _entries(connection)
    finally:
        engine.dispose()


def _normal(entries: Iterable[Entry]) -> Iterator[tuple[str, ...]]:
    for kind, name, table, sql in entries:
        if not _STATISTICS.match(name):
            yield kind, name, table, *_parts(sql or "")


def _parts(sql: str) -> list[str]:
    """A statement's head, then what stands in its outermost parentheses, in order of text."""
    sql = _SPACE.sub(lambda found: found[1].strip() or " ", _QUOTED.sub(r"\1", sql)).strip()
    head, opening, rest = sql.partition("(")
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(rest):
        depth += (sign == "(") - (sign == ")")
        if (sign == "," and depth == 0) or (sign == ")" and depth < 0):
            parts.append(rest[start:at])
            start = at + 1
            if depth < 0:
                break
    return [head + opening, *sorted(parts), rest[start:]]
