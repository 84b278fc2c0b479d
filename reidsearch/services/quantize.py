"""An INT8 model of one's own: made from an archive's crops, compared, and only then installed."""

from __future__ import annotations

import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from reidsearch.base.errors import Kind, ModelError, UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings import PictureLimits, RuntimeSettings
from reidsearch.datasets.embedded import embed_set
from reidsearch.datasets.readers import DataSet
from reidsearch.domain.crops import Pixels, Vectors
from reidsearch.domain.event_log import Event
from reidsearch.domain.quantized import (
    Comparison,
    OnLabels,
    Quantized,
)
from reidsearch.evaluation.protocol import evaluate
from reidsearch.media.pictures import decode
from reidsearch.store.crops.sampling import deterministic_shuffle
from reidsearch.store.crops.store import Store
from reidsearch.store.log_reading import record
from reidsearch.vision.embedding import builtin
from reidsearch.vision.embedding.embedder import Embedder
from reidsearch.vision.embedding.golden import own_record
from reidsearch.vision.models.catalogue import default_entry
from reidsearch.vision.models.compiled import load
from reidsearch.vision.models.custom import SUFFIX, make_custom
from reidsearch.vision.models.locate import name_of
from reidsearch.vision.models.manifest import manifest_of, sha256s_of
from reidsearch.vision.models.processor import processor
from reidsearch.vision.models.profile import ZOO
from reidsearch.vision.models.quantize import quantize, require_nncf, save
from reidsearch.vision.models.runtime import read_model

FEWEST = 50
"""People or pictures, each, to calibrate and to compare on: fewer say nothing."""

COMPARED = 500
"""Crops at most that the models are compared on."""


TIMED, ROUNDS = 100, 3


def quantize_for(
    store: Store,
    *,
    model: str | None = None,
    suffix: str | None = None,
    crops: int = 300,
    data: Sequence[DataSet] = (),
    accept: bool = False,
    model_path: Sequence[Path] = (),
    offline: bool = False,
    runtime: RuntimeSettings = RuntimeSettings(),
    progress: Progress = NO_PROGRESS,
) -> Quantized:
    """Make an INT8 model from an archive's crops, compare it, and install it if it is good enough.

    The archive itself is not changed, and goes on with its model: `reembed` takes the new one.

    Args:
        model: catalogue name or file; None: the archive's own, else the catalogue's default.
        suffix: tells several apart that were made of one model.
        crops: to calibrate on, one a tracklet; the others are for comparing.
        data: labelled sets to compare on too; they should be of other people.
        accept: install it although it falls short.

    Raises:
        ModelError: nncf is missing, the model cannot be had, is none that embeds, or is quantized
            already; or another one of this name is installed.
        UsageError: the archive holds too few crops.
    """
    if suffix is not None and not re.fullmatch(r"[A-Za-z0-9]{1,16}", suffix):
        raise UsageError(f"the suffix {suffix!r} is not 1 to 16 letters and digits")
    calibrating, comparing = _parts(store, crops)
    name = _name(store, model, model_path)
    require_nncf()
    bare, found = load(name, model_path, offline, progress, "re-id", store.model())
    profile = found.profile or ZOO
    named = found.name, found.precision, found.digest
    before = Embedder(bare, *named, runtime, profile=profile, progress=progress)
    pictures = [before.prepare(picture) for picture in _pictures(store, calibrating)]
    progress.begin("calibrating", len(pictures), "crops")
    # The embedder has changed its graph.
    floating, _ = load(name, model_path, True, progress, "re-id", store.model())
    graph = quantize(floating, found.xml, pictures, progress.advance, profile)
    progress.end()
    with tempfile.TemporaryDirectory(prefix="reidsearch-") as made:
        xml = Path(made) / f"{found.name}.xml"
        save(graph, xml)
        # Nothing of an unfinished model is kept in the cache of compiled ones.
        after = Embedder(
            read_model(xml), found.name, "INT8", "", _uncached(runtime), profile=profile
        )
        if found.manifest is not None:
            output = replace(found.manifest.output, names=())  # it has no other
            of_result = replace(found.manifest, output=output, sha256=sha256s_of(xml))
            manifest_of(xml).write_text(of_result.text(), "utf-8")
        comparison = compare(before, after, _pictures(store, comparing), data, progress)
        if comparison.shortfalls() and not accept:
            return Quantized(f"{found.name}/{found.precision}", len(pictures), comparison, None)
        parts = (found.precision.removesuffix(SUFFIX), "INT8", *([suffix] if suffix else []))
        precision = "-".join(parts).removeprefix("unknown-") + SUFFIX
        told = {"model": f"{found.name}/{precision}", "crops": len(pictures)}
        own = make_custom(
            found.name,
            precision,
            lambda folder: _copy(Path(made), folder),
            {
                "made_of": {"precision": found.precision, "digest": found.digest},
                "calibration": {"archive": store.row.uuid, "crop_ids": calibrating},
                "comparison": asdict(comparison),
                "golden": own_record(after),
            },
            publishing=lambda: record(store, Event.QUANTIZE, told),
        )
    return Quantized(f"{found.name}/{found.precision}", len(pictures), comparison, own)


