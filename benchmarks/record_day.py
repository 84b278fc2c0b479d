"""How much memory a day of recording takes, and what it costs: a camera that plays at once.

    python benchmarks/record_day.py [--hours 24] [--fps 2]

A synthetic clip is offered again and again as the packets of a camera whose clock goes by itself,
once a simulated hour with a cut; the recorder, its files and its journal are the real ones. Memory
is what Python has allocated at most (tracemalloc) and how far the process has grown after the first
simulated hour.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from rtsp_server import access_units
from videos import write_video

from reidsearch.media.recording.address import CameraAddress
from reidsearch.media.recording.connection import Lost
from reidsearch.media.recording.journal import gaps
from reidsearch.media.recording.recorder import CameraToRecord, Recorder

HOUR_US = 3_600_000_000


class Simulated:
    """A clock that goes as packets come, and the camera that sends them."""

    def __init__(self, clip: Path, fps: int, hours: float, stop: threading.Event) -> None:
        self.at_us = self.begin_us = 1_717_164_000_000_000
        self._end_us = self.begin_us + round(hours * HOUR_US)
        self._stop, self._fps, self._clip = stop, fps, clip
        start = b"\0\0\0\1"
        self._packets = [start + start.join(units) for units in access_units(clip)]
        self.after_first_hour_kb = 0

    def now_us(self) -> int:
        return self.at_us

    def wait(self, stop: threading.Event, seconds: float) -> None:
        self.at_us += round(seconds * 1e6)

    def connect(self, address: CameraAddress, stall_s: float) -> Any:
        return Sent(self)

    def packets(self) -> Iterator[Any]:
        until_us = self.at_us + HOUR_US
        number = 0
        while self.at_us < until_us:
            data = self._packets[number % len(self._packets)]
            packet = av.Packet(data)
            packet.pts = packet.dts = number * 90_000 // self._fps
            packet.time_base = Fraction(1, 90_000)
            packet.is_keyframe = number % len(self._packets) == 0
            number += 1
            self.at_us += 1_000_000 // self._fps
            yield packet
            if self.at_us >= self._end_us:
                self._stop.set()
        if not self.after_first_hour_kb:
            self.after_first_hour_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        raise Lost("the camera ended the stream")


class Sent:
    """A connection to the simulated camera."""

    def __init__(self, camera: Simulated) -> None:
        self._camera, self._container = camera, av.open(str(camera._clip))
        self.stream, self.codec = self._container.streams.video[0], "h264"
        self.time_base = Fraction(1, 90_000)

    def packets(self) -> Iterator[Any]:
        return self._camera.packets()

    def close(self) -> None:
        self._container.close()


def simulate(hours: float, fps: int) -> dict[str, float]:
    """Record so many simulated hours; return the figures."""
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        clip = write_video(out / "clip.mp4", 10, fps=fps, options={"g": "10", "bf": "0"})
        camera = Simulated(clip, fps, hours, stop)
        to_record = CameraToRecord("gate", CameraAddress("rtsp://a/", "rtsp://a/"), reserve_bytes=0)
        recorder = Recorder(to_record, out, clock=camera, connect=camera.connect)
        tracemalloc.start()
        began = time.perf_counter()
        recorder.run(stop)
        took_s = time.perf_counter() - began
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - camera.after_first_hour_kb
        return {
            "recorded_h": recorder.status.recorded_s / 3600,
            "files": len(list(out.rglob("gate_*.mkv"))),
            "gaps": len(gaps(out / "gate")),
            "python_peak_mb": peak / 1e6,
            "grown_after_first_hour_mb": grown_kb / 1e3,
            "took_s": took_s,
        }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--fps", type=int, default=2)
    options = parser.parse_args()
    for name, value in simulate(options.hours, options.fps).items():
        print(f"{name}: {value:.2f}")


if __name__ == "__main__":
    main()
