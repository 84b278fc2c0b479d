"""From the name of a model to a graph that runs, for embedder, detector and recognizer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import RuntimeSettings

if TYPE_CHECKING:
    import openvino

    from reidsearch.vision.models.locate import LocatedModel
    from reidsearch.vision.models.runtime import Hint


def load(
    model: str, model_path: Sequence[Path], offline: bool, progress: Progress
) -> tuple[openvino.Model, LocatedModel]:
    """Find a model, downloading it unless `offline`, and read its graph.

    Args:
        model: catalogue name, name/precision, or an .xml or .onnx file.
        model_path: folders in Open Model Zoo layout to look in first.

    Raises:
        ModelError: it cannot be had, is damaged, or cannot be read.
    """
    from reidsearch.vision.models.locate import locate
    from reidsearch.vision.models.runtime import read_model

    found = locate(model, model_path=model_path, offline=offline, progress=progress)
    return read_model(found.xml), found


def taking_pictures(graph: openvino.Model, layout: str = "NCHW") -> openvino.Model:
    """Return the graph with its own conversion from (1, h, w, 3) uint8; it answers in float32.

    Args:
        layout: of the picture that the model itself takes, `NCHW` or `NHWC`.
    """
    import openvino as ov
    from openvino.preprocess import PrePostProcessor

    wrapped = PrePostProcessor(graph)
    wrapped.input().tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    wrapped.input().model().set_layout(ov.Layout(layout))
    wrapped.output().tensor().set_element_type(ov.Type.f32)
    return wrapped.build()


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
