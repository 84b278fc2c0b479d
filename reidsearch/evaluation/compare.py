"""One way of searching on one data set, or several side by side, with time per query.

Of several, one thing is varied at a time around the first. Each picture is embedded once for
every model and resize, and these embeddings serve all rankings.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from reidsearch.base.errors import UsageError
from reidsearch.base.progress import NO_PROGRESS, Progress, parts, step
from reidsearch.base.settings import RuntimeSettings
from reidsearch.datasets.embedded import embed_set
from reidsearch.datasets.readers import DataSet
from reidsearch.domain.crops import Vectors
from reidsearch.domain.figures import Comparison, Way
from reidsearch.domain.models import ModelIdentity
from reidsearch.evaluation.measure import measure
from reidsearch.evaluation.protocol import Ranking
from reidsearch.evaluation.rankings import (
    BARE,
    EACH,
    FUSIONS,
    RANKINGS,
    SEARCH,
    adjusted_rows,
    fused,
)
from reidsearch.vision.embedding import builtin
from reidsearch.vision.embedding.embedder import Embedder, load_embedder
from reidsearch.vision.models.catalogue import catalogue, default_entry, name_of
from reidsearch.vision.models.locate import ModelUnavailable
from reidsearch.vision.models.resize import Resize, other_resizes, pillow_bilinear

AXES: Final = ("models", "resizes", "flips", "rankings", "fusions")
AS_TRAINED: Final = "as trained"

# Medians over so many queries, one at a time, as a user asks.
_TIMED_PICTURES = 20
_TIMED_QUERIES = 50


def every_model() -> tuple[str, ...]:
    """All re-identification models of the catalogue, in every precision, and the built-in one."""
    return (*(entry.key for entry in catalogue() if entry.role == "re-id"), builtin.NAME)


def evaluate_data(
    data: DataSet,
    models: Sequence[str] = (),
    *,
    axes: Sequence[str] = (),
    flip: bool | None = None,
    model_path: Sequence[Path] = (),
    offline: bool = False,
    runtime: RuntimeSettings = RuntimeSettings(),
    progress: Progress = NO_PROGRESS,
) -> Comparison:
    """Measure one way of searching on a data set, or several.

    Args:
        models: the first is the model of the first way; None given: that of an archive's
            embeddings, else the catalogue's default. With "models" in `axes` all of these are
            compared; fewer than two: all of the catalogue.
        axes: which of `AXES` are varied; none: one way alone.
        flip: average each crop with its mirror image, or not; None: as an archive's embeddings
            were made, where its model is taken, else not.
        model_path, offline, runtime: as `load_embedder` takes them.

    Raises:
        as `compare`.
    """
    held = data.held.model if data.held and not models else None
    as_held = bool(held and held.flip)
    if held and not axes and flip in {None, as_held}:
        return evaluate_held(data, progress)

    def load(name: str, flip: bool) -> Embedder:
        return load_embedder(
            name,
            model_path=model_path,
            offline=offline,
            runtime=runtime,
            flip=flip,
            progress=progress,
        )

    return compare(
        data,
        models[0] if models else name_of(held) if held else default_entry().key,
        load,
        flip=as_held if flip is None else flip,
        models=models[1:] or every_model(),
        axes=axes,
        progress=progress,
    )


def evaluate_held(data: DataSet, progress: Progress = NO_PROGRESS) -> Comparison:
    """Measure the embeddings that an archive holds; no model is needed.

    Raises:
        UsageError: the data set holds no embeddings, or no query has a crop of the same person by
            another camera in the gallery.
    """
    if data.held is None:
        raise UsageError(f"{data.name} holds no embeddings", "name a model")
    made = _Made(text_of(data.held.model))
    with parts(progress, "evaluating", [1, 9, 1, 20]) as whole:
        ways = tuple(_ranked(data, data.held.rows, replace(made, ranking=r), whole) for r in ALONE)
    return Comparison(ways, (), "stored embeddings only")


def compare(
    data: DataSet,
    base: str,
    load: Callable[[str, bool], Embedder],
    *,
    flip: bool = False,
    models: Sequence[str] = (),
    axes: Sequence[str] = (),
    progress: Progress = NO_PROGRESS,
) -> Comparison:
    """Measure one way of searching, and others that differ from it in one thing.

    Args:
        base: the model of the first way, with which all else is compared.
        load: makes a model ready, with flip averaging or without; as `load_embedder`.
        flip: whether the ways average with mirror images; but for the one that does the opposite.
        models: what is compared when `axes` has models.
        axes: which of `AXES` are varied; none: the one way alone.

    Raises:
        ModelError: the base cannot be had, or a model is damaged or of another kind; others that
            cannot be had are told in `missing`.
        UsageError: no query has a crop of the same person by another camera in the gallery.
        Refused: a picture cannot be read; the message names it.
    """
    with parts(progress, "evaluating", _weights(axes, models)) as whole:
        return _compared(data, base, load, flip, models, axes, whole)


ALONE: Final = (BARE, SEARCH)
"""What is told where nothing is compared: the bare scores, and what a search makes of them."""

EMBEDDING, RANKING = 8, 2
"""How long one way takes, of which timing ranks some queries first."""


def _weights(axes: Sequence[str], models: Sequence[str]) -> list[int]:
    """Return how long the parts of a comparison take: each way embeds, or only ranks."""
    embedded = 1 + ("flips" in axes) + (len(models) if "models" in axes else 0)
    embedded += 1 + len(other_resizes()) if "resizes" in axes else 0
    ranked = len(_other_rankings(axes)) + (len(FUSIONS) if "fusions" in axes else 0)
    return [*[EMBEDDING, 1, RANKING] * embedded, *[1, RANKING] * ranked]


def _compared(
    data: DataSet,
    base: str,
    load: Callable[[str, bool], Embedder],
    flip: bool,
    models: Sequence[str],
    axes: Sequence[str],
    progress: Progress,
) -> Comparison:
    first = load(base, flip)
    rows = embed_set(data, first, progress=progress)
    made = _Made(text_of(first.identity), embed_s=_embed_s(data, first, None))
    ways = [_ranked(data, rows, made, progress)]
    if "resizes" in axes:
        ways.extend(_resized(data, first, progress))
    if "flips" in axes:
        ways.append(_embedded(data, load(base, not flip), progress))
    ways.extend(
        _ranked(data, rows, replace(made, ranking=name), progress) for name in _other_rankings(axes)
    )
    if "fusions" in axes:
        for name, fusion in FUSIONS.items():
            one, joined = fused(data, rows, fusion)
            ways.append(_ranked(one, joined, replace(made, query=name), progress))
    missing: list[tuple[str, str]] = []
    for name in models if "models" in axes else ():
        try:
            other = load(name, flip)
        except ModelUnavailable as error:
            missing.append((name, error.message))
            continue
        if not other.identity.matches(first.identity):
            ways.append(_embedded(data, other, progress))
    return Comparison(tuple(ways), tuple(missing), first.runtime)


def text_of(model: ModelIdentity) -> str:
    """Name and precision, and flip averaging."""
    return f"{model.name} {model.precision}" + (", flip averaging" if model.flip else "")


@dataclass(frozen=True, slots=True)
class _Made:
    """How the embeddings were made and used, where it is not as usual."""

    model: str
    resize: str = AS_TRAINED
    ranking: str = BARE
    query: str = EACH
    embed_s: float | None = None


def _embedded(data: DataSet, embedder: Embedder, progress: Progress) -> Way:
    rows = embed_set(data, embedder, progress=progress)
    made = _Made(text_of(embedder.identity), embed_s=_embed_s(data, embedder, None))
    return _ranked(data, rows, made, progress)


def _resized(data: DataSet, embedder: Embedder, progress: Progress) -> Iterator[Way]:
    for name, resize in {"Pillow bilinear": pillow_bilinear, **other_resizes()}.items():
        rows = embed_set(data, embedder, resize, progress)
        made = _Made(text_of(embedder.identity), name, embed_s=_embed_s(data, embedder, resize))
        yield _ranked(data, rows, made, progress)


def _other_rankings(axes: Sequence[str]) -> list[str]:
    """Return the rankings beside the bare one: all, a search's alone, or none."""
    others = RANKINGS if "rankings" in axes else () if axes else ALONE
    return [name for name in others if name != BARE]


