"""Golden vectors: genuine models pass, and every injected fault is named."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest

from reidsearch.vision.embedding import Embedder, builtin, load_embedder
from reidsearch.vision.embedding.golden import TOLERANCE, diagnose, key, pictures, vectors
from reidsearch.vision.models.catalogue import catalogue

RE_ID = [entry.key for entry in catalogue() if entry.role == "re-id"]
DEFAULT, OTHER = (f"person-reidentification-retail-{n}/FP16" for n in ("0286", "0288"))


@pytest.fixture(scope="module")
def load(shared):
    return lambda name: load_embedder(name, model_path=[shared / "models"], offline=True)


def replaced(embedder: Embedder, way) -> Embedder:
    """`embedder` with another `prepare`."""
    embedder.prepare = way  # type: ignore[method-assign]
    return embedder


def by(flag):
    return lambda crop: cv2.resize(crop, (128, 256), interpolation=flag)


def letterboxed(crop):
    scale = min(128 / crop.shape[1], 256 / crop.shape[0])
    small = cv2.resize(crop, None, fx=scale, fy=scale)
    canvas = np.zeros((256, 128, 3), np.uint8)
    top, left = (256 - small.shape[0]) // 2, (128 - small.shape[1]) // 2
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas


def swapped(crop):
    return np.ascontiguousarray(crop[..., ::-1])


def test_the_drawn_pictures_never_change():
    drawn = pictures()
    assert [picture.shape[1::-1] for picture in drawn] == [
        (61, 173),
        (200, 400),
        (128, 256),
        (200, 180),
        (330, 700),
    ]
    digest = hashlib.sha256(b"".join(picture.tobytes() for picture in drawn)).hexdigest()
    assert digest == "0ee25192df42d861acfb9e90149fd9e196938a20dad96748e2ea2eb3f8855200"


def test_there_are_golden_vectors_for_every_model():
    held = {name.rpartition("/")[0] for name in vectors()}
    assert held == {*RE_ID, "builtin/FP32"}
    for entry in catalogue():
        if entry.role == "re-id":
            assert f"{entry.key}/{entry.digest[:16]}" in vectors()


@pytest.mark.full
def test_the_built_in_model_is_as_it_was():
    embedder = load_embedder("builtin")
    assert key(embedder.identity) in vectors()
    result = diagnose(embedder)
    assert result.fault is None
    assert min(result.cosines) > TOLERANCE


@pytest.mark.parametrize(
    "name", [DEFAULT, *(pytest.param(n, marks=pytest.mark.full) for n in RE_ID if n != DEFAULT)]
)
def test_the_genuine_models_pass(load, name):
    result = diagnose(load(name))
    assert result.fault is None
    assert len(result.cosines) == 5


FAULTS = {
    "red and blue are exchanged": lambda genuine: lambda crop: swapped(genuine(crop)),
    "the resize is wrong (nearest neighbour)": lambda _: by(cv2.INTER_NEAREST),
    "the resize is wrong (bilinear without antialiasing)": lambda _: by(cv2.INTER_LINEAR),
    "the resize is wrong (area)": lambda _: by(cv2.INTER_AREA),
    "the resize is wrong (bicubic)": lambda _: by(cv2.INTER_CUBIC),
    "the resize is wrong (aspect kept)": lambda _: letterboxed,
    "the resize is wrong (unknown kind)": lambda genuine: (
        lambda crop: crop if crop.shape == (256, 128, 3) else genuine(crop)[::-1].copy()
    ),
    "red and blue are exchanged, and the resize is wrong (nearest neighbour)": lambda _: (
        lambda crop: swapped(by(cv2.INTER_NEAREST)(crop))
    ),
}


QUICK = ("red and blue are exchanged, and the resize is wrong (nearest neighbour)",)


@pytest.mark.full
@pytest.mark.parametrize(
    "cause", [*QUICK, *(pytest.param(c, marks=pytest.mark.full) for c in FAULTS if c not in QUICK)]
)
def test_faults_of_preprocessing_are_named(load, cause):
    embedder = load(DEFAULT)
    result = diagnose(replaced(embedder, FAULTS[cause](embedder.prepare)))
    assert result.fault is not None
    assert result.fault is not None
    assert result.fault.cause == cause
    assert result.fault.hint


class Disturbed(Embedder):
    """Answers that were bent after inference."""

    bend = staticmethod(lambda rows: rows)

    def embed(self, crops):
        rows = self.bend(super().embed(crops))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(
    ("bend", "cause"),
    [
        (lambda rows: np.round(rows * 24) / 24, "reduced precision"),
        pytest.param(lambda rows: -rows, "unknown", marks=pytest.mark.full),
        pytest.param(np.ones_like, "unknown", marks=pytest.mark.full),
    ],
)
def test_faults_of_the_runtime_are_named(load, bend, cause):
    embedder = load(DEFAULT)
    embedder.__class__ = Disturbed
    embedder.bend = bend  # type: ignore[attr-defined]
    result = diagnose(embedder)
    assert result.fault is not None
    assert result.fault is not None
    assert cause in result.fault.cause


@pytest.mark.full
def test_another_models_answers_are_recognised(load):
    embedder, other = load(DEFAULT), load(OTHER)
    embedder.embed = other.embed  # type: ignore[method-assign]
    result = diagnose(embedder)
    assert result.fault is not None
    assert result.fault is not None
    assert OTHER in result.fault.cause


def test_a_model_of_ones_own_has_nothing_to_compare_with():
    mine = Embedder(builtin.build(), "mine", "unknown", "f" * 96)
    result = diagnose(mine)
    assert result.fault is None
    assert result.cosines == ()
