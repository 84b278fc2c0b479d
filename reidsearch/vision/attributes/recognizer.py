"""Open Model Zoo's person attributes model through OpenVINO, and colours measured at its points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import Kind, ModelError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import RuntimeSettings
from reidsearch.domain.attributes import NAMES, THINGS, Values
from reidsearch.domain.crops import Pixels
from reidsearch.domain.models import ModelIdentity
from reidsearch.vision.attributes import colours
from reidsearch.vision.models.compiled import Compiled, load, taking_pictures
from reidsearch.vision.models.profile import ZOO, Profile
from reidsearch.vision.models.stream import stream_in_order

if TYPE_CHECKING:
    import openvino

T = TypeVar("T")

# The model's outputs, and where in its first one the things stand that are taken from it.
# Source: the model card of person-attributes-recognition-crossroad-0230: is_male, has_bag,
# has_backpack, has_hat, has_longsleeves, has_longpants, has_longhair, has_coat_jacket; then the
# point (x, y) to look up the upper body's colour, then that of the lower body.
_OUTPUTS = (("453", 8), ("456", 2), ("459", 2))
_PLACES = {"bag": 1, "backpack": 2, "hat": 3, "long-trousers": 5, "long-hair": 6}
_COLUMNS = [_PLACES[thing] for thing in THINGS]
_UPPER, _LOWER = 8, 10


class Recognizer:
    """One attributes model, ready to describe crops.

    Args:
        graph: one picture in, 8 attributes and two points out, as person-attributes-recognition-
            crossroad-0230.
        name, precision, digest: of the model; they become `identity`, together with the way from
            crop to values.

    Raises:
        ModelError: the graph is of another kind.
    """

    def __init__(
        self,
        graph: openvino.Model,
        name: str,
        precision: str,
        digest: str,
        settings: RuntimeSettings = RuntimeSettings(),
        progress: Progress = NO_PROGRESS,
        profile: Profile = ZOO,
    ) -> None:
        prepared, self.width_px, self.height_px = _prepared(graph, name, profile)
        self._profile = profile
        way = profile.name(self.width_px, self.height_px)
        self.identity = ModelIdentity(
            name=name,
            precision=precision,
            digest=digest,
            preprocessing=f"{way}+{colours.METHOD}",
            dimension=len(NAMES),
        )
        key = f"{digest} attributes-" + ("u8-bgr/1" if profile == ZOO else way)
        self._compiled = Compiled(prepared, settings, key, progress)

    def prepare(self, crop: Pixels) -> Pixels:
        """Resize a crop, (h, w, 3) uint8 BGR, to (160, 80, 3), as the zoo's accuracy check does."""
        return self._profile.resized(crop, self.width_px, self.height_px)

    def stream(self, items: Iterable[tuple[T, Pixels | None]]) -> Iterator[tuple[T, Values | None]]:
        """Describe prepared pictures while they are being read; see `stream_in_order`.

        Args:
            items: a tag, and what `prepare` made, or None, which is handed through in its turn.

        Yields:
            The tag and (len(NAMES),) float32, in input order.
        """
        tagged = (((tag, picture), picture) for tag, picture in items)
        many = partial(self._compiled.model, "THROUGHPUT")
        for (tag, picture), raw in stream_in_order(many, tagged):
            yield tag, None if raw is None or picture is None else _values(picture, raw)


def _values(picture: Pixels, raw: NDArray[np.float32]) -> Values:
    """The model's 12 numbers, and the colours at its two points."""
    sound = np.clip(np.nan_to_num(raw), 0, 1)
    upper = colours.shares(picture, *sound[_UPPER : _UPPER + 2])
    lower = colours.shares(picture, *sound[_LOWER : _LOWER + 2])
    return np.concatenate([sound[_COLUMNS], upper, lower])


def load_recognizer(
    model: str | None = None,
    *,
    model_path: Sequence[Path] = (),
    offline: bool = False,
    runtime: RuntimeSettings = RuntimeSettings(),
    progress: Progress = NO_PROGRESS,
) -> Recognizer:
    """Find an attributes model (downloading it unless `offline`) and make it ready.

    Args:
        model: catalogue name, name/precision, or an .xml or .onnx file; None: the catalogue's.

    Raises:
        ModelError: it cannot be had, is damaged, or is for another role.
    """
    from reidsearch.vision.models.catalogue import default_entry

    name = model or default_entry("attributes").key
    graph, found = load(name, model_path, offline, progress, "attributes")
    named = found.name, found.precision, found.digest
    return Recognizer(graph, *named, runtime, progress, found.profile or ZOO)


def _prepared(
    graph: openvino.Model, name: str, profile: Profile
) -> tuple[openvino.Model, int, int]:
    """Take (1, h, w, 3) uint8, and answer with one vector of 12 numbers.

    Returns:
        The graph, width and height in pixels.
    """
    import openvino as ov
    from openvino import opset13

    takes = [source.get_partial_shape() for source in graph.inputs]
    gives = [
        (each, list(result.get_partial_shape().to_shape()))
        for result in graph.outputs
        for each in sorted(result.get_names())
        if result.get_partial_shape().is_static
    ]
    usual = [(each, [1, size, 1, 1]) for each, size in _OUTPUTS]
    one = len(takes) == 1 and takes[0].is_static and len(takes[0]) == 4
    if not one or takes[0].to_shape()[:2] != [1, 3] or sorted(gives) != usual:
        raise ModelError(
            f"{name} takes {takes} and answers with {gives}: it is not an attribute model",
            kind=Kind.NOT_A_RECOGNIZER,
        )
    _, _, height, width = takes[0].to_shape()
    parts = [graph.output(each).get_node().input_value(0) for each, _ in _OUTPUTS]
    joined = ov.Model([opset13.concat(parts, axis=1)], graph.get_parameters(), name)
    return taking_pictures(joined, profile=profile), int(width), int(height)