def _ranked(data: DataSet, rows: Mapping[str, Vectors], made: _Made, progress: Progress) -> Way:
    order = RANKINGS[made.ranking]
    rows, ranking = adjusted_rows(data, rows) if order.adjusted else rows, order.ranking
    query, gallery = data.labelled(rows)
    with step(progress, f"timing {made.ranking}"):
        prepare_s, rank_s = _rank_s(ranking, query.vectors, gallery.vectors)
    return Way(
        model=made.model,
        resize=made.resize,
        ranking=made.ranking,
        query=made.query,
        evaluation=measure(data, rows, ranking, progress),
        embed_s=made.embed_s,
        rank_s=rank_s,
        prepare_s=prepare_s,
    )


def _embed_s(data: DataSet, embedder: Embedder, resize: Resize | None) -> float:
    taken = []
    for crop in data.query[: _TIMED_PICTURES + 1]:
        pixels = crop.read()
        started = time.perf_counter()
        if resize is not None:
            pixels = resize(pixels, embedder.width_px, embedder.height_px)
        embedder.embed([pixels])
        taken.append(time.perf_counter() - started)
    return float(np.median(taken[1:] or taken))  # the first compiles


def _rank_s(ranking: Ranking, query: Vectors, gallery: Vectors) -> tuple[float, float]:
    """Seconds to prepare the gallery, and for one query."""
    started = time.perf_counter()
    rank = ranking(gallery)
    prepare_s = time.perf_counter() - started
    taken = []
    for row in query[: _TIMED_QUERIES + 1]:
        started = time.perf_counter()
        rank(row[None])
        taken.append(time.perf_counter() - started)
    return prepare_s, float(np.median(taken[1:] or taken))
