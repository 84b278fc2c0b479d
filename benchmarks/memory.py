"""The most memory a process ever held while it indexed 100 000 crops, against 600 MB.

Pictures are drawn people of 44 x 88 to 128 x 256 pixels, each of the 100 000 of other bytes; they
are decoded, resized, stored and committed as ever. Embeddings are generated, so that it takes a
minute and not a quarter of an hour. The second line has the real model compiled and used in the
same process before. Each line is a process of its own (VmHWM, the system's own account).
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
from collections.abc import Iterator
from pathlib import Path

from measuring import REID_MODEL, Figure, GeneratedEmbeddings, open_with, report

CROPS = 100_000


def peak_mb(folder: Path, model_path: Path | None) -> float:
    import cv2
    from big_archive import numbered

    from reidsearch.datasets.synthetic.people import drawn_people
    from reidsearch.domain.crops import CropInput, Facts, HeldBytes

    drawn = [item.pixels for item in drawn_people(people=8, cameras=4, views=2)]
    if model_path:
        from reidsearch.vision.embedding import load_embedder

        load_embedder(REID_MODEL, model_path=[model_path], offline=True).embed(drawn)
    jpegs = [cv2.imencode(".jpg", pixels)[1].tobytes() for pixels in drawn]

    def offered() -> Iterator[CropInput]:
        for number in range(CROPS):
            data = HeldBytes(numbered(jpegs[number % len(jpegs)], number))
            facts = Facts(camera=f"camera-{number % 20}")
            yield CropInput(f"/footage/{number:06}.jpg", "generated", data, None, facts)

    shutil.rmtree(folder, ignore_errors=True)
    with open_with(folder, GeneratedEmbeddings(), create=True) as archive:
        assert archive.index_crops(offered()).indexed == CROPS
    shutil.rmtree(folder)
    status = Path("/proc/self/status").read_text("ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def measure(given: argparse.Namespace) -> Iterator[Figure]:
    for name, model_path in (
        ("memory while indexing 100 000 crops", None),
        ("the same, 0286 loaded and used before", given.model_path),
    ):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            peak = pool.apply(peak_mb, (given.work / "memory", model_path))
        yield Figure(name, "MB", [peak], limit=600)


if __name__ == "__main__":
    report(measure)
