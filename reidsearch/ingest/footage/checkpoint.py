"""Checkpoints as bytes: a JSON header and arrays, in NumPy's own .npz format."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.boxes import Box
from reidsearch.base.errors import DECODING_ERRORS, absent
from reidsearch.domain.footage import How, Span
from reidsearch.domain.tracklets import BestShot, Trace
from reidsearch.ingest.footage.sampled_frames import Position
from reidsearch.media.video.motion import GateState
from reidsearch.media.video.scene import SceneState
from reidsearch.vision.tracking.best_shots import BestShotKeeper
from reidsearch.vision.tracking.stitching import LONGEST_US, TrackletPiece
from reidsearch.vision.tracking.tracker import Track

FORMAT = 3
"""Part of the settings that a checkpoint is valid for; raised when anything here changes."""

UNREADABLE = (*DECODING_ERRORS, zipfile.BadZipFile, EOFError, NotImplementedError)
"""What `unpack` raises for bytes that it cannot read."""


@dataclass(slots=True, eq=False)
class OpenPiece:
    """A tracklet piece that has not ended: it grows with every detection.

    Args:
        stretch: of the recording, without a break in its time or its view.
        closed: it grows no more; it is handed on when it would have ended anyway, so that pieces
            end in the order in which their people were last seen.
        interval_us: the shortest time between sampled frames while it is open.
        doubts: the pts at which a switch to somebody else cannot be excluded.
    """

    number: int
    stretch: int = 0
    closed: bool = False
    interval_us: int = LONGEST_US
    pts: list[int] = field(default_factory=list)
    times_us: list[int] = field(default_factory=list)
    xyxy: list[NDArray[np.float32]] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    keeper: BestShotKeeper = field(default_factory=BestShotKeeper)
    doubts: list[int] = field(default_factory=list)

    def copy(self) -> OpenPiece:
        """Copy it as it is now; the original grows on."""
        return OpenPiece(
            self.number,
            self.stretch,
            self.closed,
            self.interval_us,
            list(self.pts),
            list(self.times_us),
            list(self.xyxy),
            list(self.confidence),
            BestShotKeeper.restored(self.keeper.stretch_us, self.keeper.kept()),
            list(self.doubts),
        )

    def trace(self) -> Trace:
        """Return where it was, so far."""
        return Trace(
            np.array(self.pts, np.int64),
            np.array(self.xyxy, np.float32).reshape(-1, 4),
            np.array(self.confidence, np.float32),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """The state of `follow`, at one frame.

    Args:
        position, sampled_us: the last frame that was worked through, and its media time.
        open: pieces that have not ended.
        ids: the track's number -> the piece's number, of open pieces.
        tracks: the tracker's whole state.
        next_number: of the next piece.
        stretch: of the recording, that the frame belongs to.
        analysed_us: media time of the last analysed frame.
        damaged_us: media time at which pieces were last closed because of damage.
        counts: what was seen and dropped so far.
        spans, covered_us: the coverage so far.
    """

    position: Position
    sampled_us: int
    open: tuple[OpenPiece, ...]
    ids: dict[int, int]
    tracks: tuple[Track, ...]
    next_number: int
    stretch: int
    analysed_us: int
    damaged_us: int
    counts: dict[str, int]
    spans: tuple[Span, ...]
    covered_us: int


def pack(followed: Followed, pending: Sequence[TrackletPiece], outcomes: dict[str, int]) -> bytes:
    """Pack a checkpoint into bytes.

    Args:
        pending: pieces that may still be continued.
        outcomes: what became of those that were complete so far.
    """
    gate, scene = followed.position.gate, followed.position.scene
    if scene is None:
        raise absent("the scene of a checkpoint")
    arrays: dict[str, NDArray[Any]] = {}
    header = {
        "pts": followed.position.pts,
        "digest": followed.position.digest.hex(),
        "number": followed.position.number,
        "sampled_us": followed.sampled_us,
        "gate": None if gate is None else [gate.earlier_us, gate.moved_us, gate.analysed_us],
        "ids": [[key, value] for key, value in followed.ids.items()],
        "tracks": _pack_tracks(followed.tracks, arrays),
        "scene": [scene.calm, scene.width_px, scene.height_px],
        "next_number": followed.next_number,
        "stretch": followed.stretch,
        "analysed_us": followed.analysed_us,
        "damaged_us": followed.damaged_us,
        "counts": followed.counts,
        "spans": [[s.from_us, s.to_us, s.how.value, s.detail] for s in followed.spans],
        "covered_us": followed.covered_us,
        "outcomes": outcomes,
        "open": [
            _pack_open_piece(one, f"open{row}", arrays) for row, one in enumerate(followed.open)
        ],
        "pending": [_pack_piece(one, f"pending{row}", arrays) for row, one in enumerate(pending)],
    }
    if gate is not None:
        arrays["earlier"] = gate.earlier
    arrays["scene"] = scene.grey
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    return _npz(arrays)


def unpack(data: bytes) -> tuple[Followed, list[TrackletPiece], dict[str, int]]:
    """Unpack what `pack` made."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        header = json.loads(arrays["header"].tobytes())
        gate = header["gate"]
        followed = Followed(
            position=Position(
                header["pts"],
                bytes.fromhex(header["digest"]),
                header["number"],
                None if gate is None else GateState(arrays["earlier"], *gate),
                SceneState(arrays["scene"], *header["scene"]),
            ),
            sampled_us=header["sampled_us"],
            open=tuple(
                _unpack_open_piece(one, f"open{row}", arrays)
                for row, one in enumerate(header["open"])
            ),
            ids=dict(map(tuple, header["ids"])),
            tracks=_unpack_tracks(header["tracks"], arrays),
            next_number=header["next_number"],
            stretch=header["stretch"],
            analysed_us=header["analysed_us"],
            damaged_us=header["damaged_us"],
            counts=header["counts"],
            spans=tuple(Span(a, b, How(how), detail) for a, b, how, detail in header["spans"]),
            covered_us=header["covered_us"],
        )
        pending = [
            _unpack_piece(one, f"pending{row}", arrays) for row, one in enumerate(header["pending"])
        ]
    return followed, pending, header["outcomes"]


