"""Statements are compiled once a process, not once for each of the many archives that it opens.

SQLAlchemy keeps what it compiled beside each engine, and an archive has engines of its own. A
process of the program opens one archive; one of the tests opens thousands, and spent a sixth of
its time on compiling the same statements. Engines of one dialect share what they compiled here;
the keys are those of SQLAlchemy.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

DIALECTS = (SQLiteDialect_pysqlite, PGDialect_psycopg)
STATEMENTS = 5_000


def install() -> None:
    """Let all engines that are made from now on share what they compile."""
    for dialect in DIALECTS:
        # A dialect is part of the key: those of one kind, made in one way, compile alike.
        dialect.__eq__ = lambda one, other: type(one) is type(other)  # type: ignore[method-assign,assignment]
        dialect.__hash__ = lambda one: hash(type(one))  # type: ignore[method-assign]
    compiled: LRUCache[Any, Any] = LRUCache(STATEMENTS)
    made = Engine.__init__

    def make(self: Engine, *arguments: Any, **options: Any) -> None:
        made(self, *arguments, **options)
        if isinstance(self.dialect, DIALECTS):
            self._compiled_cache = compiled

    Engine.__init__ = make  # type: ignore[method-assign]
