"""Pictures become unit vectors, in order; what a model cannot answer is refused by name."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops
from own_models import describe

from reidsearch.base.errors import ModelError, Reason, Refused
from reidsearch.vision.embedding import Embedder, load_embedder

DEFAULT = "person-reidentification-retail-0286"


@pytest.fixture(scope="module")
def builtin() -> Embedder:
    return load_embedder("builtin")


@pytest.fixture(scope="module")
def crops() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    sizes = [(61, 173), (128, 256), (200, 90), (300, 700), (1, 1), (8, 16), (40, 110)]
    return [rng.integers(0, 256, (height, width, 3), np.uint8) for width, height in sizes]


def model(
    shape=(1, 3, 32, 16), *, output=(1, 8), factor=1.0, element=np.float32, inputs=1, outputs=1
) -> ov.Model:
    """A graph whose answer is the picture's mean times a row of ones, plus a row of steps."""
    data = [
        ops.parameter(ov.PartialShape(list(shape)), element, name=f"x{i}") for i in range(inputs)
    ]
    as_float = ops.convert(data[0], np.float32)
    mean = ops.reduce_mean(as_float, np.array([0, 1, 2, 3]), keep_dims=False)
    steps = np.arange(np.prod(output), dtype=np.float32).reshape(output)
    row = ops.multiply(ops.add(mean, steps), np.float32(factor))
    return ov.Model([ops.result(row) for _ in range(outputs)], data, "made")


def embedder(graph: ov.Model) -> Embedder:
    return Embedder(graph, "made", "unknown", "0" * 96)


@pytest.mark.full
def test_rows_are_of_unit_length_and_in_the_order_given(builtin, crops):
    rows = builtin.embed(crops)
    assert rows.shape == (len(crops), 256)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    for crop, row in zip(crops, rows, strict=True):
        assert np.allclose(builtin.embed([crop])[0], row, atol=1e-5)


def test_no_crops_give_no_rows(builtin):
    rows = builtin.embed([])
    assert rows.shape == (0, 256)
    assert rows.dtype == np.float32


def test_identity_tells_all_that_makes_an_embedding(builtin):
    identity = builtin.identity
    assert (identity.name, identity.precision, identity.dimension) == ("builtin", "FP32", 256)
    assert len(identity.digest) == 96
    assert identity.preprocessing == "bilinear-antialias-bgr-256x128/1"
    assert builtin.runtime.startswith("OpenVINO ")


@pytest.mark.full
def test_stream_hands_tags_back_in_input_order(builtin, crops):
    items = [(number, builtin.prepare(crops[number % len(crops)])) for number in range(60)]
    got = list(builtin.stream(iter(items)))
    assert [tag for tag, _ in got] == list(range(60))
    expected = builtin.embed(crops)
    for tag, row in got:
        assert np.allclose(row, expected[tag % len(crops)], atol=1e-5)


@pytest.mark.full
def test_stream_hands_none_through_in_its_turn(builtin, crops):
    picture = builtin.prepare(crops[0])
    items = [(n, None if n % 3 else picture) for n in range(400)]
    got = list(builtin.stream(iter(items)))
    assert [tag for tag, _ in got] == list(range(400))
    assert [row is None for _, row in got] == [bool(n % 3) for n in range(400)]


@pytest.mark.full
@pytest.mark.parametrize("passed_through", [False, True])
def test_stream_reads_only_so_far_ahead(builtin, crops, passed_through):
    """Memory stays bounded while the consumer is busy, also behind one picture."""
    picture = builtin.prepare(crops[0])
    pulled = 0

    def items():
        nonlocal pulled
        for number in range(5000):
            pulled += 1
            yield number, None if passed_through and number else picture

    stream = builtin.stream(items())
    next(stream)
    seen, same = -1, 0
    while same < 5 or seen <= 20:  # until the thread has come to rest, on a busy machine too
        same = same + 1 if seen == pulled else 0
        seen = pulled
        time.sleep(0.2)
    stream.close()
    assert 20 < seen < 200


def test_an_exception_of_the_items_comes_after_the_results_before_it(builtin, crops):
    def items():
        for number in range(5):
            yield number, builtin.prepare(crops[0])
        raise OSError("the disk went away")

    seen = []
    with pytest.raises(OSError, match="the disk went away"):
        seen.extend(tag for tag, _ in builtin.stream(items()))
    assert seen == [0, 1, 2, 3, 4]


