"""What a bundle needs of an archive, as `reidsearch.Archive` gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from reidsearch.domain.crops import Crop, Pixels
from reidsearch.domain.event_log import LogEntry
from reidsearch.domain.footage import SourceCoverage
from reidsearch.domain.redaction import Redaction, RedactionReport
from reidsearch.domain.reports import ClipReport
from reidsearch.output.casework.making import Held as ReportHeld


class HeldFootage(Protocol):
    """Its footage: `archive.footage`."""

    def coverage(self) -> Sequence[SourceCoverage]:
        """What was seen of every source."""
        ...

    def frame(self, crop_id: int) -> tuple[Pixels, Crop]:
        """The full frame that a crop was cut from."""
        ...

    def redacted_frame(self, crop_id: int, whom: Redaction) -> tuple[Pixels, Crop, RedactionReport]:
        """The same with people pixelated."""
        ...

    def clip(
        self,
        crop_id: int,
        out: Path,
        *,
        margin_s: float,
        box: bool,
        as_it_is: bool,
        redact: Redaction | None = None,
        below: Callable[[Pixels, Fraction], Pixels] | None = None,
    ) -> ClipReport:
        """Cut the footage around a crop's tracklet."""
        ...

    def original(self, source_id: int, out: Path) -> Path:
        """Copy the whole file of a source."""
        ...


class HeldLog(Protocol):
    """Its event log: `archive.log`."""

    @property
    def kept(self) -> bool:
        """Whether it has one."""
        ...

    def seal_files(self) -> dict[str, bytes]:
        """Return the files of all seals."""
        ...

    def entries(self) -> Iterator[LogEntry]:
        """Yield all entries."""
        ...

    def count(self) -> int:
        """Return how many there are."""
        ...

    def record_bundle(
        self, path: Path, manifest_sha256: str, files: int, size_bytes: int, by: str
    ) -> None:
        """Record that a bundle was written."""
        ...


class Held(ReportHeld, Protocol):
    """An archive: what its exhibits need beside what reports do."""

    @property
    def actor(self) -> str:
        """Who acts."""
        ...

    @property
    def footage(self) -> HeldFootage:
        """Its footage."""
        ...

    @property
    def log(self) -> HeldLog:
        """Its event log."""
        ...

    def crop(self, crop_id: int) -> Crop:
        """All that is known of a crop."""
        ...

    def picture(self, crop_id: int) -> bytes:
        """A crop's JPEG, verified."""
        ...
