"""Running a custom model for the first time, on synthetic people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reidsearch.base.errors import Kind, ModelError
from reidsearch.base.settings import FootageSettings, RuntimeSettings
from reidsearch.vision.attributes.recognizer import Recognizer
from reidsearch.vision.detection.detector import Detector, DetectorIdentity
from reidsearch.vision.embedding import golden
from reidsearch.vision.embedding.embedder import Embedder
from reidsearch.vision.embedding.sense import Sense, require_sight, sense
from reidsearch.vision.models.fitting import fitted
from reidsearch.vision.models.manifest import Manifest
from reidsearch.vision.models.runtime import read_model

if TYPE_CHECKING:
    import openvino

UNIT_LENGTH_OFF = 1e-3
MOST_BESIDE = 4.0
"""Of corners, in sides of the picture: boxes may stand out of it, but not by far."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a first run showed.

    Args:
        embedder: None: the model is for another role.
        sense: how it tells synthetic people apart.
        record: what is kept of it.
    """

    embedder: Embedder | None = None
    sense: Sense | None = None
    record: Mapping[str, Any] = field(default_factory=dict)


def try_model(
    file: Path, manifest: Manifest, named: tuple[str, str, str], runtime: RuntimeSettings
) -> Trial:
    """Run a model as its manifest says.

    Args:
        named: its name, precision and digest.

    Raises:
        ModelError: it is another than its manifest says, or its answers are of no use.
    """
    graph = fitted(read_model(file), manifest, file)
    if manifest.role == "re-id":
        return _embed(graph, file, manifest, named, runtime)
    if manifest.role == "detector":
        _detect(graph, file, manifest, named, runtime)
    else:
        _recognize(graph, file, manifest, named, runtime)
    return Trial()


def _embed(
    graph: openvino.Model,
    file: Path,
    manifest: Manifest,
    named: tuple[str, str, str],
    runtime: RuntimeSettings,
) -> Trial:
    embedder = Embedder(graph, *named, runtime, profile=manifest.profile)
    found = sense(embedder)
    require_sight(named[0], found)
    if manifest.output.normalised:
        lengths = embedder.lengths(golden.pictures())
        if max(abs(length - 1) for length in lengths) > UNIT_LENGTH_OFF:
            raise _differs(
                file,
                f"answers with vectors of length {min(lengths):.3f} to {max(lengths):.3f}, but its "
                "manifest says normalised = true",
            )
    record = {"sense": asdict(found), "golden": golden.own_record(embedder)}
    return Trial(embedder, found, record)


def _detect(
    graph: openvino.Model,
    file: Path,
    manifest: Manifest,
    named: tuple[str, str, str],
    runtime: RuntimeSettings,
) -> None:
    identity = DetectorIdentity(*named)
    detector = Detector(graph, identity, runtime, profile=manifest.profile)
    size = detector.width_px, detector.height_px
    drawn = [(None, manifest.profile.resized(picture, *size)) for picture in golden.pictures()]
    for _, raw in detector.stream(drawn):
        rows = np.asarray(raw, np.float32).reshape(-1, 7)
        confidence = rows[:, 2]
        if not np.isfinite(confidence).all() or confidence.max(initial=0) > 1 + 1e-3:
            raise _differs(file, "answers with confidences that are no shares of 1")
        sure = np.abs(rows[confidence >= FootageSettings().low_confidence, 3:])
        if sure.max(initial=0) > MOST_BESIDE:
            raise _differs(
                file,
                f"answers with corners up to {sure.max():.0f} times the picture: `ssd` has shares "
                "of it, `boxes-labels` pixels of the size that the model takes",
            )


def _recognize(
    graph: openvino.Model,
    file: Path,
    manifest: Manifest,
    named: tuple[str, str, str],
    runtime: RuntimeSettings,
) -> None:
    recognizer = Recognizer(graph, *named, runtime, profile=manifest.profile)
    drawn = [(None, recognizer.prepare(picture)) for picture in golden.pictures()]
    for _, values in recognizer.stream(drawn):
        if values is None or not np.isfinite(values).all():
            raise _differs(file, "answers with numbers that are not finite")


def _differs(file: Path, what: str) -> ModelError:
    return ModelError(f"{file} {what}", kind=Kind.MODEL_MANIFEST_DIFFERS, file=file)
