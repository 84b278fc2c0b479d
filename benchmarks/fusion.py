"""What becomes of several pictures of one person: ways of fusing them, side by side.

    python benchmarks/fusion.py --write

Three questions, on two synthetic sets to choose by and two of real people that only report
(`fusion_sets.py`), with the default model:

`pictures`: several query pictures, single crops searched: 2 or 4 pictures (each query crop, and
others of the same person by the same camera, drawn at random), and all of that camera.
`tracklets`: one query picture, tracklets searched (all crops of a person by a camera).
`both`: tracklets, searched by all pictures of a camera.

Every way is held against the first: the difference in mAP (trapezoid), query by query, with its
95 % interval over people. `--write` puts the figures into results/fusion.csv.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import click
import numpy as np
from fusion_sets import NAMES, Crops, groups, load
from measuring import default_work, machine
from numpy.typing import NDArray
from results import Row, put, shown

from reidsearch.datasets.labels import Labelled
from reidsearch.domain.crops import Vectors
from reidsearch.evaluation.bootstrap import intervals_of_means
from reidsearch.evaluation.protocol import Ranked, outcomes, quality
from reidsearch.search.query_pictures import fuse
from reidsearch.search.rerank import DEFAULT, Asked, average_expansion, distances
from reidsearch.search.scope import IndexGallery, gallery_of

MODEL = "person-reidentification-retail-0286/FP16"
SEED = 7
PARTS = ("pictures", "tracklets", "both")

Rows: TypeAlias = NDArray[np.int64]
Scores: TypeAlias = NDArray[np.floating]
Way: TypeAlias = Callable[[Rows], Scores]
"""The rows of a question's pictures -> a score for each item that is searched, larger is better."""


@dataclass(frozen=True)
class Each:
    """One figure a question: average precision, and whether the first answer is right."""

    precision: NDArray[np.float64]
    first: NDArray[np.float64]
    persons: Rows


def asked(
    crops: Crops, questions: Sequence[Rows], items: Sequence[Rows], ways: Mapping[str, Way]
) -> dict[str, Each]:
    """Every question's outcome by the protocol, each way; an item is the crops that it holds."""

    def labelled(numbers: Sequence[Rows]) -> Labelled:
        first = np.array([rows[0] for rows in numbers])
        index = np.arange(len(numbers), dtype=np.float32)[:, None]
        return Labelled(index, crops.persons[first], crops.cameras[first])

    query, gallery = labelled(questions), labelled(items)
    scores = [{name: way(rows) for name, way in ways.items()} for rows in questions]
    made = {}
    for name in ways:

        def rank(numbers: Vectors, name: str = name) -> Ranked:
            found = np.stack([scores[int(number)][name] for number in numbers[:, 0]])
            return Ranked(np.argsort(-found, axis=1, kind="stable"), None)

        found = list(outcomes(query, gallery, lambda _, rank=rank: rank))
        persons = query.persons[[one.query for one in found]]
        alone = [quality([one.ranks], persons[:1]) for one in found]
        precision = np.array([one.map_trapezoid for one in alone])
        made[name] = Each(precision, np.array([one.cmc[1] for one in alone]), persons)
    return made


def questions_of(crops: Crops, pictures: int | None) -> list[Rows]:
    """Each query crop with others of its person and camera; None: all of these, once."""
    together = groups(crops, np.union1d(crops.query, crops.gallery))
    if pictures is None:
        return [rows for rows in together if np.isin(rows, crops.query).any()]
    rng = np.random.default_rng(SEED)
    found = []
    for rows in together:
        for row in rows[np.isin(rows, crops.query)]:
            others = rng.permutation(rows[rows != row])[: pictures - 1]
            found.append(np.append(row, others))
    return found


def weights_of(crops: Crops) -> dict[str, NDArray[np.float64]]:
    """What a picture's quality may be told by."""
    size = crops.heights_px / crops.heights_px.max()
    return {
        "sharpness": crops.sharpness,
        "size and sharpness, as a view's quality": size * (0.5 + 0.5 * crops.sharpness),
        "norm before normalising": crops.norms,
    }


def best(count: int) -> Callable[[Scores], Scores]:
    """(m, n) -> (n,) mean of the `count` best of each column."""
    return lambda scores: np.sort(scores, axis=0)[-count:].mean(axis=0)


