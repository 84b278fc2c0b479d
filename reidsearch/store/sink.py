"""The archive as the sink of an index run: steps in, transactions out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from reidsearch.domain.footage import SourceFacts, VideoInfo
from reidsearch.domain.steps import Begun, Committed, CropStep, SourceFile, SourceStep
from reidsearch.store.crops.writer import Writer
from reidsearch.store.footage.writer import FootageWriter


class ArchiveSink:
    """Commits steps through the writer of its run; see `reidsearch.ingest.sink.Sink`."""

    def __init__(self, writer: Writer) -> None:
        self._crops = writer
        self._footage = FootageWriter(writer)

    @property
    def run_id(self) -> int:
        """The run that the writer has begun."""
        return self._crops.run_id

    def commit(self, step: CropStep | SourceStep) -> Committed:
        """Store a step in one transaction."""
        if isinstance(step, CropStep):
            return self._crops.commit(step.items)
        self._footage.commit(step)
        return Committed()

    def claim_source(self, sha256: bytes) -> AbstractContextManager[bool]:
        """Claim the source of these bytes for this run; give False when another works on it."""
        return self._crops.claim(sha256)

    def begin_source(
        self, file: SourceFile, info: VideoInfo, facts: SourceFacts, settings: Mapping[str, Any]
    ) -> Begun:
        """Take up a source: new, or where an interrupted run with the same settings left it."""
        return self._footage.begin(file, info, facts, settings)

    def place_source(
        self, source_id: int, file: SourceFile, facts: SourceFacts, *, moved: bool = False
    ) -> bool:
        """Record another place, and corrected facts, of a stored source."""
        return self._footage.place(source_id, file, facts, moved=moved)

    def keep_notes(self, source_id: int, facts: SourceFacts) -> None:
        """Replace the remarks on camera and start of a stored source, whose facts are the same."""
        self._footage.keep_notes(source_id, facts)

    def restart_source(self, source_id: int) -> None:
        """Let a source that was taken up be analysed from its start."""
        self._footage.restart(source_id)

    def drop_source(self, source_id: int) -> None:
        """Delete a source that was begun, and all that was found in it."""
        self._footage.drop(source_id)
