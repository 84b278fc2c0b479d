"""What ranks better than the bare inner product: re-ranking, query expansion, augmentation.

    python benchmarks/reranking.py --write

Two synthetic sets, to choose by, and two of real people, to report (`ranking_sets.py`), with the
default model. `--write` puts the figures into results/*.csv. `--models` asks the other models about
ranking by score and by default; `--oracle` compares the full algorithm, as it stands in the tests,
on cuhk03-dev (about ten minutes).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click
import numpy as np
from accuracy import SETS
from measuring import default_work, machine
from ranking_sets import NAMES, Set, load
from results import Row, put, shown

from reidsearch.domain.crops import Vectors
from reidsearch.domain.figures import Quality
from reidsearch.evaluation.protocol import Ranked, evaluate
from reidsearch.search.rerank import DEFAULT, PAPER, KReciprocal
from reidsearch.search.scope import IndexGallery, gallery_of

MODEL = "person-reidentification-retail-0286/FP16"
OTHERS = tuple(
    f"person-reidentification-retail-{number}/FP16" for number in ("0277", "0287", "0288")
)

Way = Callable[[Vectors, Vectors], np.ndarray]
"""(d,) query, (n, d) gallery -> (n,) rows, best first."""


def by_score(query: Vectors, gallery: Vectors) -> np.ndarray:
    return np.argsort(-(gallery @ query), kind="stable")


def expanded(k: int, alpha: float) -> Way:
    """The k best, weighted by score to the power of alpha, and the query: mean, then by score."""

    def way(query: Vectors, gallery: Vectors) -> np.ndarray:
        return by_score(_mean(query, gallery, by_score(query, gallery)[:k], alpha), gallery)

    return way


def _mean(query: Vectors, gallery: Vectors, rows: np.ndarray, alpha: float) -> Vectors:
    weights = np.maximum(gallery[rows] @ query, 0.0) ** alpha
    total = query + weights @ gallery[rows]
    return (total / np.linalg.norm(total)).astype(np.float32)


def augmented(gallery: Vectors, k: int, alpha: float) -> Vectors:
    """Every row of the gallery becomes the mean of itself and its k nearest."""
    order = np.argsort(-(gallery @ gallery.T), axis=1, kind="stable")[:, 1 : k + 1]
    pairs = zip(gallery, order, strict=True)
    return np.stack([_mean(row, gallery, near, alpha) for row, near in pairs])


def quality(found: Set, way: Callable[[Vectors], np.ndarray]) -> Quality:
    def ranking(_: Vectors) -> Callable[[Vectors], Ranked]:
        return lambda queries: Ranked(np.stack([way(query) for query in queries]), None)

    return evaluate(found.query, found.gallery, ranking)


def ways(gallery: Vectors) -> dict[str, Callable[[Vectors], np.ndarray]]:
    searched: IndexGallery = gallery_of(gallery)
    wider = {k: augmented(gallery, k, alpha) for k, alpha in ((5, 0.0),)}

    def reranked(how: KReciprocal) -> Callable[[Vectors], np.ndarray]:
        return lambda query: searched.ranked(query, how)

    n = len(gallery)
    return {
        "inner product": lambda query: by_score(query, gallery),
        **{
            f"query expanded by {k} (average)": lambda query, k=k: expanded(k, 0.0)(query, gallery)
            for k in (1, 2, 5, 10)
        },
        "query expanded by 10 (alpha = 3)": lambda query: expanded(10, 3.0)(query, gallery),
        "gallery augmented by 5": lambda query: by_score(query, wider[5]),
        "gallery augmented by 5, query expanded by 5": lambda query: expanded(5, 0.0)(
            query, wider[5]
        ),
        "re-ranked, all candidates (the full algorithm)": reranked(
            KReciprocal(candidates=n, expansion=0)
        ),
        "re-ranked, 100 candidates": reranked(KReciprocal(candidates=100, expansion=0)),
        "re-ranked, 300 candidates": reranked(PAPER),
        "re-ranked, query expanded by 2": reranked(KReciprocal(expansion=2)),
        "re-ranked, query expanded by 5": reranked(KReciprocal(expansion=5)),
        "re-ranked, query expanded by 1 (default)": reranked(DEFAULT),
    }


def figures(one: Quality) -> Row:
    found = {"rank-1": one.cmc[1], "rank-10": one.cmc[10], "mAP": one.map_trapezoid}
    return {name: f"{100 * value:.2f}" for name, value in found.items()}


def by_ranking(sets: Sequence[Set]) -> Iterator[Row]:
    made = [ways(one.gallery.vectors) for one in sets]
    for name in made[0]:
        for one, its in zip(sets, made, strict=True):
            yield {"ranking": name, "set": one.name, **figures(quality(one, its[name]))}


def by_model(model: str, load_set: Callable[[str, str], Set]) -> Iterator[Row]:
    for name in SETS:
        found = load_set(name, model)
        searched = gallery_of(found.gallery.vectors)
        orders: dict[str, Callable[[Vectors], np.ndarray]] = {
            "by score": lambda query, g=found: by_score(query, g.gallery.vectors),
            "re-ranked": searched.ranked,
        }
        for order, way in orders.items():
            row = {"model": model, "set": name, "ranking": order}
            yield {**row, **figures(quality(found, way))}


def against_oracle(found: Set) -> str:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from oracle_rerank import reranked

    searched = gallery_of(found.gallery.vectors)
    began = time.monotonic()
    truth = quality(found, lambda query: np.argsort(reranked(query, found.gallery.vectors)))
    took = (time.monotonic() - began) / len(found.query.vectors)
    ours = quality(found, lambda query: searched.ranked(query, PAPER))
    return (
        f"the oracle: {dict(figures(truth))} ({took:.2f} s a query); "
        f"300 candidates: {dict(figures(ours))}"
    )


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option("--reid", type=click.Path(path_type=Path), default=Path("../shared/reid"))
@click.option("--work", type=click.Path(path_type=Path), default=default_work() / "ranking")
@click.option("--write", "to_file", is_flag=True, help="Write results/*.csv.")
@click.option("--models", is_flag=True)
@click.option("--oracle", is_flag=True)
def main(
    model_path: Path, reid: Path, work: Path, to_file: bool, models: bool, oracle: bool
) -> None:
    def load_set(name: str, model: str = MODEL) -> Set:
        return load(name, model, [model_path], reid, work)

    if oracle:
        print(against_oracle(load_set("cuhk03-dev")))
        return
    command = "python benchmarks/reranking.py --write"
    if models:
        name, command = "re-ranking-models", f"{command} --models"
        made = (row for model in (MODEL, *OTHERS) for row in by_model(model, load_set))
    else:
        name, made = "re-ranking", by_ranking([load_set(one) for one in NAMES])
    rows = shown(made)
    if to_file:
        put(name, rows, command=command, note=machine())


if __name__ == "__main__":
    main()
