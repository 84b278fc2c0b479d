"""Video files from first frame to committed tracklets, against the machine's own limit.

The limit is what the same work costs back to back with nothing in between: decoding every frame
(bare PyAV, threads AUTO), as many detections and embeddings as the run made (bare
`AsyncInferQueue`, THROUGHPUT), each alone on the machine; in turns with ours, in one process. The
real clip is `one-by-one-person-detection.mp4`; the 1080p25 file is made from it
(`footage_files.py`, 408 s, people there in a tenth of the time). A run that does not find every
visit as one tracklet fails. The crowd is TUD-Stadtmitte, two minutes of it; the embeddings that its
tracker asked for belong to the limit. Short files are the clip cut every 4 s, against one file of
the same pictures; people are cut too, so there is more to embed, and the line below says what the
limit of the one costs in units of the limit of the other.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from footage_files import Truth, clip, crowd, short_files, surveillance, temporal_iou
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
    """Index files with one preset, again and again, each time into a new archive.

    Args:
        truth: of the one file there is; None: what is found is not compared.
        asked: the embeddings that the tracker asks for belong to the limit.
    """

    def __init__(
        self,
        given: argparse.Namespace,
        videos: Sequence[Path],
        truth: Truth | None,
        settings: FootageSettings,
        *,
        asked: bool = False,
    ) -> None:
        self._given = given
        self._videos = list(videos)
        self._truth = truth
        self._settings = settings
        self._asked = asked
        self.frames, self.length_s = 0, 0.0
        for video in self._videos:
            with av.open(str(video)) as container:
                self.frames += container.streams.video[0].frames
                self.length_s += float(container.duration / av.time_base)
        self.sampled = self.embedded = 0

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
            took = seconds(lambda: archive.index(self._videos, footage=options))
            sources = archive.footage.coverage()
            counted = ["best_shots", *(["asked"] if self._asked else [])]
            self.sampled = sum(one.counts["sampled_frames"] for one in sources)
            self.embedded = sum(one.counts[name] for one in sources for name in counted)
            assert len(sources) == len(self._videos)
            found = archive.footage.tracklets(sources[0].source_id)
            seen = [(float(one.first_s), float(one.last_s)) for one in found]
        shutil.rmtree(folder)
        if self._truth is not None:
            _require_found(self._truth, seen)
        return took

    def bare(self) -> float:
        """Seconds of decoding, detecting and embedding alone, one after another."""
        return self._decoding() + self._inferring()

    def _decoding(self) -> float:
        def decode() -> None:
            for video in self._videos:
                with av.open(str(video)) as container:
                    stream = container.streams.video[0]
                    stream.thread_type = "AUTO"
                    for _ in container.decode(stream):
                        pass

        return seconds(decode)

    def _inferring(self) -> float:
        total = 0.0
        detector = self._settings.detector or "person-detection-0201"
        for name, count in ((detector, self.sampled), (REID_MODEL, self.embedded)):
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


def _require_found(truth: Truth, seen: list[tuple[float, float]]) -> None:
    best = [max((temporal_iou(visit, one) for one in seen), default=0.0) for visit in truth.visits]
    assert len(seen) == len(best), f"{len(seen)} tracklets for {len(best)} visits"
    assert min(best) >= 0.8, f"a visit was found at an overlap of {min(best):.2f} only"


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
    for detector, least in (("person-detection-0201", 0.85), ("person-detection-retail-0013", 0.9)):
        run = Run(given, [video], truth, FootageSettings(detector=detector))
        in_turns(1, run.ours)
        rates = [
            [run.frames / each for each in took] for took in in_turns(REPEATS, run.ours, run.bare)
        ]
        name = f"the clip, {detector.removeprefix('person-')}"
        yield Figure(name, "frames/s", rates[0], limit=5.0 * ZOO_FPS, at_least=True)
        yield Figure(f"{name}, share of the limit", "frames/s", *rates, limit=least, at_least=True)
    large, visits = surveillance(shared, given.work)
    for preset, times, share in (("default", 8.0, 0.95), ("fast", 100.0, None)):
        run = Run(given, [large], visits, PRESETS[preset])
        yield from figures(f"1080p25, {preset}", run, times=times, share=share)
    run = Run(given, [crowd(shared, given.work)], None, PRESETS["default"], asked=True)
    yield from figures("a crowd, default", run, times=None, share=0.85)
    yield from short(given)


def short(given: argparse.Namespace) -> Iterator[Figure]:
    """Many short files against one, and so their limits."""
    files, whole = short_files(given.model_path.parent, given.work)
    many = Run(given, files, None, PRESETS["default"], asked=True)
    one = Run(given, [whole], None, PRESETS["default"], asked=True)
    in_turns(1, many.ours, one.ours)
    took = in_turns(REPEATS, many.ours, one.ours, many.bare, one.bare)
    name = f"{len(files)} files of 4 s"
    yield Figure(f"{name}, against one of their length", "s", took[0], took[1], limit=1.2)
    yield Figure(f"{name}, their limit against its limit", "s", took[2], took[3])


if __name__ == "__main__":
    report(measure)
