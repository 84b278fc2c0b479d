"""Archives of generated crops, written through the real writer and kept between runs.

Vectors are drawn, pictures are one small JPEG each made distinct by a comment; everything else
(rows, checksums, index file) is what an index run would have left.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from measuring import open_with, unit_vectors
from PIL import Image

from reidsearch.base.boxes import Box
from reidsearch.domain.crops import CropInput, Facts, HeldBytes, Vectors
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.steps import NewCrop
from reidsearch.index.gallery import Gallery
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import open_writer

ROWS_AT_ONCE = 5000
WIDTH_PX, HEIGHT_PX = 16, 32
CAMERAS = 20


def small_jpeg() -> bytes:
    """A picture of 16 x 32 pixels, some 700 bytes."""
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG", quality=50)
    return buffer.getvalue()


def numbered(jpeg: bytes, number: int) -> bytes:
    """The same pixels in other bytes: a comment behind the first marker."""
    return jpeg[:2] + b"\xff\xfe\x00\x0a" + number.to_bytes(8, "big") + jpeg[2:]


def big_archive(
    folder: Path,
    crops: int,
    identity: ModelIdentity,
    inputs: Iterable[CropInput] | None = None,
    vectors: Iterator[Vectors] | None = None,
) -> Path:
    """An archive of `crops` crops, made unless it is there.

    Args:
        vectors: chunks of their embeddings, in order; None: in directions of no preference.
        inputs: where the crops are said to come from; None makes places up.
    """
    finished = folder.with_name(folder.name + ".finished")
    if finished.exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    Store.create(folder)
    with Store(folder) as store, open_writer(store, identity) as writer:
        writer.begin_run(request="generated", command="generated", version="0", runtime="none")
        rows = (row for chunk in vectors for row in chunk) if vectors is not None else _any()
        fresh = _generated(iter(inputs) if inputs is not None else _made_up(crops), rows)
        while batch := list(itertools.islice(fresh, ROWS_AT_ONCE)):
            writer.commit(batch)
        writer.end_run({"offered": crops, "indexed": crops}, finished=True)
    with Store(folder) as store:
        Gallery(store).rebuild()
    with open_with(folder, None) as archive:
        assert len(archive) == crops, (len(archive), crops)
    finished.touch()
    return folder


def _made_up(crops: int) -> Iterator[CropInput]:
    data = small_jpeg()
    for number in range(crops):
        facts = Facts(camera=f"camera-{number % CAMERAS}")
        yield CropInput(f"/footage/{number:08}.jpg", "generated", HeldBytes(data), None, facts)


def _any() -> Iterator[Vectors]:
    for seed in itertools.count():
        yield from unit_vectors(ROWS_AT_ONCE, seed)


def _generated(inputs: Iterator[CropInput], vectors: Iterator[Vectors]) -> Iterator[NewCrop]:
    jpeg = small_jpeg()
    for number, item in enumerate(inputs):
        source = numbered(jpeg, number)
        yield NewCrop(
            input=item,
            source_sha256=hashlib.sha256(source).digest(),
            size_bytes=len(source),
            width_px=WIDTH_PX,
            height_px=HEIGHT_PX,
            box=Box(0, 0, WIDTH_PX, HEIGHT_PX),
            jpeg=jpeg,
            vector=next(vectors),
        )
