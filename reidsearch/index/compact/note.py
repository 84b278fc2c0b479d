"""The file that says what a compact index consists of: its segments, their checksums, its codec.

Nothing in it is believed before it is looked at: every count, size and name is checked here, and
compared with the files that it names when they are loaded.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidsearch.base import own_files
from reidsearch.base.errors import ArchiveError
from reidsearch.index.compact.codec import CENTROIDS, Codec
from reidsearch.index.contract import IndexDamaged
from reidsearch.index.layout import LARGEST_DIMENSION

FORMAT = "reidsearch/compact/1"
LARGEST_NOTE = 1 << 28
MOST_ROWS = 1 << 24  # of a segment; written are 262 144 at most
SEGMENT_NAME = re.compile(r"codes-[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class SegmentNote:
    """What the files of one segment must be.

    Args:
        name: of its three files, without their endings.
        outliers: (m,) rows, increasing.
    """

    name: str
    rows: int
    fine_bytes: int
    error: float
    outliers: NDArray[np.int64]
    scan_sha256: str
    sums_sha256: str

    @classmethod
    def of(cls, given: Any) -> SegmentNote:
        """Read one of a note.

        Raises:
            IndexDamaged: it is something else.
        """
        members = given if isinstance(given, dict) else {}
        rows = _whole(members.get("rows"), 1, MOST_ROWS)
        outliers = members.get("outliers")
        if not isinstance(outliers, list) or len(outliers) > rows:
            raise IndexDamaged("the outliers of a segment are no list of its rows")
        numbers = np.array([_whole(one, 0, rows - 1) for one in outliers], dtype=np.int64)
        if (np.diff(numbers) <= 0).any():
            raise IndexDamaged("the outliers of a segment do not increase")
        return cls(
            _text(members.get("name"), SEGMENT_NAME),
            rows,
            _whole(members.get("fine_bytes"), 1, 1 << 48),
            _number(members.get("error"), 0.0, 2.0),
            numbers,
            _text(members.get("scan_sha256"), _SHA256),
            _text(members.get("sums_sha256"), _SHA256),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what `of` reads."""
        return {
            "name": self.name,
            "rows": self.rows,
            "fine_bytes": self.fine_bytes,
            "error": self.error,
            "outliers": self.outliers.tolist(),
            "scan_sha256": self.scan_sha256,
            "sums_sha256": self.sums_sha256,
        }


@dataclass(frozen=True, slots=True)
class Note:
    """What a compact index consists of.

    Args:
        codec: None where there are no segments yet.
        trained_for: how many vectors the codec was made for.
    """

    dimension: int
    codec: Codec | None
    trained_for: int
    segments: tuple[SegmentNote, ...]

    @classmethod
    def read(cls, path: Path) -> Note:
        """Read what `Compact.save` wrote.

        Raises:
            ArchiveError: it is no such file.
        """
        try:
            given = json.loads(own_files.read_bytes(path, LARGEST_NOTE))
        except OSError as error:
            raise ArchiveError(f"{path} cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise ArchiveError(f"{path} does not describe an index") from error
        if not isinstance(given, dict) or given.get("format") != FORMAT:
            raise ArchiveError(f"{path} does not describe an index of {FORMAT}")
        try:
            return cls._of(given)
        except IndexDamaged as error:
            raise IndexDamaged(f"{path.name}: {error.message}") from error

    @classmethod
    def _of(cls, given: dict[str, Any]) -> Note:
        dimension = _whole(given.get("dimension"), 1, LARGEST_DIMENSION)
        listed = given.get("segments")
        if not isinstance(listed, list):
            raise IndexDamaged("its segments are no list")
        segments = tuple(map(SegmentNote.of, listed))
        if len({segment.name for segment in segments}) < len(segments):
            raise IndexDamaged("a segment is named twice")
        codec = None
        if given.get("centroids") is not None:
            codec = _codec(dimension, given)
        elif segments:
            raise IndexDamaged("segments without the centroids that they were made with")
        return cls(dimension, codec, _whole(given.get("trained_for"), 0, 1 << 48), segments)

    def to_json(self) -> dict[str, Any]:
        """Return what `read` reads."""
        codec = self.codec
        return {
            "format": FORMAT,
            "dimension": self.dimension,
            "low": codec.low if codec else 0.0,
            "span": codec.span if codec else 0.0,
            "centroids": codec.centroids.tolist() if codec else None,
            "trained_for": self.trained_for,
            "segments": [segment.to_json() for segment in self.segments],
        }


def _codec(dimension: int, given: dict[str, Any]) -> Codec:
    try:
        centroids = np.array(given["centroids"], dtype=np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise IndexDamaged("its centroids are no numbers") from error
    if (
        centroids.ndim != 3
        or centroids.shape[1] != CENTROIDS
        or centroids.shape[0] * centroids.shape[2] != dimension
        or not np.isfinite(centroids).all()
    ):
        raise IndexDamaged(f"its centroids are not those of {dimension} values")
    low, span = _number(given.get("low"), -1e6, 1e6), _number(given.get("span"), 1e-9, 1e6)
    return Codec(centroids, low, span)


def _whole(value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise IndexDamaged(f"it has no whole number from {least} to {most} where one should be")
    return value


def _number(value: Any, least: float, most: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not least <= value <= most:
        raise IndexDamaged(f"it has no number from {least:g} to {most:g} where one should be")
    return float(value)


def _text(value: Any, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise IndexDamaged("it has a name or checksum that nothing of its kind has")
    return value
