"""Where the loops hand their results: a step is committed whole, or not at all.

The loops know nothing of the database behind it. Steps, and what `begin_source` takes and gives,
are plain data that can be pickled, so that a worker's sink may send them to the process that holds
the writer lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from reidsearch.domain.footage import SourceFacts, VideoInfo
from reidsearch.domain.steps import Begun, Committed, CropStep, SourceFile, SourceStep


class Sink(Protocol):
    """Commits the steps of one index run; `reidsearch.store.sink` does it for an archive."""

    @property
    def run_id(self) -> int:
        """The run that steps belong to."""
        ...

    def commit(self, step: CropStep | SourceStep) -> Committed:
        """Store a step in one transaction; when it returns, the step survives a power cut.

        Returns:
            What became of the crops of a `CropStep`; nothing is counted of a `SourceStep`.
        """
        ...

    def claim_source(self, sha256: bytes) -> AbstractContextManager[bool]:
        """Claim the source of these bytes for this run; give False when another works on it."""
        ...

    def begin_source(
        self, file: SourceFile, info: VideoInfo, facts: SourceFacts, settings: Mapping[str, Any]
    ) -> Begun:
        """Take up a source: new, or where an interrupted run with the same settings left it."""
        ...

    def place_source(
        self, source_id: int, file: SourceFile, facts: SourceFacts, *, moved: bool = False
    ) -> bool:
        """Record another place, and corrected facts, of a stored source; tell if facts changed.

        Args:
            moved: nothing lies any more where it was shown to be.
        """
        ...

    def keep_notes(self, source_id: int, facts: SourceFacts) -> None:
        """Replace the remarks on camera and start of a stored source, whose facts are the same."""
        ...

    def restart_source(self, source_id: int) -> None:
        """Let a source that was taken up be analysed from its start; what is held of it stays."""
        ...

    def drop_source(self, source_id: int) -> None:
        """Delete a source that was begun, and all that was found in it."""
        ...
