"""Footage without pixels: sources, cameras, clocks and tracklets, written as an index run does."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from archives import MODEL, NOON, make_empty

from reidsearch.base.address import Address
from reidsearch.base.boxes import Box
from reidsearch.domain.crops import Vectors
from reidsearch.domain.embeddings import robust_mean
from reidsearch.domain.footage import Clock, How, SourceFacts, Span, VideoInfo
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.steps import SourceFile, SourceStep
from reidsearch.domain.tracklets import BestShot, Trace, Tracklet
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import open_writer
from reidsearch.store.footage.writer import FootageWriter

FPS = 10


@dataclass(frozen=True)
class Seen:
    """A tracklet to be: seconds from the footage's start, and (n, DIMENSION) views.

    `left_px` is where it stands; None: beside the one before it.
    """

    from_s: float
    to_s: float
    vectors: Vectors
    left_px: int | None = None


def write_footage(
    folder: Address,
    name: str,
    camera: str | None,
    seen: Sequence[Seen],
    *,
    start: dt.datetime | None = NOON,
    uncertainty_s: float | None = 1.0,
    seconds: float = 600,
    model: ModelIdentity = MODEL,
) -> None:
    """One finished source with these tracklets; crops and tracklets get the next ids."""
    if isinstance(folder, Path):
        make_empty(folder)
    info = VideoInfo("video", "mp4", "h264", None, 640, 360, 0, Fraction(1, FPS), 0, FPS, seconds)
    clock = Clock(start, "option" if start else None, uncertainty_s if start else None)
    file = SourceFile(f"/footage/{name}", name, hashlib.sha256(name.encode()).digest(), 1000)
    with Store(folder) as store, open_writer(store, model) as writer:
        writer.begin_run(request=name, command="", version="0", runtime="none")
        footage = FootageWriter(writer)
        begun = footage.begin(
            file, info, SourceFacts(camera, clock), {"preset": "made", "max_gap_s": 4.0}
        )
        length_us = round(seconds * 1_000_000)
        footage.commit(
            SourceStep(
                source_id=begun.source_id,
                tracklets=[_tracklet(one, name, number) for number, one in enumerate(seen)],
                first_span=0,
                spans=[Span(0, length_us, How.DENSE)],
                state=None,
                counts={},
                duration_us=length_us,
                measured_fps=FPS,
                notes=[],
            ),
        )
        writer.end_run({}, finished=True)


def _tracklet(one: Seen, name: str, number: int) -> Tracklet:
    pts = np.arange(round(one.from_s * FPS), round(one.to_s * FPS) + 1)
    x = 10 + 80 * number if one.left_px is None else one.left_px
    boxes = np.tile(np.array([x, 20, x + 40, 120], np.float32), (len(pts), 1))
    views = [
        BestShot(
            pts=int(pts[min(row, len(pts) - 1)]),
            box=Box(x + row, 20, x + 40 + row, 120),
            frame_width_px=640,
            frame_height_px=360,
            jpeg=f"{name} {number} {row}".encode(),
            quality=0.9 - row / 10,
            confidence=0.9,
            sharpness=0.5,
        )
        for row in range(len(one.vectors))
    ]
    quality = np.array([view.quality for view in views])
    return Tracklet(
        trace=Trace(pts.astype(np.int64), boxes, np.ones(len(pts), np.float32)),
        views=tuple(views),
        vectors=one.vectors,
        vector=robust_mean(one.vectors, quality),
    )