def joined_pictures(crops: Crops) -> dict[str, Way]:
    """Ways to search single crops with several pictures."""
    v, g = crops.vectors, crops.vectors[crops.gallery]
    kinds = weights_of(crops)

    def weighted(weights: NDArray[np.float64]) -> Way:
        return lambda rows: weights[rows] @ (v[rows] @ g.T)

    return {
        "mean": lambda rows: g @ fuse(list(v[rows])),
        "first picture alone": lambda rows: g @ v[rows[0]],
        **{f"mean weighted by {name}": weighted(kind) for name, kind in kinds.items()},
        "max over pictures": lambda rows: (v[rows] @ g.T).max(axis=0),
        "mean of the best 2 scores": lambda rows: best(2)(v[rows] @ g.T),
        "mean of the better half": lambda rows: best((len(rows) + 1) // 2)(v[rows] @ g.T),
        "reciprocal ranks added": lambda rows: _ranks_added(v[rows] @ g.T),
    }


def _ranks_added(scores: Scores) -> Scores:
    """Reciprocal rank fusion (Cormack et al., 2009), with its own constant of 60."""
    ranks = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1)
    return (1.0 / (61 + ranks)).sum(axis=0)


def reranked_pictures(crops: Crops) -> dict[str, Way]:
    """The same with re-ranking as a search does it."""
    v, g = crops.vectors, crops.vectors[crops.gallery]
    searched = gallery_of(g)
    place = {int(row): number for number, row in enumerate(crops.gallery)}

    def one(vector: Vectors, own: tuple[int, ...], by: Scores, apart: Scores | None) -> Scores:
        """Minus the re-ranked distance; what is no candidate stays below, by score."""
        plain = np.argsort(-by, kind="stable")
        found = again(searched, vector, plain, np.array(own, np.int64), apart)
        return lifted(found, plain, by)

    def own(rows: Rows) -> tuple[int, ...]:
        return tuple(place[int(row)] for row in rows if int(row) in place)

    @lru_cache(maxsize=16)
    def of_row(row: int, own: tuple[int, ...]) -> Scores:
        return one(v[row], own, g @ v[row], None)

    def of_mean(rows: Rows, *, found: bool, blended: bool) -> Scores:
        """By the mean's neighbourhood; `found` and `blended` by the best 2 scores, if so."""
        vector, two = fuse(list(v[rows])), best(2)(v[rows] @ g.T)
        return one(vector, own(rows), two if found else g @ vector, two if blended else None)

    def each(join: Callable[[Scores], Scores]) -> Way:
        return lambda rows: join(np.stack([of_row(int(row), own(rows)) for row in rows]))

    return {
        "mean": lambda rows: of_mean(rows, found=False, blended=False),
        "first picture alone": lambda rows: of_row(int(rows[0]), own(rows)),
        "mean, blended with the best 2 scores": lambda rows: of_mean(
            rows, found=False, blended=True
        ),
        "mean, found by and blended with the best 2 scores": lambda rows: of_mean(
            rows, found=True, blended=True
        ),
        "each re-ranked, the least distance": each(lambda some: some.max(axis=0)),
        "each re-ranked, mean of the 2 least": each(best(2)),
        "each re-ranked, mean of the lesser half": each(
            lambda some: best((len(some) + 1) // 2)(some)
        ),
        "each re-ranked, the mean distance": each(lambda some: some.mean(axis=0)),
    }


def again(
    searched: IndexGallery,
    vector: Vectors,
    plain: Rows,
    own: Rows,
    scores: Scores | None = None,
) -> NDArray[np.float64]:
    """The re-ranked distances of the first of `plain`; what is `own` does not expand the query.

    Args:
        scores: of all rows, from which the plain distance in the blend is made; None: those of
            the expanded query.
    """
    allowed = plain[~np.isin(plain, own)]
    expanded = average_expansion(vector, searched.vectors(allowed[: DEFAULT.expansion]))
    question = Asked(expanded, *searched.around(expanded, DEFAULT.k1))
    first = plain[: DEFAULT.candidates]
    if scores is None:
        return distances(question, first, searched, DEFAULT)
    jaccard = distances(question, first, searched, replace(DEFAULT, blend=0.0))
    apart = (1.0 - scores[first]) / (1.0 - question.least)
    return (1.0 - DEFAULT.blend) * jaccard + DEFAULT.blend * apart


def lifted(found: NDArray[np.float64], plain: Rows, by: Scores) -> Scores:
    scores = np.asarray(by, np.float64) - 4.0  # below every distance
    scores[plain[: len(found)]] = -found
    return scores


def joined_tracklets(crops: Crops, items: Sequence[Rows], several: bool) -> dict[str, Way]:
    """Ways to score tracklets, by one picture or several."""
    v = crops.vectors
    flat = np.concatenate(items)
    starts = np.cumsum([0, *(len(item) for item in items)])
    g = v[flat]
    kinds = weights_of(crops)

    def blocks(rows: Rows) -> Iterator[Scores]:
        scores = v[rows] @ g.T
        for start, end in pairwise(starts):
            yield scores[:, start:end]

    def by_pairs(join: Callable[[Scores], float]) -> Way:
        return lambda rows: np.array([join(block) for block in blocks(rows)])

    def by_mean(mean: Callable[[Rows], Vectors]) -> Way:
        means = np.stack([mean(item) for item in items])
        return lambda rows: means @ fuse(list(v[rows]))

    def top(count: int) -> Callable[[Scores], float]:
        return lambda block: float(np.sort(block, axis=None)[-count:].mean())

    of_several = {
        "max over pairs": by_pairs(lambda block: float(block.max())),
        "each picture's best crop, mean": by_pairs(lambda block: float(block.max(axis=1).mean())),
        "each crop by its best 2 pictures, max": by_pairs(
            lambda block: float(best(2)(block).max())
        ),
    }
    return {
        "best crop": lambda rows: np.maximum.reduceat(g @ fuse(list(v[rows])), starts[:-1]),
        "mean vector": by_mean(lambda item: fuse(list(v[item]))),
        **{
            f"mean vector weighted by {name}": by_mean(
                lambda item, kind=kind: robust_mean_of(v[item], kind[item])
            )
            for name, kind in kinds.items()
        },
        "mean of the best 2 pairs": by_pairs(top(2)),
        "mean of the best 4 pairs": by_pairs(top(4)),
        "mean of the better half of the pairs": by_pairs(
            lambda block: top((block.size + 1) // 2)(block)
        ),
        "mean of all pairs": by_pairs(lambda block: float(block.mean())),
        **(of_several if several else {}),
        "best crop and mean vector, mean of both": _both(
            by_mean(lambda item: fuse(list(v[item]))), g, v, starts
        ),
    }


def robust_mean_of(vectors: Vectors, weights: NDArray[np.float64]) -> Vectors:
    """The weighted mean direction, outliers in it."""
    total = weights @ vectors.astype(np.float64)
    return (total / np.linalg.norm(total)).astype(np.float32)


def _both(mean: Way, g: Vectors, v: Vectors, starts: Rows) -> Way:
    def way(rows: Rows) -> Scores:
        return (mean(rows) + np.maximum.reduceat(g @ fuse(list(v[rows])), starts[:-1])) / 2

    return way


def reranked_tracklets(crops: Crops, items: Sequence[Rows], several: bool) -> dict[str, Way]:
    """The crops re-ranked as a search does it, and what that makes of a tracklet."""
    v = crops.vectors
    flat = np.concatenate(items)
    starts = np.cumsum([0, *(len(item) for item in items)])
    crop_gallery = gallery_of(v[flat])
    means = np.stack([fuse(list(v[item])) for item in items])
    mean_gallery = gallery_of(means)
    nobody = np.empty(0, np.int64)
    place = {int(row): number for number, row in enumerate(flat)}

    def one(vector: Vectors, rows: Rows) -> Scores:
        by = v[flat] @ vector
        plain = np.argsort(-by, kind="stable")
        own = np.array([place[int(row)] for row in rows if int(row) in place], np.int64)
        return lifted(again(crop_gallery, vector, plain, own), plain, by)

    @lru_cache(maxsize=1)
    def of_mean(rows: tuple[int, ...]) -> Scores:
        return one(fuse(list(v[list(rows)])), np.array(rows))

    def by_crop(join: Callable[[Scores], float]) -> Way:
        def way(rows: Rows) -> Scores:
            scores = of_mean(tuple(rows.tolist()))
            return np.array([join(scores[start:end]) for start, end in pairwise(starts)])

        return way

    def by_means(rows: Rows) -> Scores:
        vector = fuse(list(v[rows]))
        by = means @ vector
        plain = np.argsort(-by, kind="stable")
        return lifted(again(mean_gallery, vector, plain, nobody), plain, by)

    def by_each(rows: Rows) -> Scores:
        scores = best(2)(np.stack([one(v[row], rows) for row in rows]))
        return np.maximum.reduceat(scores, starts[:-1])

    of_several: dict[str, Way] = {
        "each picture re-ranked, mean of the 2 least, the best crop": by_each
    }
    return {
        "best crop": by_crop(lambda some: float(some.max())),
        "mean of the best 2 crops": by_crop(lambda some: float(np.sort(some)[-2:].mean())),
        "mean of all crops": by_crop(lambda some: float(some.mean())),
        "mean vectors re-ranked among themselves": by_means,
        **(of_several if several else {}),
    }


def figures(sets: Mapping[str, Callable[[], dict[str, Each]]]) -> Iterator[Row]:
    """For each way and set rank-1, mAP, and mAP's difference from the first way."""
    made = {name: measure() for name, measure in sets.items()}
    ways = list(next(iter(made.values())))
    for way in ways:
        for name, one in made.items():
            own, first = one[way], one[ways[0]]
            yield {
                "way": way,
                "set": name,
                "rank-1": f"{100 * own.first.mean():.2f}",
                "mAP": f"{100 * own.precision.mean():.2f}",
                **difference(own, None if way == ways[0] else first),
            }


def difference(own: Each, first: Each | None) -> Row:
    """The difference in mAP, a star if it is beyond the noise, and its 95 % interval."""
    if first is None:
        return dict.fromkeys(("difference", "star", "low", "high"), "")
    apart = 100 * (own.precision - first.precision)
    low, high = intervals_of_means({"apart": apart}, own.persons)["apart"]
    return {
        "difference": f"{apart.mean():+.2f}",
        "star": "" if low <= 0 <= high else "*",
        "low": f"{low:+.1f}",
        "high": f"{high:+.1f}",
    }


def pictures(sets: Mapping[str, Crops]) -> Iterator[Row]:
    for count in (2, 4, None):
        name = "all pictures of a camera" if count is None else f"{count} pictures"
        for order, joined in (("by score", joined_pictures), ("re-ranked", reranked_pictures)):

            def of(crops: Crops, joined=joined, count=count) -> dict[str, Each]:
                asks = questions_of(crops, count)
                items = [np.array([row]) for row in crops.gallery]
                return asked(crops, asks, items, joined(crops))

            for row in figures({n: (lambda c=c: of(c)) for n, c in sets.items()}):
                yield {"query": name, "order": order, **row}


def tracklets(sets: Mapping[str, Crops], count: int | None) -> Iterator[Row]:
    name = "all pictures of a camera" if count is None else "one picture"
    for order, joined in (("by score", joined_tracklets), ("re-ranked", reranked_tracklets)):

        def of(crops: Crops, joined=joined) -> dict[str, Each]:
            asks = questions_of(crops, count)
            items = groups(crops, crops.gallery)
            return asked(crops, asks, items, joined(crops, items, count is None))

        for row in figures({n: (lambda c=c: of(c)) for n, c in sets.items()}):
            yield {"query": name, "order": order, **row}


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option("--reid", type=click.Path(path_type=Path), default=Path("../shared/reid"))
@click.option("--work", type=click.Path(path_type=Path), default=default_work() / "fusion")
@click.option("--only", multiple=True, type=click.Choice(PARTS), help="May be repeated.")
@click.option("--write", "to_file", is_flag=True, help="Write results/fusion.csv.")
def main(model_path: Path, reid: Path, work: Path, only: tuple[str, ...], to_file: bool) -> None:
    sets = {name: load(name, MODEL, model_path, reid, work) for name in NAMES}
    for part in only or PARTS:
        if part == "pictures":
            made = pictures(sets)
        else:
            made = tracklets(sets, 1 if part == "tracklets" else None)
        rows = shown(made)
        note = f"{machine()}; load {os.getloadavg()[0]:.1f}"
        print(note)
        if to_file:
            command = "python benchmarks/fusion.py --write"
            put("fusion", rows, command=command, note=note, part={"part": part})


if __name__ == "__main__":
    main()
