"""What cannot be decoded of a stored row is told as damage, with table and row.

Rows are proven by their digests before they are read, so this is the second net: under values that
were never written by this program (an archive from elsewhere), or by a mistake of an earlier one.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Table

from reidsearch.base.errors import DECODING_ERRORS, ArchiveError, Kind
from reidsearch.store.row_digests import row_name, told_of

_P = ParamSpec("_P")
_T = TypeVar("_T")


def reads(
    table: Table,
) -> Callable[[Callable[Concatenate[Any, _P], _T]], Callable[Concatenate[Any, _P], _T]]:
    """Decorate a function whose first argument is a row of this table, or of a join with it.

    @reads(tables.crop)
    def read_crop(row: Row[Any]) -> Crop: ...
    """

    def wrap(
        read: Callable[Concatenate[Any, _P], _T],
    ) -> Callable[Concatenate[Any, _P], _T]:
        @functools.wraps(read)
        def reading(row: Any, /, *args: _P.args, **named: _P.kwargs) -> _T:
            try:
                return read(row, *args, **named)
            except DECODING_ERRORS as error:
                raise unreadable(table, row, error) from error

        return reading

    return wrap


@contextlib.contextmanager
def decoding(reading: AbstractContextManager[_T], location: str) -> Iterator[_T]:
    """Tell what cannot be decoded while `reading`, where no `reads` could say of which row."""
    with reading as connection:
        try:
            yield connection
        except DECODING_ERRORS as error:
            raise ArchiveError(
                f"{location}: a stored value cannot be read: {error or type(error).__name__}",
                "verify the archive",
                kind=Kind.ARCHIVE_DAMAGED,
                archive=location,
            ) from error


def unreadable(table: Table, row: Any, error: Exception) -> ArchiveError:
    """Return the error that a row cannot be decoded."""
    told = {name: getattr(row, name) for name in told_of(table) if hasattr(row, name)}
    name = row_name(told)
    which = f" ({name})" if name else ""
    return ArchiveError(
        f"a row of table {table.name} cannot be read{which}: {error or type(error).__name__}",
        "verify the archive",
        kind=Kind.ARCHIVE_DAMAGED,
        table=table.name,
        row=name,
    )
