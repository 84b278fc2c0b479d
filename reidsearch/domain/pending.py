"""Work that a committed change has left to do, recorded in the database until it is done."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from reidsearch.base.timecode import iso


class Work(StrEnum):
    """What is still to be done; stable, since it is stored and printed in JSON."""

    ERASURE = "erasure"
    """Index files and neighbour graph hold embeddings of crops that the database no longer has."""
    LOG = "log"
    """The files are rewritten; the write-ahead log still holds the deleted rows."""
    PICTURES = "pictures"
    """The store of objects still holds pictures of crops that the database no longer has."""
    FILES = "files"
    """Files were being written, or are no longer in force: what is of no use is to be removed."""


class Cause(StrEnum):
    """What made crops disappear from the database."""

    DELETE = "delete"
    ANALYSIS = "analysis"
    """A source of footage was analysed again, or has grown."""
    REEMBED = "reembed"
    EARLIER = "earlier"
    """A version before 0008 of the schema, which kept no record."""


@dataclass(frozen=True, slots=True)
class Pending:
    """One piece of work that is not finished.

    Args:
        since: when the change was committed.
        cause: of an erasure; None: of files only.
        crops: how many crops disappeared; None where that was not recorded.
        running: a writer is at work just now, and finishes it.
    """

    work: Work
    since: dt.datetime
    cause: Cause | None
    crops: int | None
    running: bool

    @property
    def sentence(self) -> str:
        """What is not finished, and what it means, without a full stop.

        Example:
            "a deletion of 2026-11-26T14:00:00Z is not finished: deleted embeddings are still in
            index files"
        """
        state = "is being finished just now" if self.running else "is not finished"
        return f"{self.noun} {state}: {_LEFT[self.work]}"

    @property
    def noun(self) -> str:
        """What it is and when it began, e.g. `a deletion of 2026-11-26T14:00:00Z`."""
        what = "writing index files" if self.work is Work.FILES else _NOUNS[self.cause]
        return f"{what} of {iso(self.since.replace(microsecond=0))}"


_LEFT = {
    Work.ERASURE: "deleted embeddings are still in index files",
    Work.LOG: "deleted rows are still in the write-ahead log, which another process reads",
    Work.PICTURES: "deleted pictures are still in the store of objects",
    Work.FILES: "files of no use are left",
}
_NOUNS = {
    Cause.DELETE: "a deletion",
    Cause.ANALYSIS: "a new analysis of footage",
    Cause.REEMBED: "a re-embedding",
    Cause.EARLIER: "a deletion by an earlier version",
    None: "a deletion",
}
