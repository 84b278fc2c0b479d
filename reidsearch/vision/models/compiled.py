"""From the name of a model to a graph that runs, for embedder, detector and recognizer."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.errors import Kind, ModelError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import RuntimeSettings
from reidsearch.vision.models.profile import ZOO, Profile

if TYPE_CHECKING:
    import openvino

    from reidsearch.domain.models import ModelIdentity
    from reidsearch.vision.models.locate import LocatedModel
    from reidsearch.vision.models.manifest import Role
    from reidsearch.vision.models.runtime import Hint


_ROLES = {
    "re-id": ("a re-identification model", Kind.NOT_AN_EMBEDDER),
    "detector": ("a person detector", Kind.NOT_A_DETECTOR),
    "attributes": ("an attribute model", Kind.NOT_A_RECOGNIZER),
}
"""Role -> what such a model is called, and the kind of error if it is another."""


def load(
    model: str,
    model_path: Sequence[Path],
    offline: bool,
    progress: Progress,
    role: Role,
    held: ModelIdentity | None = None,
) -> tuple[openvino.Model, LocatedModel]:
    """Find a model, downloading it unless `offline`, and read its graph.

    Args:
        model: catalogue name, name/precision, or an .xml or .onnx file.
        model_path: folders in Open Model Zoo layout to look in first.
        role: what it is to be used for.
        held: the model of the archive: what it records of a file's pre-processing is as good as a
            manifest.

    Raises:
        ModelError: it cannot be had, is damaged, cannot be read, is for another role, or is a file
            of which nobody has said how pictures are made what it takes.
    """
    from dataclasses import replace

    from reidsearch.vision.models.fitting import fitted, input_size
    from reidsearch.vision.models.locate import locate
    from reidsearch.vision.models.profile import recorded_profile
    from reidsearch.vision.models.runtime import read_model

    found = locate(model, model_path=model_path, offline=offline, progress=progress)
    if found.role is not None and found.role != role:
        wanted, kind = _ROLES[role]
        raise ModelError(f"{found.name} is {_ROLES[found.role][0]}: it is not {wanted}", kind=kind)
    graph = read_model(found.xml)
    size = input_size(graph)
    if found.profile is None and held is not None and held.digest == found.digest and size:
        found = replace(found, profile=recorded_profile(held, *size))
    if found.profile is None:
        raise ModelError(
            f"{found.xml} is not in the catalogue and has no manifest: nobody has said in which "
            "order of colours and which numbers it takes pictures, and a wrong guess ranks at "
            "random",
            "write a manifest beside it, or add it with its pre-processing",
            kind=Kind.MODEL_MANIFEST_MISSING,
            file=found.xml,
        )
    return (fitted(graph, found.manifest, found.xml) if found.manifest else graph), found


def taking_pictures(
    graph: openvino.Model, layout: str = "NCHW", profile: Profile = ZOO
) -> openvino.Model:
    """Return the graph with its own conversion from (1, h, w, 3) uint8 BGR; it answers in float32.

    Args:
        layout: of the picture that the model itself takes, `NCHW` or `NHWC`.
    """
    import openvino as ov
    from openvino.preprocess import ColorFormat, PrePostProcessor

    wrapped = PrePostProcessor(graph)
    tensor = wrapped.input().tensor()
    tensor.set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    steps = wrapped.input().preprocess()
    if profile.colour == "RGB":
        tensor.set_color_format(ColorFormat.BGR)
        steps.convert_color(ColorFormat.RGB)
    if (profile.mean, profile.scale) != (ZOO.mean, ZOO.scale):
        steps.convert_element_type(ov.Type.f32)
        steps.mean(list(profile.mean)).scale(list(profile.scale))
    wrapped.input().model().set_layout(ov.Layout(layout))
    wrapped.output().tensor().set_element_type(ov.Type.f32)
    return wrapped.build()


# Layers of a few pictures that together stay near the cores' caches (megabytes a core) are computed
# 5 to 15% faster than one by one; of more they are slower. Measured with 0286 (1.5 MiB) and 0288
# (0.5 MiB) on cores of 1 MiB; the answers are the same to the last bit.
_LAYER_BYTES = 3 << 20
_MOST_TOGETHER = 6


def together(graph: openvino.Model) -> tuple[openvino.Model, int]:
    """Return the graph for as many pictures at once as pays on the CPU, and how many these are.

    Args:
        graph: one picture in, one vector out.
    """
    largest = max(
        (
            math.prod(output.get_shape()) * 4
            for operation in graph.get_ordered_ops()
            if operation.get_type_name() not in {"Constant", "Parameter", "Result"}
            for output in operation.outputs()
            if output.get_partial_shape().is_static
        ),
        default=_LAYER_BYTES,
    )
    count = min(_LAYER_BYTES // largest, _MOST_TOGETHER)
    if count < 2:
        return graph, 1
    one, many = graph.output(0).get_shape(), graph.clone()
    try:
        many.reshape([count, *graph.input(0).get_shape()[1:]])
    except RuntimeError:  # somewhere in it stands that it is one picture
        return graph, 1
    shape = many.output(0).get_partial_shape()
    if not shape.is_static or list(shape.to_shape()) != [count, *list(one)[1:]]:
        return graph, 1
    return many, count


class Compiled:
    """A graph that is compiled when it first runs, once for each hint. Threads may share it.

    Args:
        settings: device, streams, threads, cache.
        key: names the graph in the cache of compiled models; see `runtime.compile_model`.
        progress: told when a graph is compiled that the cache does not hold.
    """

    def __init__(
        self,
        graph: openvino.Model,
        settings: RuntimeSettings,
        key: str,
        progress: Progress = NO_PROGRESS,
    ) -> None:
        self._graph = graph
        self._settings = settings
        self._key = key
        self._progress = progress
        self._compiled: dict[Hint, openvino.CompiledModel] = {}
        self._compiling = threading.Lock()

    def model(self, hint: Hint) -> openvino.CompiledModel:
        """Return the graph compiled for many pictures (`THROUGHPUT`) or for one (`LATENCY`).

        Raises:
            ModelError: the device cannot run it.
        """
        from reidsearch.vision.models.runtime import compile_model

        with self._compiling:
            if hint not in self._compiled:
                self._compiled[hint] = compile_model(
                    self._graph, self._settings, hint, self._key, self._progress
                )
            return self._compiled[hint]

    def soonest(self) -> openvino.CompiledModel:
        """Return what is compiled for many pictures already, else what answers one soonest."""
        return self._compiled.get("THROUGHPUT") or self.model("LATENCY")
