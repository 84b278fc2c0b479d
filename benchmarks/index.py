"""Indexing JPEG crops end to end against the bare asynchronous rate of the same model.

Ours reads files from disk, decodes, resizes, embeds, stores pictures and rows durably, and writes
the index file; each repeat fills a new archive, the model being compiled before. Bare is
`AsyncInferQueue` (THROUGHPUT hint, batch 1, float32) over the same crops already decoded and
resized, with the same pre-processing in the graph, its results copied and nothing kept. In turns,
in one process. The crops are real ones (`--reid`), or drawn people where there are none.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import openvino as ov
from measuring import Figure, in_turns, open_with, report, seconds
from openvino.preprocess import PrePostProcessor

from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import Pixels
from reidsearch.media.pictures import decode
from reidsearch.vision.embedding import Embedder, load_embedder
from reidsearch.vision.models.locate import locate

CROPS = 1200
REPEATS = 5


def crop_files(reid: Path, work: Path) -> list[Path]:
    """JPEG crops evenly from all sets, or drawn ones, in a folder of their own."""
    found = sorted(reid.glob("*/*/*.jpg"))
    if not found:
        found = sorted(_drawn(work / "drawn"))
    folder = work / "to-index"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for i in np.linspace(0, len(found) - 1, CROPS).astype(int):
        shutil.copy(found[i], folder / f"{i:05}.jpg")
    return sorted(folder.iterdir())


def _drawn(folder: Path) -> Iterator[Path]:
    import cv2

    from reidsearch.datasets.synthetic.people import drawn_people

    folder.mkdir(exist_ok=True)
    for number, drawn in enumerate(drawn_people(people=50, cameras=4, views=6)):
        path = folder / f"{number:04}.jpg"
        cv2.imwrite(str(path), drawn.pixels)
        yield path


def bare_queue(xml: Path) -> tuple[ov.AsyncInferQueue, list[np.ndarray]]:
    graph = ov.Core().read_model(xml)
    wrapped = PrePostProcessor(graph)
    wrapped.input().tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    wrapped.input().model().set_layout(ov.Layout("NCHW"))
    options = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": "f32"}
    queue = ov.AsyncInferQueue(ov.compile_model(wrapped.build(), "CPU", options))
    results: list[np.ndarray] = []
    queue.set_callback(lambda request, _: results.append(request.get_output_tensor().data.copy()))
    return queue, results


def figure(
    model: str, files: Sequence[Path], given: argparse.Namespace, limit: float | None
) -> Figure:
    embedder: Embedder = load_embedder(model, model_path=[given.model_path], offline=True)
    tensors: list[Pixels] = [
        embedder.prepare(decode(path.read_bytes(), PictureLimits())) for path in files
    ]
    xml = locate(model, model_path=[given.model_path], offline=True).xml
    queue, results = bare_queue(xml)
    folder = given.work / "index"

    def ours() -> float:
        shutil.rmtree(folder, ignore_errors=True)
        with open_with(folder, embedder, create=True) as archive:
            took = seconds(lambda: archive.index([files[0].parent]))
            assert len(archive) == len(files)
        return len(files) / took

    def bare() -> float:
        results.clear()

        def infer() -> None:
            for tensor in tensors:
                queue.start_async({0: tensor[None]})
            queue.wait_all()

        took = seconds(infer)
        assert len(results) == len(files)
        return len(files) / took

    in_turns(1, ours, bare)  # compiled and warm
    took = in_turns(REPEATS, ours, bare)
    shutil.rmtree(folder)
    number = model.rpartition("-")[2]
    return Figure(f"indexing, {number}", "crops/s", *took, limit=limit, at_least=True)


def measure(given: argparse.Namespace) -> Iterator[Figure]:
    files = crop_files(given.reid, given.work)
    for number, limit in (("0286", 0.95), ("0288", None)):
        yield figure(f"person-reidentification-retail-{number}", files, given, limit)


if __name__ == "__main__":
    report(measure)
