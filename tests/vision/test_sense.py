"""Models whose embeddings say nothing of the pictures are refused or doubted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from archives import draw_many
from openvino import opset13 as ops

from reidsearch.base.errors import Kind, ModelError
from reidsearch.vision.embedding.embedder import Embedder, load_embedder
from reidsearch.vision.embedding.sense import require_sense, sense

WIDE = 32


def pixels():
    return ops.parameter([1, 3, 64, 32], np.float32, name="pixels")


def flat(node):
    return ops.reshape(node, ops.constant(np.array([1, -1])), False)


def nothing_of(source):
    """(1, WIDE) zeros that depend on the input in form alone."""
    mean = ops.reduce_mean(source, ops.constant(np.array([1, 2, 3])), False)
    return ops.multiply(flat(mean), ops.constant(np.zeros((1, WIDE), np.float32)))


def constant() -> ov.Model:
    source = pixels()
    always = ops.constant(np.arange(1, WIDE + 1, dtype=np.float32)[None])
    return ov.Model([ops.add(nothing_of(source), always)], [source], "constant")


def noise() -> ov.Model:
    source = pixels()
    shape = ops.constant(np.array([1, WIDE]))
    ends = ops.constant(np.float32(-1)), ops.constant(np.float32(1))
    drawn = ops.random_uniform(shape, *ends, "f32", 0, 0)
    return ov.Model([ops.add(nothing_of(source), drawn)], [source], "noise")


def scrambled() -> ov.Model:
    """The same for the same picture; anything else for one that differs a little."""
    source = pixels()
    weights = np.random.default_rng(1).normal(0, 50, (3 * 64 * 32, WIDE)).astype(np.float32)
    product = ops.matmul(flat(source), ops.constant(weights), False, False)
    return ov.Model([ops.sin(product)], [source], "scrambled")


def untrained(seed: int = 1, layers: int = 5) -> ov.Model:
    """Convolutions with the weights that training begins with."""
    rng, source = np.random.default_rng(seed), ops.parameter([1, 3, 256, 128], np.float32, name="x")
    node, channels = source, 3
    for layer in range(layers):
        to = 8 * 2**layer
        weights = rng.normal(0, (channels * 9) ** -0.5, (to, channels, 3, 3)).astype(np.float32)
        node = ops.convolution(node, ops.constant(weights), [2, 2], [1, 1], [1, 1], [1, 1])
        node, channels = ops.relu(node), to
    mean = ops.reduce_mean(node, ops.constant(np.array([2, 3])), False)
    return ov.Model([mean], [source], "untrained")


def embedder(graph: ov.Model, **more: object) -> Embedder:
    return Embedder(graph, graph.get_friendly_name(), "unknown", "ab" * 48, **more)  # type: ignore[arg-type]


@pytest.mark.full
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(
    ("model", "why"),
    [
        (constant, "hardly depend on what pictures show"),
        (noise, "answers differently to one and the same picture"),
        (scrambled, "hardly depend on what pictures show"),
    ],
)
def test_embeddings_without_regard_to_the_picture_are_refused(model, why, flip):
    with pytest.raises(ModelError, match=why) as caught:
        require_sense(embedder(model(), flip=flip))
    assert caught.value.kind == Kind.MODEL_BLIND


@pytest.mark.full
def test_untrained_convolutions_are_at_least_doubted():
    for seed in range(3):
        found = sense(embedder(untrained(seed)))
        assert found.fault or found.doubt


def test_the_built_in_model_has_sense():
    found = sense(load_embedder("builtin"))
    assert (found.fault, found.doubt) == ("", "")
    assert found.repeated == pytest.approx(1)


@pytest.mark.slow
def test_genuine_models_have_sense(shared):
    for name in ("0277", "0286", "0287", "0288"):
        model = f"person-reidentification-retail-{name}/FP16"
        found = sense(load_embedder(model, model_path=[shared / "models"], offline=True))
        assert (found.fault, found.doubt) == ("", "")
        assert found.same - found.different > 0.3


def saved(folder: Path, graph: ov.Model) -> Path:
    path = folder / f"{graph.get_friendly_name()}.xml"
    ov.save_model(graph, path, compress_to_fp16=False)
    return path


@pytest.mark.full
def test_no_archive_is_filled_or_changed_by_such_a_model(run, tmp_path):
    draw_many(tmp_path / "crops", 3)
    blind = saved(tmp_path, constant())
    ran = run("index", tmp_path / "crops", "--model", blind)
    assert ran.code == 4
    assert "constant is of no use for a search" in ran.err
    assert "reidsearch models list" in ran.err
    assert run("index", tmp_path / "crops", "--model", "builtin").code == 0
    assert run("reembed", "--model", blind).code == 4
    assert "builtin" in run("show").out
    doctor = run("doctor", "--model", blind)
    assert doctor.code == 1
    assert "hardly depend on what pictures show" in doctor.out


@pytest.mark.full
def test_a_doubtful_model_is_used_and_said(run, tmp_path):
    draw_many(tmp_path / "crops", 3)
    ran = run("index", tmp_path / "crops", "--model", saved(tmp_path, untrained()))
    assert ran.code == 0
    assert "Doubtful model: untrained: it hardly tells synthetic people apart" in " ".join(
        ran.out.split()
    )
    assert "Doubtful" not in run("index", tmp_path / "crops", "-a", tmp_path / "b", "--model",
                                 "builtin").out  # fmt: skip
