"""What two archives hold, compared row by row: what differs, and digests of what is equal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table

from reidsearch.base.progress import Progress
from reidsearch.store.copying.pictures import proven
from reidsearch.store.copying.rows import Digest, Values, key_of


@dataclass(frozen=True, slots=True)
class Compared:
    """A table of a source and of its copy.

    Args:
        rows, sha256: of the source: how many, and the digest of their values.
        copied_sha256: of the copy.
        lacking: keys of the rows that the copy has not as they are in the source.
        stale: keys of the rows of the copy that the source has not as they are there.
    """

    table: Table
    rows: int
    sha256: str
    copied_sha256: str
    lacking: list[Values] = field(default_factory=list)
    stale: list[Values] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether both hold the same."""
        return not (self.lacking or self.stale) and self.sha256 == self.copied_sha256


def compared(
    source: Connection,
    copy: Connection,
    table: Table,
    progress: Progress,
    last: Values | None = None,
) -> Compared:
    """Compare a table of two databases; each row is proven on its way.

    A blob is compared by its checksum, which it is proven by on either side; a picture in the
    source's store of objects was when it was copied.

    Args:
        last: rows up to this key; None: all.

    Raises:
        ArchiveError: a row is damaged.
    """
    here, there = Digest(table), Digest(table)
    found = Compared(table, 0, "", "")
    for ours, theirs in _side_by_side(
        table, proven(source, table, last), proven(copy, table, last)
    ):
        if ours is not None:
            here.add(ours)
            progress.advance()
        if theirs is not None:
            there.add(theirs)
        if ours != theirs:
            if ours is not None:
                found.lacking.append(key_of(table, ours))
            if theirs is not None:
                found.stale.append(key_of(table, theirs))
    return Compared(
        table, here.rows, here.hexdigest(), there.hexdigest(), found.lacking, found.stale
    )


def _side_by_side(
    table: Table, ours: Iterator[Values], theirs: Iterator[Values]
) -> Iterator[tuple[Values | None, Values | None]]:
    """Yield the rows of two tables, those of one key together; both come in the order of keys."""
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        if other is None or (one is not None and key_of(table, one) < key_of(table, other)):
            yield one, None
            one = next(ours, None)
        elif one is None or key_of(table, other) < key_of(table, one):
            yield None, other
            other = next(theirs, None)
        else:
            yield one, other
            one, other = next(ours, None), next(theirs, None)
