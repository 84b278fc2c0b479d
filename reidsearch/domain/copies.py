"""What a finished copy of an archive is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from reidsearch.domain.event_log import LogEntry


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """The rows of one table, which both sides hold.

    Args:
        sha256: of their values.
    """

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A finished copy of an archive, whose rows were compared with the source's one by one.

    Args:
        resumed: an earlier copy had begun it.
        brought: rows that had changed in the source since then.
        head: up to where the event log went; None: there is none.
        log_faults: how many faults the event log has, in source and copy alike.
        settings: the source's settings file, where a database has no place for it.
    """

    source: str
    target: str
    archive_id: str
    crops: int
    tables: tuple[CopiedTable, ...]
    resumed: bool
    brought: int
    head: LogEntry | None
    log_faults: int
    settings: Path | None

    @property
    def rows(self) -> int:
        """How many rows were copied."""
        return sum(table.rows for table in self.tables)

    @property
    def sha256(self) -> str:
        """The digest of those of all tables."""
        told = "".join(f"{one.name} {one.rows} {one.sha256}\n" for one in self.tables)
        return hashlib.sha256(told.encode()).hexdigest()
