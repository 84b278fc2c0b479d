"""One drawn scene in the containers that reach a browser in different ways, indexed."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import av
from scenes import NOON, write_yard

from reidsearch import Archive, FootageOptions
from reidsearch.media.naming.source_facts import SourceNaming


def index_all(scene: Path, folder: Path) -> dict[str, int]:
    """Index copies of the scene as the camera gate into `folder / "archive"`; return the sources.

    `yard` is another camera, which begins ten seconds later.
    """
    detections = scene.with_suffix(".det.txt")
    made = {
        "file": Path(shutil.copy(scene, folder / "gate.mp4")),
        "remuxed": _as(scene, folder / "gate.ts", container="mpegts"),
        "transcoded": _as(scene, folder / "hevc.mp4", codec="libx265"),
        "counted": _as(scene, folder / "raw.264", container="h264"),
    }
    write_yard(folder / "yard.mp4")
    later = NOON + dt.timedelta(seconds=10)
    with Archive.open(folder / "archive", create=True, model="builtin") as archive:
        ids = {name: _index(archive, path, detections) for name, path in made.items()}
        ids["yard"] = _index(archive, folder / "yard.mp4", folder / "yard.det.txt", "yard", later)
    return ids


def _index(
    archive: Archive, path: Path, detections: Path, camera: str = "gate", start: dt.datetime = NOON
) -> int:
    naming = SourceNaming(camera=camera, start=start)
    archive.index([path], footage=FootageOptions(naming=naming, detections=detections))
    return next(
        one.source_id for one in archive.footage.coverage() if one.location.endswith(path.name)
    )


def _as(path: Path, out: Path, *, container: str | None = None, codec: str | None = None) -> Path:
    """The same video in another container, or encoded anew."""
    with (
        av.open(str(path)) as source,
        av.open(str(out), "w", format=container) as target,
    ):
        stream = source.streams.video[0]
        if codec is None:
            copied = target.add_stream_from_template(stream)
            for packet in source.demux(stream):
                if packet.size:
                    packet.stream = copied
                    target.mux(packet)
            return out
        made = target.add_stream(codec, rate=stream.average_rate)
        made.width, made.height, made.pix_fmt = stream.width, stream.height, "yuv420p"
        if codec == "libx265":
            made.options = {"x265-params": "log-level=none:keyint=40"}
        for frame in source.decode(stream):
            target.mux(made.encode(frame))
        target.mux(made.encode())
    return out
