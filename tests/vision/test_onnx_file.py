"""ONNX files that keep their weights elsewhere are recognised, however their fields are written."""

from __future__ import annotations

import random
import time

import numpy as np
import openvino as ov
import pytest
from own_models import put, varint

from reidsearch.base.errors import ModelError
from reidsearch.vision.models.locate import locate
from reidsearch.vision.models.onnx_file import MOST_NESTED, keeps_weights_elsewhere


def tensor(outside: bool, *, least: int = 1, order: int = 0) -> bytes:
    values = np.arange(4, dtype=np.float32).tobytes()
    fields = [put(1, 4), put(2, 1), put(8, "w")]
    if outside:
        place = [put(1, "location", least), put(2, "w.bin", least)]
        if order % 2:
            place.reverse()
        fields += [put(13, b"".join(place), least), put(14, 1, least)]
    else:
        fields.append(put(9, values))
    random.Random(order).shuffle(fields)
    return b"".join(fields)


def value_info(name: str) -> bytes:
    shape = put(1, put(1, 4))
    return put(1, name) + put(2, put(1, put(1, 1) + put(2, shape)))


def model(weights: bytes, more: bytes = b"", order: int = 0) -> bytes:
    """y = x + w."""
    node = put(1, "x") + put(1, "w") + put(2, "y") + put(4, "Add")
    parts = [
        put(1, node),
        put(5, weights),
        put(11, value_info("x")),
        put(12, value_info("y")),
        more,
    ]
    random.Random(order).shuffle(parts)
    whole = [put(1, 8), put(8, put(2, 13)), put(7, put(2, "g") + b"".join(parts))]
    random.Random(order).shuffle(whole)
    return b"".join(whole)


def written(folder, data: bytes):
    path = folder / "own.onnx"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("order", range(6))
@pytest.mark.parametrize("least", [1, 4])
def test_outside_weights_are_found_in_any_order_of_fields(tmp_path, order, least):
    path = written(tmp_path, model(tensor(True, least=least, order=order), order=order))
    (tmp_path / "w.bin").write_bytes(np.arange(4, dtype=np.float32).tobytes())
    ov.Core().read_model(path)  # it is a model, which OpenVINO reads with the other file's weights
    with pytest.raises(ModelError, match="weights in other files"):
        locate(str(path))


@pytest.mark.parametrize("order", range(3))
def test_a_file_with_its_weights_inside_is_taken(tmp_path, order):
    place = put(1, "location") + put(2, "w.bin")
    named = put(14, put(1, "w") + put(2, place))  # an annotation, which is no tensor
    path = written(tmp_path, model(tensor(False, order=order), named, order=order))
    ov.Core().read_model(path)
    assert locate(str(path)).xml == path


def attribute(*, graph: bytes = b"", inner: bytes = b"", many: bool = False) -> bytes:
    if graph:
        return put(1, "body") + put(11 if many else 6, graph)
    return put(1, "value") + put(10 if many else 5, inner)


OUTSIDE = tensor(True)
PLACES = {
    "attribute": put(7, put(1, put(5, attribute(inner=OUTSIDE)))),
    "attributes": put(7, put(1, put(5, attribute(inner=OUTSIDE, many=True)))),
    "subgraph": put(7, put(1, put(5, attribute(graph=put(5, OUTSIDE))))),
    "subgraphs": put(7, put(1, put(5, attribute(graph=put(5, OUTSIDE), many=True)))),
    "sparse": put(7, put(15, put(1, OUTSIDE))),
    "indices": put(7, put(15, put(2, OUTSIDE))),
    "sparse attribute": put(7, put(1, put(5, put(22, put(1, OUTSIDE))))),
    "function": put(25, put(7, put(5, attribute(inner=OUTSIDE)))),
    "training": put(20, put(1, put(5, OUTSIDE))),
    "second graph": put(7, put(2, "g")) + put(7, put(5, OUTSIDE)),
    "location alone": put(7, put(5, put(14, 1))),
    "data alone": put(7, put(5, put(13, put(1, "location")))),
}


@pytest.mark.parametrize("place", PLACES)
def test_every_place_that_can_hold_a_tensor_is_looked_at(tmp_path, place):
    assert keeps_weights_elsewhere(written(tmp_path, PLACES[place]))


def nested(deep: int, inner: bytes = b"") -> bytes:
    graph = inner
    for _ in range(deep):
        graph = put(1, put(5, put(6, graph)))
    return put(7, graph)


HOSTILE = {
    "text": b"weights inside",
    "empty": b"",
    "zeros": bytes(64),
    "length beyond the end": put(7, b"x" * 10)[:-4],
    "huge length": varint(7 << 3 | 2) + varint(1 << 62) + b"x",
    "number without end": b"\x3a" + b"\xff" * 20,
    "longer key than there is": b"\xff" * 9 + b"\x01",
    "group without end": varint(9 << 3 | 3) * 5,
    "end without group": varint(9 << 3 | 4),
    "wire type 6": varint(9 << 3 | 6),
    "deep": nested(MOST_NESTED, put(5, b"")),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_cannot_be_walked_is_refused_soon(tmp_path, kind):
    path = written(tmp_path, HOSTILE[kind])
    begun = time.process_time()
    with pytest.raises(ModelError, match="is no ONNX file, or is damaged"):
        locate(str(path))
    assert time.process_time() - begun < 2


def test_depths_that_models_have_are_walked(tmp_path):
    assert keeps_weights_elsewhere(written(tmp_path, nested(20, put(5, OUTSIDE))))


@pytest.mark.full
def test_more_parts_than_any_model_has_are_refused(tmp_path):
    with pytest.raises(ModelError, match="parts"):
        keeps_weights_elsewhere(written(tmp_path, put(7, put(1, b"") * 2_100_000)))


@pytest.mark.fuzz
def test_what_is_taken_needs_no_other_file(tmp_path):
    """Random changes of a model with outside weights: OpenVINO itself is asked."""
    rng, core, beside = random.Random(7), ov.Core(), tmp_path / "w.bin"

    def reads(path) -> bool:
        try:
            core.read_model(path)
        except RuntimeError:
            return False
        return True

    whole = model(OUTSIDE)
    tried, refused, taken = 2_000, 0, 0
    for _ in range(tried):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 5)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path = written(tmp_path, bytes(data))
        try:
            outside = keeps_weights_elsewhere(path)
        except ModelError:
            outside = True
        if outside:
            refused += 1
            continue
        taken += 1
        beside.write_bytes(np.arange(4, dtype=np.float32).tobytes())
        with_it = reads(path)
        beside.unlink()
        assert with_it == reads(path), bytes(data)
    print(f"ONNX files: {tried} tried, {refused} refused, {taken} need no other file")
    assert refused
    assert taken
