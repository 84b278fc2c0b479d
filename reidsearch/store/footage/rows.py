"""Between the nouns of footage and rows: blobs, facts, coverage."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from sqlalchemy import Row

from reidsearch.base.errors import DECODING_ERRORS, ArchiveError, Kind
from reidsearch.base.timecode import from_us, to_us
from reidsearch.domain.footage import Clock, SourceFacts, SourceState, VideoInfo
from reidsearch.domain.told import FactNote
from reidsearch.domain.tracklets import Trace
from reidsearch.store.crops.rows import sha256_of
from reidsearch.store.decoding import reads
from reidsearch.store.tables.footage import footage

_NONE_S = Fraction(0)


def trace_blob(trace: Trace) -> bytes:
    """Pack int64 pts, float32 boxes, float32 confidences, little-endian, in this order, zlib."""
    parts = (trace.pts.astype("<i8"), trace.xyxy.astype("<f4"), trace.confidence.astype("<f4"))
    return zlib.compress(b"".join(part.tobytes() for part in parts))


def read_trace(blob: bytes, sha256: bytes) -> Trace:
    """Unpack what `trace_blob` packed.

    Raises:
        ArchiveError: the bytes are not those that were stored.
    """
    if sha256_of(blob) != sha256:
        raise ArchiveError("a tracklet's trace is damaged", kind=Kind.ARCHIVE_DAMAGED)
    try:
        data = zlib.decompress(blob)
        count = len(data) // 28
        return Trace(
            pts=np.frombuffer(data, "<i8", count),
            xyxy=np.frombuffer(data, "<f4", count * 4, count * 8).reshape(count, 4),
            confidence=np.frombuffer(data, "<f4", count, count * 24),
        )
    except DECODING_ERRORS as error:
        raise ArchiveError("a tracklet's trace is damaged", kind=Kind.ARCHIVE_DAMAGED) from error


def trace_values(info: VideoInfo, trace: Trace) -> dict[str, Any]:
    """Return a trace as columns of `tracklet_part`, without its fragments."""
    blob = trace_blob(trace)
    first, last = (info.media_s(int(pts)) for pts in (trace.pts[0], trace.pts[-1]))
    return {
        "first_us": round(first * 1_000_000),
        "last_us": round(last * 1_000_000),
        "detections": len(trace),
        "trace": blob,
        "sha256": sha256_of(blob),
    }


def info_values(info: VideoInfo) -> dict[str, Any]:
    """Return what a source says of itself, as columns of `footage`."""
    return {
        "kind": info.kind,
        "container": info.container,
        "codec": info.codec,
        "pixel_format": info.pixel_format,
        "rotation": info.rotation,
        "time_base_num": info.time_base.numerator,
        "time_base_den": info.time_base.denominator,
        "first_pts": info.first_pts,
        "declared_fps": info.declared_fps,
        "declared_s": info.declared_s,
        "created_us": to_us(info.created) if info.created else None,
        "notes": list(info.notes),
    }


def read_state(row: Any, live_runs: frozenset[int]) -> SourceState:
    """Read how far a source is; the row has `state` and `run_id`.

    Args:
        row: of `footage`.
        live_runs: the runs at work just now: whatever else is recorded as running was killed.
    """
    if row.state == "finished":
        return SourceState.FINISHED
    return SourceState.RUNNING if row.run_id in live_runs else SourceState.INTERRUPTED


@reads(footage)
def read_info(row: Row[Any]) -> VideoInfo:
    """Read what `info_values` made; the row has `width_px` and `height_px` of `source` too."""
    return VideoInfo(
        kind=row.kind,
        container=row.container,
        codec=row.codec,
        pixel_format=row.pixel_format,
        width_px=row.width_px,
        height_px=row.height_px,
        rotation=row.rotation,
        time_base=Fraction(row.time_base_num, row.time_base_den),
        first_pts=row.first_pts,
        declared_fps=row.declared_fps,
        declared_s=row.declared_s,
        created=None if row.created_us is None else from_us(row.created_us),
        notes=tuple(row.notes),
    )


CLOCK = (
    footage.c.start_us,
    footage.c.clock_origin,
    footage.c.uncertainty_s,
    footage.c.offset_us,
    footage.c.drift_ppm,
    footage.c.moved_us,
    footage.c.clock_until_us,
)
"""The columns that `read_clock` reads."""


def clock_values(clock: Clock) -> dict[str, Any]:
    """Return a clock as columns of `footage`."""
    return {
        "start_us": to_us(clock.start) if clock.start else None,
        "clock_origin": clock.origin,
        "uncertainty_s": clock.uncertainty_s,
        "offset_us": round(clock.offset_s * 1_000_000),
        "drift_ppm": clock.drift_ppm,
        "moved_us": round(clock.moved_s * 1_000_000),
    }


@reads(footage)
def read_clock(row: Any) -> Clock:
    """Read what `clock_values` made."""
    return Clock(
        start=None if row.start_us is None else from_us(row.start_us),
        origin=row.clock_origin,
        uncertainty_s=row.uncertainty_s,
        offset_s=Fraction(row.offset_us, 1_000_000) if row.offset_us else _NONE_S,
        drift_ppm=row.drift_ppm,
        moved_s=Fraction(row.moved_us, 1_000_000) if row.moved_us else _NONE_S,
        certain_until_s=(
            None if row.clock_until_us is None else Fraction(row.clock_until_us, 1_000_000)
        ),
    )


@reads(footage)
def read_facts(row: Row[Any]) -> SourceFacts:
    """Return camera and clock; the row holds the camera's name as `camera`."""
    if row.camera_id is not None and row.camera is None:
        raise LookupError("its camera is not found")
    return SourceFacts(row.camera, read_clock(row), read_notes(row.facts_notes))


def notes_values(notes: Sequence[FactNote]) -> list[list[str]]:
    """Return notes on facts as a column of `footage`."""
    return [[note.about, note.text] for note in notes]


def read_notes(stored: Sequence[Sequence[str]]) -> tuple[FactNote, ...]:
    """Read what `notes_values` made."""
    return tuple(FactNote(about, text) for about, text in stored)