def _parts(store: Store, crops: int) -> tuple[list[int], list[int]]:
    """Crops to calibrate on, one a tracklet, and crops of other tracklets to compare on."""
    units = deterministic_shuffle(store)
    if len(units) < 2 * FEWEST:
        raise UsageError(
            f"{store.location} holds {len(units)} tracklets and pictures; {2 * FEWEST} are needed, "
            "half to calibrate on and half to compare on",
            "index more, or quantize with a larger archive",
        )
    count = min(crops, len(units) // 2)
    others = [crop_id for unit in units[count:] for crop_id in unit]
    return [unit[0] for unit in units[:count]], others[:COMPARED]


def _pictures(store: Store, crop_ids: Sequence[int]) -> list[Pixels]:
    return [decode(store.picture(crop_id), PictureLimits()) for crop_id in crop_ids]


def _name(store: Store, model: str | None, model_path: Sequence[Path]) -> str:
    held = store.model()
    model = model or (name_of(held, model_path) if held else default_entry().key)
    if model.partition("/")[0] == builtin.NAME:
        raise ModelError(
            "the built-in baseline has no weights to quantize",
            "name another model",
            kind=Kind.MODEL_WITHOUT_WEIGHTS,
        )
    return model


def _uncached(runtime: RuntimeSettings) -> RuntimeSettings:
    return replace(runtime, cache=False)


def _copy(made: Path, folder: Path) -> None:
    for path in made.iterdir():
        shutil.copyfile(path, folder / path.name)


def compare(
    before: Embedder,
    after: Embedder,
    pictures: Sequence[Pixels],
    data: Sequence[DataSet],
    progress: Progress = NO_PROGRESS,
) -> Comparison:
    """Both models on the same crops, (h, w, 3) uint8 BGR, and on labelled sets."""
    progress.begin("comparing", None, "")
    ours, theirs = after.embed(pictures), before.embed(pictures)
    cosines = np.sum(ours * theirs, axis=1)
    best, ten = _same(theirs, ours)
    speeds = _speeds(before, after, [before.prepare(picture) for picture in pictures[:TIMED]])
    progress.end()
    return Comparison(
        crops=len(pictures),
        cosine_mean=float(cosines.mean()),
        cosine_low=float(np.quantile(cosines, 0.01)),
        best_same=best,
        ten_same=ten,
        labels=tuple(_on_labels(before, after, one, progress) for one in data),
        before_per_s=speeds[0],
        after_per_s=speeds[1],
        processor=processor(),
    )


def _same(before: Vectors, after: Vectors) -> tuple[float, float]:
    """Share of equal best matches, and mean share of the ten best that both have."""
    first, second = _ten_best(before), _ten_best(after)
    shared = [len(set(a) & set(b)) / len(a) for a, b in zip(first, second, strict=True)]
    return float(np.mean([a[0] == b[0] for a, b in zip(first, second, strict=True)])), float(
        np.mean(shared)
    )


def _ten_best(rows: Vectors) -> list[list[int]]:
    scores = rows @ rows.T
    np.fill_diagonal(scores, -np.inf)
    order: list[list[int]] = np.argsort(-scores, axis=1, kind="stable")[:, :10].tolist()
    return order


def _on_labels(before: Embedder, after: Embedder, data: DataSet, progress: Progress) -> OnLabels:
    first, second = (
        evaluate(*data.labelled(embed_set(data, embedder, progress=progress)))
        for embedder in (before, after)
    )
    return OnLabels(
        data.name, first.cmc[1], second.cmc[1], first.map_trapezoid, second.map_trapezoid
    )


def _speeds(before: Embedder, after: Embedder, tensors: Sequence[Pixels]) -> list[float]:
    """Crops a second of both, in turns, the median round."""
    taken: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for embedder, rounds in zip((before, after), taken, strict=True):
            began = time.perf_counter()
            for _ in embedder.stream((None, tensor) for tensor in tensors):
                pass
            rounds.append(len(tensors) / (time.perf_counter() - began))
    return [statistics.median(rounds) for rounds in taken]
