"""A manifest for a model of which only the pre-processing is told: the rest its graph shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reidsearch.base.errors import Kind, ModelError
from reidsearch.vision.models.fitting import input_size
from reidsearch.vision.models.manifest import Manifest, Output, Role, sha256s_of
from reidsearch.vision.models.profile import KNOWN, Profile
from reidsearch.vision.models.runtime import read_model

if TYPE_CHECKING:
    import openvino

NOT_STATED = "not stated"
_RECOGNIZED = ["453", "456", "459"]


def described(path: Path, way: str, licence: str = "", source: str = "") -> Manifest:
    """Return the manifest of a model file.

    Args:
        way: one of `KNOWN`, how pictures are made what it takes.

    Raises:
        ModelError: it cannot be read, or its graph leaves open what only a manifest can say.
    """
    graph = read_model(path)
    size = input_size(graph)
    if size is None:
        shapes = " and ".join(str(each.get_partial_shape()) for each in graph.inputs)
        raise _unclear(path, f"takes {shapes}, which names no size of one picture")
    output = _output(graph, path)
    role: Role = (
        "re-id"
        if output.meaning == "embedding"
        else "attributes" if output.meaning == "crossroad-0230" else "detector"
    )  # fmt: skip
    return Manifest(
        role,
        *size,
        _profile(way, role),
        output,
        licence or NOT_STATED,
        source or NOT_STATED,
        sha256s_of(path),
    )


def _profile(way: str, role: Role) -> Profile:
    return replace(KNOWN[way], interpolation="area") if role == "detector" else KNOWN[way]


def _output(graph: openvino.Model, path: Path) -> Output:
    outputs = graph.outputs
    shapes = [each.get_partial_shape() for each in outputs]
    if len(outputs) == 1:
        (shape,) = shapes
        if len(shape) == 4 and shape[3] == 7:
            return Output("ssd")
        # The batch may be open.
        sizes = list(shape)[1:] or list(shape)
        long = [size for size in sizes if size.is_dynamic or size.get_length() != 1]
        if len(long) == 1 and long[0].is_static:
            return Output("embedding", dimension=long[0].get_length())
    if sorted(len(shape) for shape in shapes) == [1, 2]:
        return Output("boxes-labels")
    names = sorted(name for each in outputs for name in each.get_names())
    if names == _RECOGNIZED:
        return Output("crossroad-0230")
    told = " and ".join(map(str, shapes))
    raise _unclear(path, f"answers with {told}, which could be anything")


def _unclear(path: Path, what: str) -> ModelError:
    return ModelError(
        f"{path} {what}: only a manifest can tell",
        "write a manifest beside it",
        kind=Kind.MODEL_MANIFEST_MISSING,
        file=path,
    )


def precision_of(path: Path) -> str:
    """Return what most of a model's weights are, in the zoo's words: `FP32`, `FP16-INT8`.

    Raises:
        ModelError: it cannot be read.
    """
    nodes = read_model(path).get_ordered_ops()
    sizes = {"f16": 0, "f32": 0}
    for node in nodes:
        if node.get_type_name() == "Constant":
            kind = node.get_output_element_type(0).get_type_name()
            sizes[kind] = sizes.get(kind, 0) + int(np.prod(node.get_output_shape(0)))
    floating = "FP16" if sizes["f16"] > sizes["f32"] else "FP32"
    quantized = any(node.get_type_name() in {"FakeQuantize", "QuantizeLinear"} for node in nodes)
    return f"{floating}-INT8" if quantized else floating
