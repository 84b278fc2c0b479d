"""Video files from first frame to committed tracklets, against the machine's own limit.

The limit is what the same work costs back to back with nothing in between: decoding every frame
(bare PyAV, threads AUTO), as many detections and embeddings as the run made (bare
`AsyncInferQueue`, THROUGHPUT), each alone on the machine; in turns with ours, in one process. The
real clip is `one-by-one-person-detection.mp4`; the 1080p25 file is made from it
(`footage_files.py`, 408 s, people there in a tenth of the time). A run that does not find every
visit as one tracklet fails.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from footage_files import Truth, clip, surveillance, temporal_iou
from index import bare_queue
from measuring import REID_MODEL, Figure, in_turns, report, seconds

from reidsearch.archive import Archive
from reidsearch.base.settings import PRESETS, FootageSettings
from reidsearch.services.index import FootageOptions
from reidsearch.vision.models.locate import locate

REPEATS = 2
ZOO_FPS = 26  # the zoo's multi-camera demo on the same clip (design.md)
SAMPLED = 200  # pictures that bare inference is timed with


class Run:
    """Index one file with one preset, again and again, each time into a new archive."""

    def __init__(
        self, given: argparse.Namespace, video: Path, truth: Truth, settings: FootageSettings
    ) -> None:
        self._given = given
        self._video = video
        self._truth = truth
        self._settings = settings
        with av.open(str(video)) as container:
            self.frames = container.streams.video[0].frames
            self.length_s = float(container.duration / av.time_base)
        self.sampled = self.best_shots = 0

    def ours(self) -> float:
        """Seconds from the first frame to the last commit; models are compiled before."""
        folder = self._given.work / "footage"
        shutil.rmtree(folder, ignore_errors=True)
        with Archive.open(
            folder,
            create=True,
            model=REID_MODEL,
            model_path=[self._given.model_path],
            offline=True,
        ) as archive:
            archive.embed([np.zeros((256, 128, 3), np.uint8)])
            detector = archive.detector(self._settings.detector)
            detector.detect(np.zeros((256, 256, 3), np.uint8))
            detector._compiled.model("THROUGHPUT")
            options = FootageOptions(settings=self._settings)
            took = seconds(lambda: archive.index([self._video], footage=options))
            (source,) = archive.footage.coverage()
            found = archive.footage.tracklets(source.source_id)
            seen = [(float(one.first_s), float(one.last_s)) for one in found]
            self.sampled = source.counts["sampled_frames"]
            self.best_shots = source.counts["best_shots"]
        shutil.rmtree(folder)
        best = [
            max((temporal_iou(visit, one) for one in seen), default=0.0)
            for visit in self._truth.visits
        ]
        assert len(seen) == len(best), f"{len(seen)} tracklets for {len(best)} visits"
        assert min(best) >= 0.8, f"a visit was found at an overlap of {min(best):.2f} only"
        return took

    def bare(self) -> float:
        """Seconds of decoding, detecting and embedding alone, one after another."""
        return self._decoding() + self._inferring()

    def _decoding(self) -> float:
        def decode() -> None:
            with av.open(str(self._video)) as container:
                stream = container.streams.video[0]
                stream.thread_type = "AUTO"
                for _ in container.decode(stream):
                    pass

        return seconds(decode)

    def _inferring(self) -> float:
        total = 0.0
        detector = self._settings.detector or "person-detection-0201"
        for name, count in ((detector, self.sampled), (REID_MODEL, self.best_shots)):
            xml = locate(name, model_path=[self._given.model_path], offline=True).xml
            queue, results = bare_queue(xml)
            # The shape is the model's own, channels last.
            shape = _picture_shape(xml)
            pictures = np.random.default_rng(1).integers(0, 255, (8, *shape), np.uint8)

            def infer(queue=queue, pictures=pictures) -> None:  # type: ignore[no-untyped-def]
                for number in range(SAMPLED):
                    queue.start_async({0: pictures[number % 8][None]})
                queue.wait_all()

            infer()
            total += seconds(infer) / SAMPLED * count
            results.clear()
        return total


def _picture_shape(xml: Path) -> tuple[int, int, int]:
    import openvino as ov

    _, channels, height, width = ov.Core().read_model(xml).input(0).shape
    return height, width, channels


def figures(name: str, run: Run, *, times: float | None, share: float | None) -> Iterator[Figure]:
    """Speed against real time, and against the machine's limit."""
    in_turns(1, run.ours)
    ours, bare = in_turns(REPEATS, run.ours, run.bare)
    speed = [run.length_s / took for took in ours]
    yield Figure(f"{name}, times real time", "x", speed, limit=times, at_least=True)
    rates = [[run.frames / took for took in part] for part in (ours, bare)]
    yield Figure(f"{name}, share of the limit", "frames/s", *rates, limit=share, at_least=True)


def measure(given: argparse.Namespace) -> Iterator[Figure]:
    shared = given.model_path.parent
    video, truth = clip(shared)
    for detector in ("person-detection-0201", "person-detection-retail-0013"):
        run = Run(given, video, truth, FootageSettings(detector=detector))
        in_turns(1, run.ours)
        rates = [
            [run.frames / each for each in took] for took in in_turns(REPEATS, run.ours, run.bare)
        ]
        name = f"the clip, {detector.removeprefix('person-')}"
        yield Figure(name, "frames/s", rates[0], limit=5.0 * ZOO_FPS, at_least=True)
        yield Figure(f"{name}, share of the limit", "frames/s", *rates, limit=0.8, at_least=True)
    large, visits = surveillance(shared, given.work)
    for preset, times, share in (("default", 8.0, 0.8), ("fast", 20.0, None)):
        run = Run(given, large, visits, PRESETS[preset])
        yield from figures(f"1080p25, {preset}", run, times=times, share=share)


if __name__ == "__main__":
    report(measure)
