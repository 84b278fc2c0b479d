"""How queued sources are indexed: the options of `index`, as plain JSON that any machine can read.

IndexRequest.of({"camera": "gate", "preset": "fast"})
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.base.settings import PRESETS, Tiles


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """The options of an index run, but for what each machine has of its own.

    Args:
        time: of every source that nothing else tells of, ISO 8601 with its zone.
        time_uncertainty_s: half the width of what that leaves open.
        pattern, time_format, recorder: how names of files tell camera and time.
        market1501: names are those of that set.
        sources, detections: files that every worker reads; absolute paths.
        sources_sha256: of the list of sources when it was queued, in hex: a list that has changed
            since is refused.
    """

    camera: str | None = None
    time: str | None = None
    time_uncertainty_s: float = 0.0
    timezone: str | None = None
    pattern: str | None = None
    time_format: str | None = None
    market1501: bool = False
    recorder: str | None = None
    sources: str | None = None
    sources_sha256: str | None = None
    preset: str = "default"
    sample_rate_hz: int | None = None
    tiles: Tiles | None = None
    detector: str | None = None
    detections: str | None = None
    frames: bool = False

    @property
    def document(self) -> dict[str, Any]:
        """What differs from the defaults, as plain JSON."""
        given = asdict(self)
        return {one.name: given[one.name] for one in fields(self) if given[one.name] != one.default}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> IndexRequest:
        """Read a document that stands in an archive.

        Raises:
            ArchiveError: it is none that this version writes.
        """
        known = {one.name for one in fields(cls)}
        if not set(document) <= known or document.get("preset", "default") not in PRESETS:
            raise ArchiveError(
                "what is queued has options that this version does not know",
                kind=Kind.ARCHIVE_DAMAGED,
            )
        return cls(**document)
