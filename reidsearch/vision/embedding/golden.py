"""Golden vectors: what the genuine models answer to drawn pictures, kept to compare with.

`golden.npz` holds for each model `NAME/PRECISION/first 16 of its digest` -> (5, 256) float16,
the unit vectors of `pictures()`. They were computed by `benchmarks/golden_vectors.py`, which
resizes with Pillow and runs the untouched model in FP32, without this package's embedder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import Kind
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.domain.models import ModelIdentity
from reidsearch.vision.embedding.embedder import Embedder
from reidsearch.vision.models.resize import other_resizes

TOLERANCE = 0.999
# Where weights are 8-bit a grey level more or less can tip an activation into the next step:
# 0287 FP16-INT8 keeps 0.9985 under the 1-level difference between Pillow and OpenCV, and 0.98
# under the nearest of the wrong resizes (docs/accuracy.md).
TOLERANCE_INT8 = 0.99
REDUCED_PRECISION = 0.9

# Width and height: both grow, both shrink, as it is, one of each, and shrunk a lot.
_SIZES = ((61, 173), (200, 400), (128, 256), (200, 180), (330, 700))


@dataclass(frozen=True, slots=True)
class Fault:
    """What is likely wrong with an embedder.

    Args:
        cause: in a sentence.
        hint: what to do about it, where that is the same for every face.
        kind: for the advice of a face.
    """

    cause: str
    hint: str = ""
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """How near an embedder comes to the genuine model.

    Args:
        cosines: one a picture; empty when this model has no golden vectors.
        fault: what is likely wrong; None when all are at or above the model's tolerance, or when
            there is nothing to compare.
    """

    cosines: tuple[float, ...]
    fault: Fault | None = None


def key(identity: ModelIdentity) -> str:
    """A model's name in `golden.npz`."""
    return f"{identity.name}/{identity.precision}/{identity.digest[:16]}"


