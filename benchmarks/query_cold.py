"""`reidsearch query` as a fresh process on 100 000 crops, the real 0286 embedding the image.

Bare is a fresh Python that imports openvino, numpy and faiss, reads 0286 and compiles it for one
picture (LATENCY hint), nothing more. The product keeps a compiled-model cache, as it does for
every user from the second query on; the further lines take the cache from ours, or give one to
the bare process too. A query detects people in its picture before it embeds it; so in one line the
bare process makes the detector ready too, and runs both. In another it imports SQLAlchemy, by which
the program reads the archive, and click and rich, by which it is a command.

`reidsearch query --crop` needs no model: bare imports numpy and faiss.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from big_archive import big_archive
from measuring import REID_MODEL, Figure, as_installed, in_turns, report, seconds

from reidsearch.vision.embedding import load_embedder

PROGRAM = str(Path(sys.executable).with_name("reidsearch"))
CROPS = 100_000

# The telemetry is silenced as in `reidsearch/__init__.py`; it would make the bare process slower.
BARE = """
import sys
sys.modules["openvino_telemetry"] = None
import numpy, faiss, openvino
options = {"PERFORMANCE_HINT": "LATENCY"}
if sys.argv[2:]:
    options["CACHE_DIR"] = sys.argv[2]
core = openvino.Core()
core.compile_model(core.read_model(sys.argv[1]), "CPU", options)
"""
BARE_BOTH = """
import sys
sys.modules["openvino_telemetry"] = None
import numpy, faiss, openvino
options = {"PERFORMANCE_HINT": "LATENCY", "CACHE_DIR": sys.argv[1]}
core = openvino.Core()
for xml in sys.argv[2:]:
    compiled = core.compile_model(core.read_model(xml), "CPU", options)
    compiled(numpy.zeros(compiled.input(0).shape, numpy.float32))
"""
BARE_CROP = "import numpy, faiss"
LIBRARIES = "import click, rich.table, sqlalchemy.dialects.sqlite"
CROP = "7"
"""Which crop is searched with."""


def measure(given: argparse.Namespace) -> Iterator[Figure]:
    import cv2

    from reidsearch.datasets.synthetic.people import drawn_people
    from reidsearch.vision.models.catalogue import default_entry

    embedder = load_embedder(REID_MODEL, model_path=[given.model_path], offline=True)
    held = big_archive(given.work / f"crops-{CROPS}-0286", CROPS, embedder.identity)
    image = given.work / "person.png"
    cv2.imwrite(str(image), next(drawn_people(people=1, cameras=1, views=1)).pixels)
    (xml,) = given.model_path.glob(f"{REID_MODEL}/FP16/*.xml")
    (detector,) = given.model_path.glob(f"{default_entry('detector').key}/*.xml")
    cache, bare_cache = given.work / "cache", given.work / "bare-cache"
    environment = as_installed(given.work) | {"REIDSEARCH_CACHE": str(cache)}

    def query(*shown: str | Path) -> float:
        command = [PROGRAM, "query", *(shown or [image]), "-a", held]
        return _process([*command, "--model-path", given.model_path], environment)

    def first_query() -> float:
        shutil.rmtree(cache, ignore_errors=True)
        return query()

    def bare(*cached: Path) -> float:
        return python(BARE, xml, *cached)

    def python(code: str, *given: str | Path) -> float:
        return _process([sys.executable, "-c", code, *given], environment)

    def both(more: str = "") -> float:
        return python(f"{BARE_BOTH}{more}", bare_cache, detector, xml)

    first_query()  # fills the cache
    bare(bare_cache)
    both()
    ours, plain, with_cache = in_turns(9, query, bare, lambda: bare(bare_cache))
    yield Figure("cold query, 100 000 crops", "s", ours, plain, limit=1.5)
    yield Figure(
        "cold query, bare with a compiled-model cache too", "s", ours, with_cache, limit=1.2
    )
    ours, detecting, with_libraries = in_turns(7, query, both, lambda: both(LIBRARIES))
    yield Figure("cold query, bare with the detector too, both run once", "s", ours, detecting)
    yield Figure("cold query, bare with SQLAlchemy, click and rich too", "s", ours, with_libraries)
    of_crop, of_libraries, with_libraries = in_turns(
        9,
        lambda: query("--crop", CROP),
        lambda: python(BARE_CROP),
        lambda: python(f"{BARE_CROP}\n{LIBRARIES}"),
    )
    yield Figure("cold query of a crop, bare imports numpy and faiss", "s", of_crop, of_libraries)
    yield Figure(
        "cold query of a crop, bare imports SQLAlchemy, click and rich too",
        "s",
        of_crop,
        with_libraries,
    )
    first, plain = in_turns(7, first_query, bare)
    yield Figure("the very first query, nothing cached", "s", first, plain)


def _process(command: list[str | Path], environment: dict[str, str]) -> float:
    nowhere = subprocess.DEVNULL
    return seconds(
        lambda: subprocess.run(command, check=True, env=environment, stdout=nowhere, stderr=nowhere)
    )


if __name__ == "__main__":
    report(measure)
