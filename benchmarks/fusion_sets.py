"""Labelled sets for the benchmarks of fusion and flip averaging: every crop, embedded both ways.

Two sets of synthetic people are there to choose by: `synthetic, tracklets` (80 people by 3
cameras, 5 pictures each, as footage gives views of a tracklet) and `synthetic, many` (40 people by
2 cameras, 8 pictures each). The sets of real people in ../shared/reid only report. What is computed
is kept from one run to the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from accuracy import SETS, read
from numpy.typing import NDArray

from reidsearch.datasets.synthetic.people import drawn_people
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.vision.embedding.builtin import NAME as BUILTIN
from reidsearch.vision.embedding.embedder import Embedder
from reidsearch.vision.models.locate import locate
from reidsearch.vision.models.runtime import read_model
from reidsearch.vision.tracking.best_shots import SHARP_VARIANCE

DRAWN = {"synthetic, tracklets": (80, 3, 5), "synthetic, many": (40, 2, 8)}
NAMES = (*DRAWN, *SETS)
SEED = 1618


@dataclass(frozen=True)
class Crops:
    """All crops of a set.

    Args:
        vectors, flipped: (n, d) float32 of unit length, of the pictures and of their mirror images.
        norms: (n,) the length of what the model gave for the picture.
        sharpness: (n,) in [0, 1], as an archive's views are given it.
        heights_px: (n,)
        persons, cameras: (n,) int64; person 0 is a distractor.
        query, gallery: rows that ask, and rows that are searched; some may be both.
    """

    name: str
    vectors: Vectors
    flipped: Vectors
    norms: NDArray[np.float64]
    sharpness: NDArray[np.float64]
    heights_px: NDArray[np.float64]
    persons: NDArray[np.int64]
    cameras: NDArray[np.int64]
    query: NDArray[np.int64]
    gallery: NDArray[np.int64]


def load(name: str, model: str, model_path: Path, reid: Path, work: Path) -> Crops:
    """One set, embedded by one model; computed once."""
    work.mkdir(parents=True, exist_ok=True)
    path = work / f"{name} {model}.npz".replace("/", "-").replace(",", "").replace(" ", "-")
    if not path.exists():
        np.savez(path, **_made(name, model, model_path, reid))
    held = np.load(path)
    raw, flipped = held["raw"], held["raw_flipped"]
    norms = np.linalg.norm(raw.astype(np.float64), axis=1)
    return Crops(
        name,
        _unit(raw),
        _unit(flipped),
        norms,
        *(held[part] for part in ("sharpness", "heights_px", "persons", "cameras")),
        *(np.flatnonzero(held[part]) for part in ("query", "gallery")),
    )


def _unit(raw: Vectors) -> Vectors:
    wide = raw.astype(np.float64)
    return (wide / np.linalg.norm(wide, axis=1, keepdims=True)).astype(np.float32)


class _Raw(Embedder):
    """Gives vectors as the model made them, of any length."""

    def _unit(self, raw: Vectors) -> Vectors:
        return raw.reshape(-1).astype(np.float32)


def _made(name: str, model: str, model_path: Path, reid: Path) -> dict[str, np.ndarray]:
    assert model != BUILTIN
    found = locate(model, model_path=[model_path], offline=True)
    embedder = _Raw(read_model(found.xml), found.name, found.precision, found.digest)
    rows = list(_drawn(name) if name in DRAWN else _labelled(name, reid))
    pictures = [pixels for pixels, *_ in rows]
    mirrored = [np.ascontiguousarray(one[:, ::-1]) for one in pictures]
    return {
        "raw": embedder.embed(pictures),
        "raw_flipped": embedder.embed(mirrored),
        "sharpness": np.array([_sharpness(one) for one in pictures]),
        "heights_px": np.array([float(one.shape[0]) for one in pictures]),
        "persons": np.array([row[1] for row in rows], np.int64),
        "cameras": np.array([row[2] for row in rows], np.int64),
        "query": np.array([row[3] for row in rows]),
        "gallery": np.array([row[4] for row in rows]),
    }


Row = tuple[Pixels, int, int, bool, bool]
"""Picture, person, camera, whether it asks, whether it is searched."""


def _drawn(name: str) -> Iterator[Row]:
    people, cameras, views = DRAWN[name]
    for number, crop in enumerate(drawn_people(people, cameras, views, SEED)):
        first = number % views == 0
        yield crop.pixels, _number(crop.person), _hashed(crop.camera), first, not first


def _labelled(name: str, reid: Path) -> Iterator[Row]:
    data = read(reid, name)
    asking = {crop.name for crop in data.query}
    searched = {crop.name for crop in data.gallery}
    for crop in data.crops:
        person, camera = _number(crop.person), _hashed(crop.camera)
        yield crop.read(), person, camera, crop.name in asking, crop.name in searched


def _sharpness(picture: Pixels) -> float:
    grey = cv2.resize(
        cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (64, 128), interpolation=cv2.INTER_AREA
    )
    variance = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return variance / (variance + SHARP_VARIANCE)


def _number(person: str | None) -> int:
    return 0 if person is None else int(person.rpartition("-")[2])


def _hashed(camera: str) -> int:
    return int.from_bytes(camera.encode()[:7], "big")


def groups(crops: Crops, rows: Sequence[int] | NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows of one person by one camera together, in the order of the rows."""
    found: dict[tuple[int, int, int], list[int]] = {}
    for row in rows:
        person, camera = int(crops.persons[row]), int(crops.cameras[row])
        # Nobody knows which distractors belong together.
        found.setdefault((person, camera, 0 if person else int(row)), []).append(int(row))
    return [np.array(some, np.int64) for some in found.values()]
