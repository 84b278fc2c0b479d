"""A recorder's segments: a scene that is cut, with a list that names camera, start, detections."""

from __future__ import annotations

import csv
import datetime as dt
import os
import time
from pathlib import Path

import av
from scenes import NOON

SECONDS = 6.0
"""Of a segment; the scene has three of them."""


def cut(video: Path, folder: Path, seconds: float = SECONDS) -> list[Path]:
    """Write segments of a scene, encoded anew, and `sources.csv` beside them; return them."""
    folder.mkdir()
    with av.open(str(video)) as source:
        fps = round(source.streams.video[0].average_rate)
        frames = [one.to_ndarray(format="bgr24") for one in source.decode(video=0)]
    step = round(seconds * fps)
    detections = [
        row for row in csv.reader(video.with_suffix(".det.txt").read_text().splitlines()) if row
    ]
    lines, written = ["path,camera,start,detections"], []
    for number, first in enumerate(range(0, len(frames), step)):
        path = folder / f"gate-{number}.mp4"
        with av.open(str(path), "w") as target:
            stream = target.add_stream("libx264", rate=fps, options={"threads": "1", "crf": "18"})
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = "yuv420p"
            for frame in frames[first : first + step]:
                target.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")))
            target.mux(stream.encode())
        own = [
            [str(int(row[0]) - first), *row[1:]]
            for row in detections
            if first < int(row[0]) <= first + step
        ]
        path.with_suffix(".det.txt").write_text("".join(",".join(row) + "\n" for row in own))
        start = NOON + dt.timedelta(seconds=number * seconds)
        lines.append(f"{path.name},gate,{start.isoformat()},{path.with_suffix('.det.txt').name}")
        written.append(path)
    (folder / "sources.csv").write_text("\n".join(lines) + "\n")
    return written


def aged(path: Path, seconds: float = 60.0) -> Path:
    """Let a file be one that was written so long ago."""
    at = time.time() - seconds
    os.utime(path, (at, at))
    return path
