"""8-bit integers in place of floats: NNCF's post-training quantization."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reidsearch.base.errors import Kind, ModelError
from reidsearch.domain.crops import Pixels
from reidsearch.vision.models.profile import ZOO, Profile
from reidsearch.vision.models.runtime import openvino

if TYPE_CHECKING:
    import openvino as ov


def require_nncf() -> None:
    """Refuse to begin what cannot be ended.

    Raises:
        ModelError: the package is not installed.
    """
    try:
        there = importlib.util.find_spec("nncf") is not None
    except ValueError:  # a program has put None in its place
        there = False
    if not there:
        raise ModelError(
            "quantizing needs the package nncf, which is not installed",
            f"{sys.executable} -m pip install 'reidsearch[quantize]'",
        )


def quantize(
    graph: ov.Model,
    name: object,
    pictures: Sequence[Pixels],
    told: Callable[[], None] = lambda: None,
    profile: Profile = ZOO,
) -> ov.Model:
    """Make an INT8 model of a floating-point one.

    The bare model is quantized, without the pre-processing that the embedder adds: that is added
    to the result just as to the original.

    Args:
        graph: one picture in.
        name: of the model, for messages.
        pictures: to calibrate on, each (h, w, 3) uint8 BGR of the model's input size.
        told: called after each picture.
        profile: how a picture is made what the graph takes.

    Raises:
        ModelError: nncf is missing, or the model is quantized already.
    """
    if any(node.get_type_name() == "FakeQuantize" for node in graph.get_ordered_ops()):
        raise ModelError(
            f"{name} is quantized already",
            "give a model in FP16 or FP32",
            kind=Kind.MODEL_QUANTIZED_ALREADY,
        )
    require_nncf()
    channels_first = graph.input().get_partial_shape()[1].get_length() == 3

    def tensor(picture: Pixels) -> object:
        told()
        ordered = picture if profile.colour == "BGR" else picture[..., ::-1]
        numbers = (ordered.astype(np.float32) - profile.mean) / profile.scale
        planes = numbers.transpose(2, 0, 1) if channels_first else numbers
        return np.ascontiguousarray(planes[None], np.float32)

    # NNCF draws progress bars and logs to the terminal; the library never prints.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        import nncf

        nncf.set_log_level(40)  # errors
        data = nncf.Dataset(pictures, tensor)
        quantized: ov.Model = nncf.quantize(graph, data, subset_size=len(pictures))
    return quantized


def save(model: ov.Model, xml: Path) -> None:
    """Write NAME.xml and NAME.bin, of the same bytes for the same model.

    What stayed floating-point is stored in 16 bits.
    """
    # OpenVINO names nodes that nobody named by a counter of the process.
    for place, node in enumerate(model.get_ordered_ops()):
        if re.fullmatch(r"[A-Za-z]+_\d+", node.get_friendly_name()):
            node.set_friendly_name(f"{node.get_type_name()}_at_{place}")
    openvino().save_model(model, xml, compress_to_fp16=True)