def test_a_wrong_tensor_raises_in_the_consumer(builtin, crops):
    right = builtin.prepare(crops[0])
    items = [(0, right), (1, right[:5]), (2, right)]
    seen = []
    with pytest.raises(RuntimeError):
        seen.extend(tag for tag, _ in builtin.stream(iter(items)))
    assert seen == [0]


def test_closing_early_ends_the_thread_and_closes_the_items(builtin, crops):
    closed = threading.Event()

    def items():
        try:
            while True:
                yield None, builtin.prepare(crops[0])
        finally:
            closed.set()

    before = threading.active_count()
    stream = builtin.stream(items())
    for _ in range(3):
        next(stream)
    stream.close()
    assert closed.is_set()
    assert threading.active_count() == before


ENDINGS = {
    "left open": "pass",
    # The handler is set here: where a parent ignores SIGINT (nohup), so does its child.
    "Ctrl-C": "import _thread, signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "_thread.interrupt_main(); [next(stream) for _ in range(99)]",
    "an error": "raise SystemExit(3)",
}


@pytest.mark.full
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_interpreter_ends_with_a_stream_open(ending):
    code = (
        "import itertools, numpy as np\n"
        "from reidsearch.vision.embedding import load_embedder\n"
        "stream = load_embedder('builtin').stream(\n"
        "    (n, np.zeros((256, 128, 3), np.uint8)) for n in itertools.count())\n"
        "next(stream)\n" + ENDINGS[ending]
    )
    done = subprocess.run(
        [sys.executable, "-c", code], timeout=30, capture_output=True, text=True, check=False
    )
    expected = {"left open": {0}, "Ctrl-C": {1, 130, -2}, "an error": {3}}[ending]
    assert done.returncode in expected, done.stderr


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (np.nan, "not finite"),
        (np.inf, "not finite"),
        (0.0, "no length"),
        (1e-12, "no length"),
    ],
)
def test_unusable_answers_are_refused_in_their_place(factor, words):
    broken = embedder(model(factor=factor))
    black = np.zeros((32, 16, 3), np.uint8)
    [(tag, answer)] = list(broken.stream([("a", black)]))
    assert tag == "a"
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.BAD_EMBEDDING
    assert words in answer.message
    with pytest.raises(Refused, match=words):
        broken.embed([black])


def test_huge_finite_answers_are_brought_to_unit_length():
    [row] = embedder(model(factor=1e37)).embed([np.full((32, 16, 3), 9, np.uint8)])
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-6)


@pytest.mark.full
@pytest.mark.parametrize(
    ("arguments", "size", "dimension"),
    [
        ({"shape": (1, 3, 32, 16)}, (32, 16), 8),
        ({"shape": (1, 32, 16, 3)}, (32, 16), 8),
        ({"shape": (-1, 3, 32, 16)}, (32, 16), 8),
        ({"shape": (1, 3, 32, 16), "output": (1, 8, 1, 1)}, (32, 16), 8),
        ({"shape": (1, 3, 32, 16), "output": (512,)}, (32, 16), 512),
        ({"shape": (1, 3, 32, 16), "element": np.uint8}, (32, 16), 8),
    ],
)
def test_other_models_of_the_same_kind_are_taken(arguments, size, dimension):
    made = embedder(model(**arguments))
    crop = np.full((50, 40, 3), 7, np.uint8)
    expected = np.arange(dimension) + 7.0
    assert (made.height_px, made.width_px) == size
    assert made.identity.dimension == dimension
    assert made.identity.preprocessing == "bilinear-antialias-bgr-32x16/1"
    assert np.allclose(made.embed([crop])[0], expected / np.linalg.norm(expected), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"shape": (1, 1, 32, 16)}, r"takes \[1,1,32,16\]"),
        ({"shape": (1, 3, -1, 16)}, r"takes \[1,3,\?,16\]"),
        ({"shape": (2, 3, 32, 16)}, r"takes \[2,3,32,16\]"),
        ({"inputs": 2}, r"takes \[1,3,32,16\] and \[1,3,32,16\]"),
        ({"output": (4, 8)}, r"answers with \[4,8\]"),
        ({"outputs": 2}, r"answers with \[1,8\] and \[1,8\]"),
    ],
)
def test_models_of_another_kind_are_refused_saying_what_was_found(arguments, words):
    with pytest.raises(ModelError, match=words):
        embedder(model(**arguments))


