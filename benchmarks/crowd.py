"""Embeddings as footage gives them, drawn: clustered by person and by tracklet, any number of them.

    python benchmarks/crowd.py --model-path ../shared/models --reid ../shared/reid

measures `covariance.npz` from labelled crops (cuhk03-dev through 0286): the mean of their
embeddings, the covariance between people and the one within a person. From these three nobody can
be recognised; they are committed, so that every machine draws the same.

    person   ~ N(0, between)
    tracklet ~ N(person, 0.58 within)      another time, another camera
    crop     ~ N(mean + tracklet, 0.42 within), made of unit length

Six crops a tracklet, twelve tracklets a person, in any order: a year of footage has people come
back. Within a tracklet the drawn cosines are 0.76 to 0.86 (0.65 to 0.85 on real footage), between
known_different 0.11 in the mean and above 0.34 for 1 in 100 (0.11, 0.36 on real ones).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.crops import Vectors

STATISTICS = Path(__file__).with_name("covariance.npz")
CROPS_OF_TRACKLET, TRACKLETS_OF_PERSON = 6, 12
OF_TRACKLET = 0.58  # of the covariance within a person
CHUNK = 60_000


@dataclass(frozen=True)
class Crowd:
    """`crops` embeddings in chunks, always the same for the same number."""

    crops: int
    seed: int = 7

    @cached_property
    def _people(self) -> Vectors:
        people = -(-self.crops // (CROPS_OF_TRACKLET * TRACKLETS_OF_PERSON))
        rng = np.random.default_rng(self.seed)
        return rng.standard_normal((people, len(MEAN)), dtype=np.float32) @ BETWEEN

    def chunks(self) -> Iterator[Vectors]:
        """(n, 256) float32 unit rows."""
        for number, start in enumerate(range(0, self.crops, CHUNK)):
            count = min(CHUNK, self.crops - start)
            rng = np.random.default_rng((self.seed, number))
            tracklets = self._tracklets(rng, -(-count // CROPS_OF_TRACKLET))
            rows = np.repeat(tracklets, CROPS_OF_TRACKLET, axis=0)[:count]
            rows += np.sqrt(1 - OF_TRACKLET) * self._within(rng, count)
            yield _unit(rows)

    def queries(self, count: int) -> Vectors:
        """New tracklets of people who are in the crowd."""
        rng = np.random.default_rng((self.seed, 2**31))
        rows = self._tracklets(rng, count)
        rows += np.sqrt(1 - OF_TRACKLET) * self._within(rng, count)
        return _unit(rows)

    def _tracklets(self, rng: np.random.Generator, count: int) -> Vectors:
        people = self._people[rng.integers(0, len(self._people), count)]
        return MEAN + people + np.sqrt(OF_TRACKLET) * self._within(rng, count)

    @staticmethod
    def _within(rng: np.random.Generator, count: int) -> Vectors:
        return rng.standard_normal((count, len(MEAN)), dtype=np.float32) @ WITHIN


def _unit(rows: NDArray[np.floating]) -> Vectors:
    found: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return found


def _root(covariance: NDArray[np.float64]) -> Vectors:
    values, vectors = np.linalg.eigh(covariance)
    root: Vectors = ((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T).astype(np.float32)
    return root


def _whole(upper: NDArray[np.float16], d: int) -> NDArray[np.float64]:
    square = np.zeros((d, d))
    square[np.triu_indices(d)] = upper
    return square + np.triu(square, 1).T


def _load() -> tuple[Vectors, Vectors, Vectors]:
    with np.load(STATISTICS) as held:
        mean = held["mean"].astype(np.float32)
        return (
            mean,
            _root(_whole(held["between"] * 1e-4, len(mean))),
            _root(_whole(held["within"] * 1e-4, len(mean))),
        )


MEAN, BETWEEN, WITHIN = _load() if STATISTICS.exists() else (np.empty(0, np.float32),) * 3


def measure(reid: Path, model_path: Path) -> None:
    """Write `covariance.npz` from a labelled set."""
    import tempfile

    from measuring import REID_MODEL

    from reidsearch.archive import Archive
    from reidsearch.datasets.readers import read_data

    with tempfile.TemporaryDirectory() as folder:
        archive = Archive.open(
            folder + "/a", create=True, model=REID_MODEL, model_path=[model_path], offline=True
        )
        data = read_data(reid / "cuhk03-dev")
        crops = list({crop.name: crop for crop in (*data.query, *data.gallery)}.values())
        rows = archive.embed([crop.read() for crop in crops]).astype(np.float64)
    mean, every, within = _statistics(rows, np.array([str(crop.person) for crop in crops]))
    upper = np.triu_indices(len(mean))
    np.savez_compressed(
        STATISTICS,
        mean=mean.astype(np.float16),
        between=((every - within)[upper] * 1e4).astype(np.float16),
        within=(within[upper] * 1e4).astype(np.float16),
    )


def _statistics(
    rows: NDArray[np.float64], persons: NDArray[np.str_]
) -> tuple[NDArray[np.float64], ...]:
    """Mean, covariance, and covariance within a person."""
    own = rows.copy()
    for person in np.unique(persons):
        own[persons == person] -= rows[persons == person].mean(axis=0)
    within = own.T @ own / (len(rows) - len(np.unique(persons)))
    return rows.mean(axis=0), np.cov(rows.T), within


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model-path", type=Path, default=Path("../shared/models"))
    parser.add_argument("--reid", type=Path, default=Path("../shared/reid"))
    given = parser.parse_args()
    measure(given.reid, given.model_path)