def _pack_tracks(tracks: Sequence[Track], arrays: dict[str, NDArray[Any]]) -> list[list[int]]:
    for row, one in enumerate(tracks):
        arrays[f"track{row}.xyxy"], arrays[f"track{row}.velocity"] = one.xyxy, one.velocity
        if one.look is not None:
            arrays[f"track{row}.look"] = one.look
        if one.crop is not None:
            arrays[f"track{row}.crop"] = one.crop
    return [[one.number, one.time_us, one.look_us, one.seen, one.looked] for one in tracks]


def _unpack_tracks(rows: list[list[int]], arrays: Any) -> tuple[Track, ...]:
    return tuple(
        Track(
            number=number,
            time_us=time_us,
            xyxy=arrays[f"track{row}.xyxy"],
            velocity=arrays[f"track{row}.velocity"],
            look=arrays.get(f"track{row}.look"),
            crop=arrays.get(f"track{row}.crop"),
            look_us=look_us,
            seen=seen,
            looked=looked,
        )
        for row, (number, time_us, look_us, seen, looked) in enumerate(rows)
    )


def _npz(arrays: dict[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _pack_open_piece(one: OpenPiece, key: str, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    kept = one.keeper.kept()
    _pack_trace(one.trace(), np.array(one.times_us, np.int64), key, arrays)
    return {
        "number": one.number,
        "stretch": one.stretch,
        "closed": one.closed,
        "interval_us": one.interval_us,
        "doubts": one.doubts,
        "stretch_us": one.keeper.stretch_us,
        "view_times_us": [time_us for time_us, _ in kept],
        "views": _pack_shots([shot for _, shot in kept], key, arrays),
    }


def _unpack_open_piece(header: dict[str, Any], key: str, arrays: Any) -> OpenPiece:
    trace, times_us = _unpack_trace(key, arrays)
    shots = _unpack_shots(header["views"], key, arrays)
    return OpenPiece(
        number=header["number"],
        stretch=header["stretch"],
        closed=header["closed"],
        interval_us=header["interval_us"],
        doubts=header["doubts"],
        pts=trace.pts.tolist(),
        times_us=times_us.tolist(),
        xyxy=list(trace.xyxy),
        confidence=trace.confidence.tolist(),
        keeper=BestShotKeeper.restored(
            header["stretch_us"], list(zip(header["view_times_us"], shots, strict=True))
        ),
    )


def _pack_piece(one: TrackletPiece, key: str, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    _pack_trace(one.trace, one.times_us, key, arrays)
    arrays[f"{key}.vectors"] = one.vectors
    return {
        "pieces": one.pieces,
        "stretch": one.stretch,
        "interval_us": one.interval_us,
        "order_us": one.order_us,
        "doubts": list(one.doubts),
        "views": _pack_shots(one.shots, key, arrays),
    }


def _unpack_piece(header: dict[str, Any], key: str, arrays: Any) -> TrackletPiece:
    trace, times_us = _unpack_trace(key, arrays)
    shots = _unpack_shots(header["views"], key, arrays)
    return TrackletPiece(
        trace,
        times_us,
        shots,
        arrays[f"{key}.vectors"],
        header["pieces"],
        header["stretch"],
        header["interval_us"],
        header["order_us"],
        tuple(header["doubts"]),
    )


def _pack_trace(
    trace: Trace, times_us: NDArray[np.int64], key: str, arrays: dict[str, NDArray[Any]]
) -> None:
    arrays[f"{key}.pts"] = trace.pts
    arrays[f"{key}.times_us"] = times_us
    arrays[f"{key}.xyxy"] = trace.xyxy
    arrays[f"{key}.confidence"] = trace.confidence


def _unpack_trace(key: str, arrays: Any) -> tuple[Trace, NDArray[np.int64]]:
    trace = Trace(arrays[f"{key}.pts"], arrays[f"{key}.xyxy"], arrays[f"{key}.confidence"])
    return trace, arrays[f"{key}.times_us"]


def _pack_shots(shots: Sequence[BestShot], key: str, arrays: dict[str, NDArray[Any]]) -> list[Any]:
    arrays[f"{key}.jpegs"] = np.frombuffer(b"".join(shot.jpeg for shot in shots), np.uint8)
    return [
        [
            shot.pts,
            shot.box.as_list(),
            shot.frame_width_px,
            shot.frame_height_px,
            len(shot.jpeg),
            shot.quality,
            shot.confidence,
            shot.sharpness,
        ]
        for shot in shots
    ]


def _unpack_shots(rows: list[Any], key: str, arrays: Any) -> tuple[BestShot, ...]:
    data, at, shots = arrays[f"{key}.jpegs"].tobytes(), 0, []
    for pts, box, width_px, height_px, size, quality, confidence, sharpness in rows:
        jpeg = data[at : at + size]
        at += size
        shots.append(
            BestShot(pts, Box(*box), width_px, height_px, jpeg, quality, confidence, sharpness)
        )
    return tuple(shots)
