"""The most memory a process ever held while it indexed three hours of 1080p25, against 800 MB.

The file is the generated 1080p25 one of `footage.py` (408 s) over and over, its packets copied, so
that each round's 3 visits come again. The second line is the same process's peak after the first
round alone: what lies between is what length costs. Each is a process of its own (VmHWM).
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
from collections.abc import Iterator
from pathlib import Path

import av
from footage_files import surveillance
from measuring import REID_MODEL, Figure, report

ROUNDS = 27


def repeated(source: Path, path: Path, rounds: int) -> None:
    """The packets of a file, `rounds` times one after another."""
    if path.exists():
        return
    partial = path.with_suffix(".part.mp4")
    with av.open(str(partial), "w") as target:
        copied = None
        shift = 0
        for _ in range(rounds):
            with av.open(str(source)) as container:
                stream = container.streams.video[0]
                copied = copied or target.add_stream_from_template(stream)
                last = 0
                for packet in container.demux(stream):
                    if packet.dts is None or packet.pts is None:
                        continue
                    last = max(last, packet.pts + (packet.duration or 0))
                    packet.pts += shift
                    packet.dts += shift
                    packet.stream = copied
                    target.mux(packet)
                shift += last
    partial.rename(path)


def peak_mb(video: Path, visits: int, model_path: Path, work: Path) -> float:
    """Index it, see that nobody is missing, and ask the system."""
    from reidsearch import Archive

    folder = work / "memory-footage"
    shutil.rmtree(folder, ignore_errors=True)
    with Archive.open(
        folder, create=True, model=REID_MODEL, model_path=[model_path], offline=True
    ) as archive:
        report = archive.index([video]).footage
    assert report.tracklets == visits, f"{report.tracklets} tracklets for {visits} visits"
    shutil.rmtree(folder)
    status = Path("/proc/self/status").read_text("ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def measure(given: argparse.Namespace) -> Iterator[Figure]:
    short, truth = surveillance(given.model_path.parent, given.work)
    long = given.work / f"surveillance-1080p25-{ROUNDS}.mp4"
    repeated(short, long, ROUNDS)
    for name, video, rounds in (
        ("memory while indexing three hours of 1080p25", long, ROUNDS),
        ("the same, seven minutes", short, 1),
    ):
        visits = len(truth.visits) * rounds
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            peak = pool.apply(peak_mb, (video, visits, given.model_path, given.work))
        yield Figure(name, "MB", [peak], limit=800)


if __name__ == "__main__":
    report(measure)
