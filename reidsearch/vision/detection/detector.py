"""Full frames in, people out: Open Model Zoo's person detectors through OpenVINO."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import Kind, ModelError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import FootageSettings, RuntimeSettings
from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import Detections
from reidsearch.vision.detection.suppress import suppress
from reidsearch.vision.detection.tiles import tiling_of
from reidsearch.vision.models.compiled import Compiled, load, taking_pictures
from reidsearch.vision.models.profile import ZOO, Profile
from reidsearch.vision.models.stream import stream_in_order

if TYPE_CHECKING:
    import openvino


T = TypeVar("T")

# Frames that wait for the tracker hold their pixels (3 MB at 1080p, 12 MB at 4K).
WAITING = 4


@dataclass(frozen=True, slots=True)
class DetectorIdentity:
    """Which model detects; `digest` is the SHA-384 over its files."""

    name: str
    precision: str
    digest: str

    @property
    def text(self) -> str:
        """Name, precision and the start of the digest, for people and records."""
        return f"{self.name} {self.precision} ({self.digest[:12]})"


class Detector:
    """One person detector. Its pre-processing is in the graph: it takes uint8 BGR pictures.

    Args:
        graph: one picture in; (1, 1, n, 7) out, as Open Model Zoo's person-detection models.
        profile: how a picture is made what the graph takes; its size is changed before.

    Raises:
        ModelError: the graph is of another kind.
    """

    def __init__(
        self,
        graph: openvino.Model,
        identity: DetectorIdentity,
        settings: RuntimeSettings = RuntimeSettings(),
        progress: Progress = NO_PROGRESS,
        profile: Profile = ZOO,
    ) -> None:
        self.identity = identity
        prepared, self.width_px, self.height_px = _with_preprocessing(graph, identity.name, profile)
        way = "u8-bgr" if profile == ZOO else profile.name(self.width_px, self.height_px)
        self._compiled = Compiled(
            prepared, settings, f"{identity.digest} detector-{way}/1", progress
        )

    def compile_for_one(self) -> None:
        """Make ready to answer one picture soonest; the first one does so otherwise."""
        self._compiled.soonest()

    def detect(self, frame: Pixels, policy: FootageSettings = FootageSettings()) -> Detections:
        """The people in one frame, (h, w, 3) uint8 BGR, of any size; see `read`.

        Threads may share a detector.

        Args:
            policy: its tiles count too.
        """
        height_px, width_px = frame.shape[:2]
        size_px = self.width_px, self.height_px
        tiling = tiling_of(width_px, height_px, policy.grid)
        # A request of its own: the compiled model's shared one refuses a second thread.
        request = self._compiled.model("LATENCY").create_infer_request()
        found = []
        for tile in tiling.boxes:
            part = frame[tile.y1 : tile.y2, tile.x1 : tile.x2]
            small = cv2.resize(part, size_px, interpolation=cv2.INTER_AREA)
            request.infer({0: small[None]})
            answer = request.get_output_tensor().data
            found.append(self.read(answer, tile.width_px, tile.height_px, policy))
        return tiling.joined(found, policy)

    def stream(
        self, items: Iterable[tuple[T, Pixels | None]]
    ) -> Iterator[tuple[T, NDArray[np.float32] | None]]:
        """Raw answers, asynchronously and in order; see `stream_in_order`.

        Args:
            items: a tag, and a (height_px, width_px, 3) uint8 BGR picture or None.
        """
        many = partial(self._compiled.model, "THROUGHPUT")
        return stream_in_order(many, items, waiting=WAITING)

    def read(
        self,
        raw: NDArray[np.float32],
        width_px: int,
        height_px: int,
        policy: FootageSettings = FootageSettings(),
    ) -> Detections:
        """Read people from the model's answer, in pixels of a frame of that size, best first.

        Args:
            policy: from which confidence on, and which of several boxes of one person.

        Source: the models' cards: rows [image_id, label, confidence, x1, y1, x2, y2], corners as
        shares of the frame; an image_id below 0 ends the list. Boxes are clipped to the frame.
        """
        rows = np.asarray(raw, np.float32).reshape(-1, 7)
        ends = np.flatnonzero(rows[:, 0] < 0)
        rows = rows[: ends[0]] if len(ends) else rows
        rows = rows[np.isfinite(rows).all(axis=1) & (rows[:, 2] >= policy.low_confidence)]
        size = np.array([width_px, height_px, width_px, height_px], np.float32)
        xyxy = np.clip(rows[:, 3:7], 0, 1) * size
        whole = (xyxy[:, 2] - xyxy[:, 0] >= 1) & (xyxy[:, 3] - xyxy[:, 1] >= 1)
        found = Detections(xyxy[whole], np.clip(rows[whole, 2], 0, 1))
        return suppress(found, policy.max_overlap, policy.max_inside)


def load_detector(
    model: str | None = None,
    *,
    model_path: Sequence[Path] = (),
    offline: bool = False,
    runtime: RuntimeSettings = RuntimeSettings(),
    progress: Progress = NO_PROGRESS,
) -> Detector:
    """Find a detector (downloading it unless `offline`) and make it ready.

    Args:
        model: catalogue name, name/precision, or an .xml or .onnx file; None: the catalogue's
            default.

    Raises:
        ModelError: it cannot be had, is damaged, or does not detect people.
    """
    from reidsearch.vision.models.catalogue import default_entry

    name = model or default_entry("detector").key
    graph, found = load(name, model_path, offline, progress, "detector")
    identity = DetectorIdentity(found.name, found.precision, found.digest)
    return Detector(graph, identity, runtime, progress, found.profile or ZOO)


def _with_preprocessing(
    graph: openvino.Model, name: str, profile: Profile
) -> tuple[openvino.Model, int, int]:
    """Let the graph itself turn (1, h, w, 3) uint8 into what the model takes.

    Returns:
        The graph, width and height in pixels.
    """
    takes = [source.get_partial_shape() for source in graph.inputs]
    gives = [result.get_partial_shape() for result in graph.outputs]
    detects = (
        len(takes) == len(gives) == 1
        and takes[0].is_static
        and len(takes[0]) == 4
        and takes[0].to_shape()[:2] == [1, 3]
        and len(gives[0]) == 4
        and gives[0][3] == 7
    )
    if not detects:
        raise ModelError(
            f"{name} takes {takes} and answers with {gives}: it is not a person detector",
            kind=Kind.NOT_A_DETECTOR,
        )
    _, _, height, width = takes[0].to_shape()
    return taking_pictures(graph, profile=profile), int(width), int(height)
