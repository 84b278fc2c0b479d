"""Models that are in no catalogue, for the tests: graphs, files, and manifests beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from reidsearch.vision.embedding import builtin
from reidsearch.vision.models.describing import described
from reidsearch.vision.models.manifest import manifest_of
from reidsearch.vision.models.profile import KNOWN, Profile

IMAGENET = KNOWN["rgb-imagenet"]


def describe(path: Path, way: str = "bgr-255") -> Path:
    """Write the manifest of a model file beside it; returns the model file."""
    manifest_of(path).write_text(described(path, way, "CC0-1.0", "drawn by a test").text(), "utf-8")
    return path


def save(graph: ov.Model, path: Path) -> Path:
    """Write an .xml and its .bin, without rounding."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ov.save_model(graph, path, compress_to_fp16=False)
    return path


def taking(graph: ov.Model, profile: Profile) -> ov.Model:
    """The same model for pictures as a profile makes them: it undoes first what that does.

    Args:
        graph: (1, 3, h, w) BGR, 0 to 255, in.
    """
    (source,) = graph.get_parameters()
    shape = source.get_partial_shape()
    given = ops.parameter(shape, np.float32, name="images")
    scale, mean = (np.array(each, np.float32).reshape(1, 3, 1, 1)
                   for each in (profile.scale, profile.mean))  # fmt: skip
    grey = ops.add(ops.multiply(given, scale), mean)
    if profile.colour == "RGB":
        grey = ops.gather(grey, np.array([2, 1, 0]), np.array(1))
    for target in source.output(0).get_target_inputs():
        target.replace_source_output(grey.output(0))
    return ov.Model(graph.outputs, [given], "taking")


def imagenet_builtin(path: Path) -> Path:
    """The built-in model for RGB pictures by ImageNet's mean and deviation, in a file."""
    return save(taking(builtin.build(), IMAGENET), path)


def boxes_and_labels(graph: ov.Model, label: int = 1) -> ov.Model:
    """An SSD detector, (1, 1, n, 7), that answers as Open Model Zoo's larger ones do.

    Boxes (n, 5) in pixels with their confidence, and (n,) labels: every second row is no person.
    """
    _, _, height, width = graph.inputs[0].get_partial_shape().to_shape()
    rows = ops.reshape(graph.outputs[0].get_node().input_value(0), np.array([-1, 7]), False)
    _, _, confidence, corners = ops.variadic_split(
        rows, np.int64(1), np.array([1, 1, 1, 4])
    ).outputs()
    size = np.array([width, height] * 2, np.float32)
    boxes = ops.concat([ops.multiply(corners, size), confidence], axis=1)
    other = np.full(200, label, np.int64)
    other[1::2] = label + 1
    labels = ops.constant(other)
    found = [ops.result(labels, name="labels"), ops.result(boxes, name="boxes")]
    made = ov.Model(found, graph.get_parameters(), "boxes_and_labels")
    for output, name in zip(made.outputs, ("labels", "boxes"), strict=True):
        output.get_tensor().set_names({name})
    return made


# -- models that are of no use ------------------------------------------------------------------

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


# -- ONNX, written field by field: the package onnx is not needed for so little -----------------


def varint(value: int, least: int = 1) -> bytes:
    """A number in at least so many bytes: protobuf's readers take longer forms too."""
    out = bytearray()
    while value > 0x7F or len(out) + 1 < least:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def put(number: int, value: int | bytes | str, least: int = 1) -> bytes:
    """One field."""
    if isinstance(value, int):
        return varint(number << 3, least) + varint(value, least)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2, least) + varint(len(data), least) + data


def _values(name: str, values: np.ndarray) -> bytes:
    dims = b"".join(put(1, size) for size in values.shape)
    kind = 7 if values.dtype == np.int64 else 1
    return dims + put(2, kind) + put(8, name) + put(9, values.tobytes())


def _info(name: str, sizes: Sequence[int | str]) -> bytes:
    """A float tensor; a size that is a text is open."""
    dims = b"".join(
        put(1, put(2, size) if isinstance(size, str) else put(1, size)) for size in sizes
    )
    return put(1, name) + put(2, put(1, put(1, 1) + put(2, dims)))


def _node(kind: str, inputs: Sequence[str], output: str, **ints: Sequence[int]) -> bytes:
    attributes = b"".join(
        put(5, put(1, key) + b"".join(put(8, each) for each in value) + put(20, 7))
        for key, value in ints.items()
    )
    names = b"".join(put(1, each) for each in inputs)
    return names + put(2, output) + put(4, kind) + attributes


def write_onnx(path: Path, seed: int = 1, width: int = 128, height: int = 256) -> Path:
    """A network of random weights with OSNet's input and output: (b, 3, 256, 128) -> (b, 512).

    One strided convolution, patch by patch, and a projection of what it gives; the batch is open.
    """
    rng = np.random.default_rng(seed)
    patch, channels, dimension = 16, 8, 512
    kernel = rng.normal(0, 1 / patch, (channels, 3, patch, patch)).astype(np.float32)
    flat = channels * (width // patch) * (height // patch)
    project = rng.normal(0, flat**-0.5, (flat, dimension)).astype(np.float32)
    nodes = [
        _node("Conv", ["images", "kernel"], "patches", strides=[patch, patch]),
        _node("Relu", ["patches"], "positive"),
        _node("Reshape", ["positive", "rows"], "flat"),
        _node("MatMul", ["flat", "project"], "output"),
    ]
    weights = {"kernel": kernel, "project": project, "rows": np.array([-1, flat], np.int64)}
    graph = b"".join([
        *(put(1, node) for node in nodes),
        put(2, "osnet-like"),
        *(put(5, _values(name, values)) for name, values in weights.items()),
        put(11, _info("images", ["batch", 3, height, width])),
        put(12, _info("output", ["batch", dimension])),
    ])  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(put(1, 8) + put(8, put(2, 13)) + put(7, graph))
    return path
