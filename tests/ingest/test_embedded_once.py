"""A crop of footage that was embedded to follow somebody is not embedded again as a best shot."""

from __future__ import annotations

import numpy as np
import pytest

from reidsearch.ingest.footage import embedded_once
from reidsearch.ingest.footage.embedded_once import EmbeddedOnce
from reidsearch.vision.embedding import load_embedder
from reidsearch.vision.tracking.best_shots import coded


@pytest.fixture(scope="module")
def jpegs() -> list[bytes]:
    rng = np.random.default_rng(0)
    sizes = [(173, 61), (256, 128), (1, 1), (400, 150), (90, 200)]
    return [coded(rng.integers(0, 256, (*size, 3), np.uint8)) for size in sizes]


@pytest.mark.full
@pytest.mark.parametrize("flip", [False, True])
def test_what_is_remembered_is_what_the_stream_would_compute(jpegs, flip):
    embedder = load_embedder("builtin", flip=flip)
    embedded = EmbeddedOnce(embedder)
    found = embedded.embed(jpegs)
    streamed = dict(embedder.stream((n, embedded.prepared(j)) for n, j in enumerate(jpegs)))
    for number, jpeg in enumerate(jpegs):
        known = embedded.known(jpeg)
        assert known is not None
        assert known.tobytes() == found[number].tobytes() == streamed[number].tobytes()


def test_only_the_very_same_bytes_are_known(jpegs):
    embedded = EmbeddedOnce(load_embedder("builtin"))
    embedded.embed(jpegs[:2])
    assert embedded.known(jpegs[1]) is not None
    assert embedded.known(jpegs[2]) is None
    assert embedded.known(jpegs[1] + b"\0") is None


def test_the_oldest_are_forgotten(jpegs, monkeypatch):
    monkeypatch.setattr(embedded_once, "REMEMBERED", 3)
    embedded = EmbeddedOnce(load_embedder("builtin"))
    for jpeg in jpegs:
        embedded.embed([jpeg])
    assert [embedded.known(jpeg) is not None for jpeg in jpegs] == [False] * 2 + [True] * 3


def test_nothing_is_embedded_of_nobody():
    assert EmbeddedOnce(load_embedder("builtin")).embed([]).shape[0] == 0
