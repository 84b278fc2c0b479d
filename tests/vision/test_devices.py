"""A device that answers otherwise than the model is refused; there is only a CPU to try it with."""

from __future__ import annotations

import numpy as np
import pytest

from reidsearch.base.errors import ModelError
from reidsearch.output.hints import advice
from reidsearch.vision.embedding import Embedder, builtin, load_embedder
from reidsearch.vision.embedding.devices import require_same_answers


class Rounded(Embedder):
    """Answers as a device does that computes with few bits."""

    def embed(self, crops):
        rows = super().embed(crops)
        rows += np.random.default_rng(0).normal(0, 0.006, rows.shape).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def never():
    raise AssertionError("the golden vectors are enough")


def rounded(*, flip: bool = False) -> Embedder:
    own = builtin.build(), builtin.NAME, builtin.PRECISION, builtin.digest()
    return Rounded(*own, flip=flip)


@pytest.mark.full
def test_answers_are_compared_with_the_golden_vectors():
    require_same_answers(load_embedder("builtin"), never)
    with pytest.raises(ModelError, match=r"genuine model's vectors 0\.99") as caught:
        require_same_answers(rounded(), never)
    assert "reduced precision" in caught.value.message
    assert "OpenVINO" in caught.value.message
    assert "--device CPU" in advice(caught.value)


@pytest.mark.full
def test_mirrored_answers_are_compared_with_those_of_the_cpu():
    mirrored = load_embedder("builtin", flip=True)
    require_same_answers(mirrored, lambda: load_embedder("builtin", flip=True))
    with pytest.raises(ModelError, match=r"what the CPU answers 0\.99"):
        require_same_answers(rounded(flip=True), lambda: mirrored)
