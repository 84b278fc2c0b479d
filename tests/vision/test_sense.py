"""Models whose embeddings say nothing of the pictures are refused or doubted."""

from __future__ import annotations

from pathlib import Path

import openvino as ov
import pytest
from archives import draw_many
from own_models import constant, describe, noise, scrambled, untrained

from reidsearch.base.errors import Kind, ModelError
from reidsearch.vision.embedding.embedder import Embedder, load_embedder
from reidsearch.vision.embedding.sense import require_sense, sense


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


@pytest.mark.full
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
    return describe(path)


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
