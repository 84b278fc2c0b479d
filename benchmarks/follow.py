"""Following segments against the unsplit clip: are people who cross a border one tracklet?

    python benchmarks/follow.py CLIP [--model-path DIR] [--seconds 40 --seconds 10]

The clip is cut into segments by copying its packets, at the first key frame after so many seconds,
named as recorders do: with camera and time, to the millisecond or (`whole`) the second below it.
They are indexed by `follow`, the clip as a whole by `index`. A border counts for each tracklet of
the whole clip that is seen on both sides of it; it has gone on where those boxes are of one
tracklet of the segments. Prints Markdown.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import av
import click
import numpy as np
from numpy.typing import NDArray

from reidsearch import Archive, FootageOptions, SourceNaming
from reidsearch.media.naming.patterns import compile_pattern
from reidsearch.services.follow import FollowPlan

BEGINS = dt.datetime(2026, 3, 10, 8, tzinfo=dt.UTC)
NAMES = SourceNaming(
    pattern=compile_pattern(r"(?P<camera>gate)_(?P<time>\d{8}T\d{6}\.\d{3})\.mp4$"),
    time_format="%Y%m%dT%H%M%S.%f",
    zone=dt.UTC,
)
NEAR_S = 0.3  # frames are sampled from the start of each segment on
SHOWN = 0.3  # intersection over union


def cut(clip: Path, folder: Path, seconds: float, *, whole: bool) -> list[float]:
    """Write segments; return where they begin, in seconds of the clip."""
    folder.mkdir()
    borders: list[float] = []
    with av.open(str(clip)) as source:
        stream, target = source.streams.video[0], None
        first_s = None
        for packet in source.demux(stream):
            if packet.dts is None:
                continue
            at_s = float(packet.pts * packet.time_base)
            first_s = at_s if first_s is None else first_s
            if packet.is_keyframe and (not borders or at_s - first_s - borders[-1] >= seconds):
                if target is not None:
                    target.close()
                borders.append(at_s - first_s)
                told_s = int(borders[-1]) if whole else borders[-1]
                time = f"{BEGINS + dt.timedelta(seconds=told_s):%Y%m%dT%H%M%S.%f}"[:-3]
                target = av.open(str(folder / f"gate_{time}.mp4"), "w")
                copied, zero = target.add_stream_from_template(stream), packet.dts
            packet.pts, packet.dts, packet.stream = packet.pts - zero, packet.dts - zero, copied
            target.mux(packet)
        target.close()
    return borders


@dataclass
class Seen:
    """One tracklet: when and where, on the clip's clock."""

    times_s: NDArray[np.float64]
    xyxy: NDArray[np.float32]

    def overlap(self, time_s: float, box: NDArray[np.float32]) -> float:
        """Intersection over union of a box with where it is at that time; 0: it is not there."""
        nearest = int(np.abs(self.times_s - time_s).argmin())
        if abs(self.times_s[nearest] - time_s) > NEAR_S:
            return 0.0
        own = self.xyxy[nearest]
        sides = np.clip(np.minimum(own[2:], box[2:]) - np.maximum(own[:2], box[:2]), 0, None)
        both = float(sides.prod())
        return both / (float((own[2:] - own[:2]).prod() + (box[2:] - box[:2]).prod()) - both)


def seen_in(archive: Archive, begins_s: list[float]) -> list[Seen]:
    """All tracklets of an archive whose sources, by name, begin at these times of the clip."""
    parts = defaultdict[int, list[tuple[NDArray[np.float64], NDArray[np.float32]]]](list)
    sources = sorted(archive.footage.coverage(), key=lambda one: one.location)
    for source, begins in zip(sources, begins_s, strict=True):
        for one in archive.footage.tracklets(source.source_id):
            trace = archive.footage.trace(one.tracklet_id, source.source_id)
            media_s = [float(source.info.media_s(pts)) for pts in trace.pts.tolist()]
            parts[one.tracklet_id].append((np.array(media_s) + begins, trace.xyxy))
    return [Seen(*map(np.concatenate, zip(*found, strict=True))) for found in parts.values()]


def whole_clip(clip: Path, folder: Path, models: list[Path]) -> list[Seen]:
    """Index the clip as it is."""
    naming = SourceNaming(camera="gate", start=BEGINS)
    with Archive.open(folder, create=True, model_path=models, offline=True) as archive:
        archive.index([clip], footage=FootageOptions(naming=naming))
        return seen_in(archive, [0.0])


def followed(folder: Path, segments: Path, borders: list[float], models: list[Path]) -> list[Seen]:
    """Follow a folder of segments once."""
    plan = FollowPlan((segments,), FootageOptions(naming=NAMES), settle_s=0.0)
    with Archive.open(folder, create=True, model_path=models, offline=True) as archive:
        archive.follower(plan).run(threading.Event(), once=True)
        if archive.check():
            raise SystemExit(f"{segments}: the archive is not whole")
        return seen_in(archive, borders)


def shown_as(seen: list[Seen], time_s: float, box: NDArray[np.float32]) -> int | None:
    """Which tracklet is there."""
    overlaps = [one.overlap(time_s, box) for one in seen]
    best = int(np.argmax(overlaps)) if overlaps else 0
    return best if overlaps and overlaps[best] > SHOWN else None


def judge(whole: list[Seen], split: list[Seen], borders: list[float]) -> str:
    """Tracklets of the whole clip, of the segments, borders crossed, gone on, visits missed."""
    crossed = gone_on = missed = 0
    for one in whole:
        found = [shown_as(split, t, box) for t, box in zip(one.times_s, one.xyxy, strict=True)]
        missed += sum(other is not None for other in found) < len(found) / 2
        for border_s in borders[1:]:
            before = [o for t, o in zip(one.times_s, found, strict=True) if t < border_s]
            after = [o for t, o in zip(one.times_s, found, strict=True) if t >= border_s]
            if before and after:
                last = next((o for o in reversed(before) if o is not None), None)
                first = next((o for o in after if o is not None), None)
                crossed += 1
                gone_on += last is not None and last == first
    return f"{len(whole)} | {len(split)} | {crossed} | {gone_on} | {missed}"


@click.command()
@click.argument("clips", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option("--seconds", multiple=True, type=float, default=(40.0, 10.0))
def main(clips: tuple[Path, ...], model_path: Path, seconds: tuple[float, ...]) -> None:
    """Measure every clip with every length."""
    print("| clip | segments of | names tell | segments | tracklets unsplit | followed | borders "
          "with somebody in view | gone on | visits missed |")  # fmt: skip
    print("| --- " * 9 + "|")
    with tempfile.TemporaryDirectory() as name:
        for clip in clips:
            whole = whole_clip(clip, Path(name) / f"{clip.stem}-whole", [model_path])
            for length in seconds:
                for rounded in (False, True):
                    folder = Path(name) / f"{clip.stem}-{length}-{rounded}"
                    borders = cut(clip, folder, length, whole=rounded)
                    split = followed(folder.with_suffix(".archive"), folder, borders, [model_path])
                    told = "the second" if rounded else "milliseconds"
                    print(f"| {clip.stem} | {length:g} s | {told} | {len(borders)} | "
                          f"{judge(whole, split, borders)} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