def test_a_model_file_is_loaded_and_known_by_its_hash(tmp_path):
    path = tmp_path / "mine.xml"
    ov.save_model(model(), path)
    describe(path)
    loaded = load_embedder(str(path))
    assert loaded.identity.name == "mine"
    assert loaded.identity.precision == "unknown"
    assert loaded.embed([np.zeros((9, 9, 3), np.uint8)]).shape == (1, 8)


def test_a_detector_is_refused(shared):
    with pytest.raises(ModelError, match="it is not a re-identification model"):
        load_embedder("person-detection-retail-0013", model_path=[shared / "models"], offline=True)


@pytest.mark.full
def test_the_real_model_embeds(shared, crops):
    real = load_embedder(DEFAULT, model_path=[shared / "models"], offline=True)
    rows = real.embed(crops)
    assert real.identity.text.startswith(f"{DEFAULT} FP16")
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert np.allclose(real.embed(crops[:2]), rows[:2], atol=1e-5)


# -- flip averaging -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flipping() -> Embedder:
    return load_embedder("builtin", flip=True)


def mirror(picture):
    return np.ascontiguousarray(picture[:, ::-1])


@pytest.mark.full
def test_flip_averaging_is_the_mean_direction_of_both_sides(builtin, flipping, crops):
    both = builtin.embed(crops) + builtin.embed([mirror(crop) for crop in crops])
    expected = both / np.linalg.norm(both, axis=1, keepdims=True)
    rows = flipping.embed(crops)
    assert rows.dtype == np.float32
    assert np.allclose(rows, expected, atol=1e-5)
    assert not np.allclose(rows, builtin.embed(crops), atol=1e-3)
    assert np.allclose(flipping.embed(crops[:1]), rows[:1], atol=1e-5)  # alone as in a batch
    assert np.allclose(flipping.embed([mirror(crop) for crop in crops]), rows, atol=1e-5)
    assert flipping.embed([]).shape == (0, 256)


@pytest.mark.full
def test_flip_averaging_keeps_order_tags_and_what_is_no_picture(flipping, crops):
    sized = [flipping.prepare(crop) for crop in crops]
    items = [(n, None if n % 3 == 1 else sized[n % len(sized)]) for n in range(90)]
    got = list(flipping.stream(iter(items)))
    assert [tag for tag, _ in got] == list(range(90))
    expected = flipping.embed(crops)
    for tag, row in got:
        if tag % 3 == 1:
            assert row is None
        else:
            assert np.allclose(row, expected[tag % len(sized)], atol=1e-5)


def test_embeddings_with_and_without_flip_averaging_are_not_comparable(builtin, flipping):
    assert flipping.identity.preprocessing == "bilinear-antialias-bgr-256x128/1+flip/1"
    assert (builtin.identity.flip, flipping.identity.flip) == (False, True)
    assert not builtin.identity.matches(flipping.identity)
    assert flipping.identity.text == f"{builtin.identity.text}, flip averaging"


def test_flip_averaging_refuses_what_one_side_cannot_answer():
    """The answer is the left column's grey level less the right one's: both sides cancel out."""
    data = ops.parameter(ov.PartialShape([1, 3, 32, 16]), np.float32, name="x")
    row = ops.reduce_mean(data, np.array([1, 2]), keep_dims=False)  # (1, 16), one a column
    weights = np.zeros((16, 8), np.float32)
    weights[0, 0], weights[15, 0] = 1, -1
    answer = ops.matmul(row, ops.constant(weights), False, False)
    graph = ov.Model([ops.result(answer)], [data], "made")
    averaging = Embedder(graph, "made", "unknown", "0" * 96, flip=True)
    lit = np.zeros((32, 16, 3), np.uint8)
    lit[:, 0] = 200
    items = [(n, None if n == 1 else lit) for n in range(3)]
    (_, first), (_, nothing), (_, last) = averaging.stream(iter(items))
    assert nothing is None
    for refused in (first, last):
        assert isinstance(refused, Refused)
        assert refused.reason == Reason.BAD_EMBEDDING
        assert "no length" in refused.message
    with pytest.raises(Refused):
        averaging.embed([lit])
