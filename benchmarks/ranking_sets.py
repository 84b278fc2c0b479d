"""Embeddings of labelled sets for the benchmarks of ranking, kept from one run to the next.

Sets of synthetic people are there to choose by: `synthetic, few` (150 people by 3 cameras, 2
pictures each), `synthetic, many` (40 people by 2 cameras, 8 pictures each) and, where cameras
matter, `synthetic, cameras` (100 people by 6 cameras, 4 pictures each); the first picture by each
camera is the query, the others are the gallery. The sets of real people in ../shared/reid
only report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from accuracy import SETS, read

from reidsearch.datasets.labels import Labelled
from reidsearch.datasets.synthetic.people import drawn_people
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.vision.embedding.embedder import load_embedder

DRAWN = {
    "synthetic, few": (150, 3, 2),
    "synthetic, many": (40, 2, 8),
    "synthetic, cameras": (100, 6, 4),
}
NAMES = ("synthetic, few", "synthetic, many", *SETS)
SEED = 4711
AT_ONCE = 64


@dataclass(frozen=True)
class Set:
    """Queries and gallery; `flipped` are the queries' mirrored pictures, `flipped_gallery` too."""

    name: str
    query: Labelled
    gallery: Labelled
    flipped: Vectors
    flipped_gallery: Vectors


def load(name: str, model: str, model_path: Sequence[Path], reid: Path, work: Path) -> Set:
    """One set, embedded by one model; computed once."""
    work.mkdir(parents=True, exist_ok=True)
    path = work / f"{name} {model}.npz".replace("/", "-").replace(",", "").replace(" ", "-")
    if not path.exists():
        embedder = load_embedder(model, model_path=model_path)
        made = _drawn(name, embedder.embed) if name in DRAWN else _read(name, reid, embedder.embed)
        np.savez(path, **made)
    held = np.load(path)
    parts = [
        Labelled(held[f"{part}_vectors"], held[f"{part}_persons"], held[f"{part}_cameras"])
        for part in ("query", "gallery")
    ]
    return Set(name, *parts, held["query_flipped"], held["gallery_flipped"])


def _drawn(name: str, embed: Callable[[list[Pixels]], Vectors]) -> dict[str, np.ndarray]:
    people, cameras, views = DRAWN[name]
    crops = list(drawn_people(people, cameras, views, SEED))
    first = [number % views == 0 for number in range(len(crops))]
    return {
        **_part("query", [c for c, one in zip(crops, first, strict=True) if one], embed),
        **_part("gallery", [c for c, one in zip(crops, first, strict=True) if not one], embed),
    }


def _read(name: str, reid: Path, embed: Callable[[list[Pixels]], Vectors]) -> dict[str, np.ndarray]:
    data = read(reid, name)
    return _part("query", data.query, embed) | _part("gallery", data.gallery, embed)


def _part(name: str, crops: Sequence, embed: Callable[[list[Pixels]], Vectors]) -> dict:
    straight, flipped = [], []
    for start in range(0, len(crops), AT_ONCE):
        pixels = [
            crop.pixels if hasattr(crop, "pixels") else crop.read()
            for crop in crops[start : start + AT_ONCE]
        ]
        straight.append(embed(pixels))
        flipped.append(embed([np.ascontiguousarray(one[:, ::-1]) for one in pixels]))
    people = [_number(crop.person) for crop in crops]
    return {
        f"{name}_vectors": np.concatenate(straight),
        f"{name}_flipped": np.concatenate(flipped),
        f"{name}_persons": np.array(people, np.int64),
        f"{name}_cameras": np.array([_hashed(crop.camera) for crop in crops], np.int64),
    }


def _number(person: str | None) -> int:
    return 0 if person is None else int(person.rpartition("-")[2])


def _hashed(camera: str) -> int:
    return int.from_bytes(camera.encode()[:7], "big")
