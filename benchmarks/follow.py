"""Following segments against the unsplit clip: are people who cross a border one tracklet?

    python benchmarks/follow.py CLIP [--model-path DIR] [--seconds 40 --seconds 10]

The clip is cut into segments by copying its packets, at the first key frame after so many seconds,
named as recorders do: with camera and time, to the millisecond or (`whole`) the second below it.
They are indexed by `follow`, the clip as a whole by `index`. A border counts where a tracklet of
the whole clip is seen on both sides of it. Prints Markdown.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import threading
from pathlib import Path

import av
import click

from reidsearch import Archive, FootageOptions, SourceNaming
from reidsearch.domain.tracklets import TrackletSeen
from reidsearch.media.naming.patterns import compile_pattern
from reidsearch.services.follow import FollowPlan

BEGINS = dt.datetime(2026, 3, 10, 8, tzinfo=dt.UTC)
NAMES = SourceNaming(
    pattern=compile_pattern(r"(?P<camera>gate)_(?P<time>\d{8}T\d{6}\.\d{3})\.mp4$"),
    time_format="%Y%m%dT%H%M%S.%f",
    zone=dt.UTC,
)
NEAR_S = 1.0  # two archives time one visit alike within that


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


def tracklets(archive: Archive) -> list[TrackletSeen]:
    """All of an archive."""
    found = {
        one.tracklet_id: one
        for source in archive.footage.coverage()
        for one in archive.footage.tracklets(source.source_id)
    }
    return list(found.values())


def whole_clip(clip: Path, folder: Path, models: list[Path]) -> list[TrackletSeen]:
    """Index the clip as it is."""
    naming = SourceNaming(camera="gate", start=BEGINS)
    with Archive.open(folder, create=True, model_path=models, offline=True) as archive:
        archive.index([clip], footage=FootageOptions(naming=naming))
        return tracklets(archive)


def followed(folder: Path, segments: Path, models: list[Path]) -> list[TrackletSeen]:
    """Follow a folder of segments once."""
    plan = FollowPlan((segments,), FootageOptions(naming=NAMES), settle_s=0.0)
    with Archive.open(folder, create=True, model_path=models, offline=True) as archive:
        archive.follower(plan).run(threading.Event(), once=True)
        if archive.check():
            raise SystemExit(f"{segments}: the archive is not whole")
        return tracklets(archive)


def seconds_of(one: TrackletSeen) -> tuple[float, float]:
    """When it is seen, on the clip's clock."""
    return ((one.first_time - BEGINS).total_seconds(), (one.last_time - BEGINS).total_seconds())


def judge(whole: list[TrackletSeen], split: list[TrackletSeen], borders: list[float]) -> str:
    """A row: tracklets of the whole clip, of the segments, borders crossed, gone on, missing."""
    crossed = gone_on = 0
    for border_s in borders[1:]:
        for one in whole:
            first_s, last_s = seconds_of(one)
            if first_s < border_s <= last_s:
                crossed += 1
                gone_on += any(
                    len(other.parts) > 1
                    and seconds_of(other)[0] < border_s <= seconds_of(other)[1] + NEAR_S
                    and min(last_s, seconds_of(other)[1]) > max(first_s, seconds_of(other)[0])
                    for other in split
                )
    missing = sum(
        not any(min(b, seconds_of(o)[1]) - max(a, seconds_of(o)[0]) > (b - a) / 2 for o in split)
        for a, b in map(seconds_of, whole)
    )
    return f"{len(whole)} | {len(split)} | {crossed} | {gone_on} | {missing}"


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
                    split = followed(folder.with_suffix(".archive"), folder, [model_path])
                    told = "the second" if rounded else "milliseconds"
                    print(f"| {clip.stem} | {length:g} s | {told} | {len(borders)} | "
                          f"{judge(whole, split, borders)} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