@cache
def vectors() -> Mapping[str, Vectors]:
    """All golden vectors, (5, 256) float32 of unit length, by `key`."""
    with (
        resources.files("reidsearch.vision.embedding").joinpath("golden.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as held,
    ):
        return {name: _unit(held[name].astype(np.float32)) for name in held.files}


def own_record(embedder: Embedder) -> dict[str, Any]:
    """Return the golden vectors of a model that is not of the catalogue, as they are recorded.

    They are its own answers on the machine where it was added: another machine, device or version
    of the runtime is then compared with those.
    """
    rows = [[round(float(value), 6) for value in row] for row in embedder.embed(pictures())]
    return {"preprocessing": embedder.identity.preprocessing, "vectors": rows}


def own_vectors(record: object, identity: ModelIdentity) -> Vectors | None:
    """Return recorded golden vectors; None: none are recorded of this model used in this way.

    Raises:
        ValueError: the record makes no sense.
    """
    if not isinstance(record, Mapping):
        return None
    if record.get("preprocessing") != identity.preprocessing:
        return None
    rows = np.array(record.get("vectors"), np.float32)
    if rows.shape != (len(_SIZES), identity.dimension) or not np.isfinite(rows).all():
        raise ValueError("golden vectors of another shape")
    return _unit(rows)


def pictures() -> tuple[Pixels, ...]:
    """The five drawn pictures: integers only, so they are the same everywhere."""
    return tuple(_draw(width, height, seed) for seed, (width, height) in enumerate(_SIZES))


def _draw(width: int, height: int, seed: int) -> Pixels:
    """A figure of head, coat and trousers before a textured wall, red and blue far from equal.

    Patterns of one to three pixels make every resize but the right one visible.
    """
    y, x = np.mgrid[:height, :width].astype(np.int64)
    grain = ((x * 7919 + y * 104729 + seed * 1299709) * 48271 % 2147483647 >> 8) % 48
    fine = (x + y) % 2 * 40
    bars = (x // 3 + seed) % 2 * 60
    rings = (y // 2) % 3 * 35
    wall = np.stack([120 + grain, 90 + grain + y * 60 // height, 60 + grain], axis=-1)
    coat = np.stack([20 + fine, 30 + seed * 25 + bars, 160 + bars], axis=-1)
    trousers = np.stack([150 + rings, 60 + rings - seed * 10, 20 + fine], axis=-1)
    skin = np.stack([110 + grain, 140 + grain, 195 + grain], axis=-1)

    u, v = x * 1000 // width - 500, y * 1000 // height
    picture = wall
    picture = np.where(((abs(u) < 260) & (v > 180) & (v < 560))[..., None], coat, picture)
    legs = (abs(u) < 220) & (abs(u) > 30) & (v >= 560) & (v < 960)
    picture = np.where(legs[..., None], trousers, picture)
    head = (u * 10) ** 2 // 196 + ((v - 110) * 10) ** 2 // 64 < 10000
    picture = np.where(head[..., None], skin, picture)
    drawn: Pixels = np.clip(picture, 0, 255).astype(np.uint8)
    return drawn


def diagnose(embedder: Embedder, own: Vectors | None = None) -> GoldenResult:
    """Compare an embedder with the genuine model; where they differ, find out why.

    Faults are found by undoing them: pictures are offered to the embedder's own way with the
    channels exchanged, or at the size the model takes so that nothing is left to resize.

    Args:
        own: golden vectors of a model that is not of the catalogue.
    """
    golden = vectors().get(key(embedder.identity)) if own is None else own
    if golden is None:
        return GoldenResult(())
    floor = TOLERANCE_INT8 if "INT8" in embedder.identity.precision else TOLERANCE
    drawn = pictures()
    answers = embedder.embed(drawn)
    cosines = _cosines(answers, golden)
    if min(cosines) >= floor:
        return GoldenResult(cosines)

    def fits(offered: list[Pixels]) -> bool:
        return min(_cosines(embedder.embed(offered), golden)) >= floor

    fault = _preprocessing_fault(embedder, drawn, fits) or _other_fault(answers, min(cosines))
    return GoldenResult(cosines, fault)


def _preprocessing_fault(
    embedder: Embedder, drawn: tuple[Pixels, ...], fits: Callable[[list[Pixels]], bool]
) -> Fault | None:
    """Return the fault whose undoing brings the golden vectors back."""
    width, height = embedder.width_px, embedder.height_px
    sized = [embedder.profile.resized(picture, width, height) for picture in drawn]
    channels = "red and blue are exchanged"
    hint = "pictures are BGR everywhere in reidsearch; cv2.cvtColor(x, cv2.COLOR_RGB2BGR) makes it"
    if fits([_swap(picture) for picture in drawn]):
        return Fault(channels, hint)
    if fits(sized):
        return _resize_fault(drawn, sized, [embedder.prepare(picture) for picture in drawn])
    if fits([_swap(picture) for picture in sized]):
        made = [_swap(embedder.prepare(picture)) for picture in drawn]
        return Fault(f"{channels}, and {_resize_fault(drawn, sized, made).cause}", hint)
    return None


def _resize_fault(drawn: tuple[Pixels, ...], right: list[Pixels], made: list[Pixels]) -> Fault:
    """Name the resize that comes nearest to what was `made` of the pictures."""
    height, width = right[0].shape[:2]
    far = {
        name: sum(_distance(way(p, width, height), m) for p, m in zip(drawn, made, strict=True))
        for name, way in other_resizes().items()
    }
    nearest = min(far, key=far.__getitem__)
    error = sum(_distance(r, m) for r, m in zip(right, made, strict=True))
    kind = nearest if far[nearest] < error / 2 else "unknown kind"
    return Fault(
        f"the resize is wrong ({kind})",
        "resize as Pillow's BILINEAR does, with antialiasing, the aspect not kept",
    )


def _other_fault(answers: Vectors, worst: float) -> Fault:
    """Return the fault that lies in the model or the runtime."""
    for name, golden in vectors().items():
        if golden.shape == answers.shape and min(_cosines(answers, golden)) >= TOLERANCE:
            return Fault(
                f"these are the vectors of {name.rpartition('/')[0]}, another model",
                kind=Kind.MODEL_ANSWERS_AS_ANOTHER,
            )
    if worst >= REDUCED_PRECISION:
        return Fault(
            "the runtime computes with reduced precision, such as bfloat16 or float16",
            "use the CPU, which computes in float32",
            Kind.REDUCED_PRECISION,
        )
    return Fault(
        "unknown: neither preprocessing nor another known model explains it",
        "verify the model's files; then try the CPU, and another version of openvino",
        Kind.INFERENCE_DIFFERS,
    )


def _swap(picture: Pixels) -> Pixels:
    return np.ascontiguousarray(picture[..., ::-1])


def _distance(one: Pixels, other: Pixels) -> float:
    """Mean absolute difference in grey levels."""
    if one.shape != other.shape:
        return 255.0
    return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).mean())


def _cosines(answers: Vectors, golden: Vectors) -> tuple[float, ...]:
    return tuple(float(value) for value in (answers * golden).sum(axis=1))


def _unit(rows: NDArray[np.float32]) -> Vectors:
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit
