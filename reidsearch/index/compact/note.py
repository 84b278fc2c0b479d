"""The file that says what a compact index consists of: its segments, their checksums, its codec.

Nothing in it is believed before it is looked at: every count, size and name is checked here, and
compared with the files that it names when they are loaded.
"""

from __future__ import annotations

import base64
import json
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

FORMAT = "reidsearch/compact/2"
LARGEST_NOTE = 1 << 28
LARGEST_NUMBER = 1e6
MOST_ROWS = 1 << 24  # of a segment; written are 262 144 at most
SEGMENT_NAME = re.compile(r"codes-[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class SegmentNote:
    """What the files of one segment must be.

    Args:
        name: of its three files, without their endings.
        outliers: (m,) rows, increasing.
        outlier_errors: (m,) float32.
    """

    name: str
    rows: int
    error: float
    bound_error: float
    longest: float
    outliers: NDArray[np.int64]
    outlier_errors: NDArray[np.float32]
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
        errors = members.get("outlier_errors")
        if not isinstance(errors, list) or len(errors) != len(outliers):
            raise IndexDamaged("the outliers of a segment have no errors")
        return cls(
            _text(members.get("name"), SEGMENT_NAME),
            rows,
            _number(members.get("error"), 0.0, 2.0),
            _number(members.get("bound_error"), 0.0, 2.0),
            _number(members.get("longest"), 0.0, LARGEST_NUMBER),
            numbers,
            np.array([_number(one, 0.0, LARGEST_NUMBER) for one in errors], dtype=np.float32),
            _text(members.get("scan_sha256"), _SHA256),
            _text(members.get("sums_sha256"), _SHA256),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what `of` reads."""
        return {
            "name": self.name,
            "rows": self.rows,
            "error": self.error,
            "bound_error": self.bound_error,
            "longest": self.longest,
            "outliers": self.outliers.tolist(),
            "outlier_errors": self.outlier_errors.tolist(),
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
        if given.get("codec") is not None:
            codec = _codec(dimension, given["codec"])
        elif segments:
            raise IndexDamaged("segments without the codec that they were made with")
        return cls(dimension, codec, _whole(given.get("trained_for"), 0, 1 << 48), segments)

    def to_json(self) -> dict[str, Any]:
        """Return what `read` reads."""
        return {
            "format": FORMAT,
            "dimension": self.dimension,
            "codec": _codec_to_json(self.codec) if self.codec else None,
            "trained_for": self.trained_for,
            "segments": [segment.to_json() for segment in self.segments],
        }


def _codec_to_json(codec: Codec) -> dict[str, Any]:
    """Return what `_codec` reads; arrays as their float32, little-endian, in base64."""
    arrays = {name: getattr(codec, name) for name in _SHAPES}
    coded = {
        name: base64.b64encode(array.astype("<f4").tobytes()).decode("ascii")
        for name, array in arrays.items()
    }
    return {"leading": codec.leading, "scan_width": codec.centroids.shape[2], **coded}


_SHAPES = ("axes", "middles", "steps", "centroids")
ORTHONORMAL = 5e-5  # so far may the axes be from it: half of what fine scores are rounded by


def _codec(dimension: int, given: Any) -> Codec:
    members = given if isinstance(given, dict) else {}
    width = _whole(members.get("scan_width"), 1, dimension)
    axes = _floats(members.get("axes"), dimension * dimension).reshape(dimension, dimension)
    middles, steps = (_floats(members.get(name), dimension + 1) for name in ("middles", "steps"))
    centroids = _floats(members.get("centroids"), None)
    if centroids.size % (CENTROIDS * width) or not 0 < centroids.size <= CENTROIDS * dimension:
        raise IndexDamaged(f"its centroids are not those of {dimension} values")
    if not np.linalg.norm(axes @ axes.T - np.eye(dimension)) <= ORTHONORMAL:
        raise IndexDamaged("its axes are not at right angles to each other")
    if (steps <= 0).any():
        raise IndexDamaged("its codes have steps that are not positive")
    leading = _whole(members.get("leading"), 0, dimension - 1)
    return Codec(axes, leading, middles, steps, centroids.reshape(-1, CENTROIDS, width))


def _floats(value: Any, count: int | None) -> NDArray[np.float32]:
    """Read finite float32 of base64; so many."""
    try:
        data = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except ValueError as error:
        raise IndexDamaged("it has no numbers where some should be") from error
    if len(data) % 4 or (count is not None and len(data) != 4 * count):
        raise IndexDamaged("it has another count of numbers than its codes need")
    numbers = np.frombuffer(data, "<f4").astype(np.float32)
    if not np.isfinite(numbers).all() or (np.abs(numbers) > LARGEST_NUMBER).any():
        raise IndexDamaged("it has numbers that are none of unit vectors")
    return numbers


def _whole(value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise IndexDamaged(f"it has no whole number from {least} to {most} where one should be")
    return value


def _number(value: Any, least: float, most: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not least <= value <= most:  # nor is NaN
        raise IndexDamaged(f"it has no number from {least:g} to {most:g} where one should be")
    return float(value)


def _text(value: Any, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise IndexDamaged("it has a name or checksum of another form than its kind has")
    return value
