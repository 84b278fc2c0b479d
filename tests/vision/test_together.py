"""Several pictures a request: the same answers in the same order, where the model allows it."""

from __future__ import annotations

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from reidsearch.base.settings import RuntimeSettings
from reidsearch.vision.embedding import Embedder, load_embedder
from reidsearch.vision.models.compiled import taking_pictures, together

NAMES = [f"person-reidentification-retail-{n}" for n in ("0286", "0288")]


def made(last=(0, -1)) -> ov.Model:
    """Means of the picture's columns; `last` is the shape to which they are brought."""
    data = ops.parameter([1, 3, 32, 16], np.float32, name="x")
    means = ops.reduce_mean(data, np.array([2]), keep_dims=False)
    row = ops.reshape(means, np.array(last, np.int64), special_zero=True)
    return ov.Model([ops.result(row)], [data], "made")


def embedder(graph: ov.Model, **given) -> Embedder:
    runtime = RuntimeSettings(cache=False)
    return Embedder(graph, "made", "unknown", "0" * 96, runtime, **given)


def pictures(count: int) -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 256, (count, 32, 16, 3), np.uint8))


def same(one, other) -> bool:
    return (one is None and other is None) or np.array_equal(one, other)


@pytest.mark.parametrize("flip", [False, True])
def test_answers_are_those_of_one_at_a_time(flip):
    model = embedder(made(), flip=flip)
    assert model._together is not model._compiled
    items: list = [(number, picture) for number, picture in enumerate(pictures(20))]
    items[3:3] = [("first", None), ("second", None)]
    items += [("last", None)]
    singly, joined = list(model.stream(iter(items))), list(model.stream_together(iter(items)))
    assert [tag for tag, _ in joined] == [tag for tag, _ in items]
    assert all(same(a, b) for (_, a), (_, b) in zip(singly, joined, strict=True))


def test_a_million_without_a_picture_do_not_wait_for_it():
    told = iter(embedder(made()).stream_together(_one_then_many()))
    assert next(told)[0] == "picture"


def _one_then_many():
    yield "picture", pictures(1)[0]
    for number in range(1_000_000):
        yield number, None


def test_a_wrong_picture_comes_after_those_before_it():
    right = pictures(1)[0]
    seen = []
    stream = embedder(made()).stream_together([(0, right), (1, right[:1]), (2, right)])
    with pytest.raises(RuntimeError, match=r"\(1, 16, 3\)"):
        seen.extend(tag for tag, _ in stream)
    assert seen == [0]


def test_a_graph_that_is_made_for_one_picture_stays_so():
    graph = taking_pictures(made(last=(1, -1)))
    assert together(graph) == (graph, 1)


@pytest.mark.full
@pytest.mark.parametrize(("name", "count"), [(NAMES[0], 2), (NAMES[1], 6)])
def test_the_zoo_models_answer_to_the_last_bit(shared, name, count):
    model = load_embedder(name, model_path=[shared / "models"], offline=True)
    drawn = np.random.default_rng(1).integers(0, 256, (8, 256, 128, 3), np.uint8)
    items = list(enumerate(drawn))
    assert model._together.model("THROUGHPUT").input(0).shape[0] == count
    singly, joined = list(model.stream(iter(items))), list(model.stream_together(iter(items)))
    assert all(same(a, b) for (_, a), (_, b) in zip(singly, joined, strict=True))
