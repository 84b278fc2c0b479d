"""What a camera adds to every score, and what it gains to take it out.

    python benchmarks/adjustment.py --model-path ../shared/models --reid ../shared/reid --write

Synthetic people to choose by, real people to report (`ranking_sets.py`). A camera's mean is made
of all its crops in the set, queries and gallery alike, as an archive holds them; labels are never
asked. `--choose` shows means over few people, by how strongly they are drawn to the mean of all:
the prior was taken from the synthetic sets in it. Takes about ten minutes on two cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
from accuracy import SETS, read
from adjustment_ways import (
    adjust,
    cohort,
    jaccard,
    light_groups,
    unit,
    whitened,
    z_scores,
)
from measuring import default_work, machine
from numpy.typing import NDArray
from ranking_sets import DRAWN, Set, load
from results import Row, put, shown

from reidsearch.datasets.synthetic.people import drawn_people
from reidsearch.domain.crops import Vectors
from reidsearch.search.rerank import DEFAULT
from reidsearch.search.scope import gallery_of

MODEL = "person-reidentification-retail-0286/FP16"
LARGER = "person-reidentification-retail-0277/FP16"
NAMES = (*DRAWN, *SETS)
PRIORS = (0.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0)
FEW = (5, 10, 20)
DRAWS = 10
STRENGTHS = (1.0, 0.5, 0.25)
SEED = 13

Scores = NDArray[np.floating]
"""(queries, gallery), higher is better."""


@dataclass(frozen=True)
class Both:
    """Queries and gallery of a set in one: queries first, as an archive would hold them all."""

    vectors: Vectors
    persons: NDArray[np.int64]
    cameras: NDArray[np.int64]
    queries: int

    @classmethod
    def of(cls, one: Set, vectors: Vectors | None = None) -> Both:
        parts = (one.query, one.gallery)
        return cls(
            np.concatenate([part.vectors for part in parts]) if vectors is None else vectors,
            np.concatenate([part.persons for part in parts]),
            np.unique(np.concatenate([p.cameras for p in parts]), return_inverse=True)[1],
            len(one.query.vectors),
        )

    def scores(self, vectors: Vectors, queries: Vectors | None = None) -> Scores:
        """Inner products of queries, perhaps adjusted in another way, with the gallery."""
        n = self.queries
        return (vectors[:n] if queries is None else queries) @ vectors[n:].T

    def figures(self, scores: Scores) -> Row:
        """Rank-1 and mAP (trapezoid) by the protocol of `reidsearch evaluate`."""
        n, found = self.queries, []
        order = np.argsort(-scores, axis=1, kind="stable")
        for row in range(n):
            same = self.persons[n:][order[row]] == self.persons[row]
            here = self.cameras[n:][order[row]] == self.cameras[row]
            ranks = np.flatnonzero(same[~(same & here)]) + 1
            if len(ranks) and self.persons[row] > 0:
                hits = np.arange(1, len(ranks) + 1)
                before = np.where(ranks == 1, 1.0, (hits - 1) / np.maximum(ranks - 1, 1))
                found.append((ranks[0] == 1, np.mean((before + hits / ranks) / 2)))
        first, precision = 100 * np.mean(found, axis=0)
        return {"rank-1": f"{first:.2f}", "mAP": f"{precision:.2f}"}

    def of_people_each(self, rng: np.random.Generator, people: int) -> NDArray[np.bool_]:
        """(n,) crops of so many people of each camera, drawn for each anew."""
        found = np.zeros(len(self.vectors), bool)
        for camera in np.unique(self.cameras):
            here = (self.cameras == camera) & (self.persons > 0)
            drawn = rng.choice(np.unique(self.persons[here]), people, replace=False)
            found |= here & np.isin(self.persons, drawn)
        return found

    def of_people(self, people: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.isin(self.persons, people)


def reranked(queries: Vectors, gallery: Vectors) -> Scores:
    """As a search re-ranks: each query by itself, minus the place as its score."""
    searched = gallery_of(gallery)
    found = np.empty((len(queries), len(gallery)))
    for number, query in enumerate(queries):
        found[number, searched.ranked(query, DEFAULT)] = -np.arange(len(gallery))
    return found


def by_score(
    one: Set, model_two: Set | None, light: NDArray[np.float64]
) -> dict[str, Callable[[], Row]]:
    """What orders by score alone, by name."""
    both = Both.of(one)
    n, plain, cameras = both.queries, both.vectors, both.cameras
    known = adjust(plain, cameras)
    nowhere = np.full(len(plain), -1)
    query_nowhere = np.where(np.arange(len(plain)) < n, -1, cameras)
    groups = light_groups(light)
    flipped = unit(plain + np.concatenate([one.flipped, one.flipped_gallery]))

    def told(vectors: Vectors) -> Callable[[], Row]:
        return lambda: both.figures(both.scores(vectors))

    return {
        "inner product": told(plain),
        **{
            f"camera means subtracted, prior {prior:g}": told(adjust(plain, cameras, prior))
            for prior in PRIORS
        },
        "the query's camera unknown": lambda: both.figures(
            both.scores(known, adjust(plain, query_nowhere)[:n])
        ),
        "no camera known: global mean": told(adjust(plain, nowhere)),
        "no camera known: means of 4 groups by brightness": told(adjust(plain, groups)),
        "z-scores per camera": lambda: both.figures(z_scores(both.scores(plain), cameras[n:])),
        "adjusted, z-scores per camera": lambda: both.figures(
            z_scores(both.scores(known), cameras[n:])
        ),
        "s-norm by cohort": lambda: both.figures(cohort(both.scores(plain), plain, plain[:n])),
        "adjusted, s-norm by cohort": lambda: both.figures(
            cohort(both.scores(known), known, known[:n])
        ),
        "adjusted, whitened within tracklets": told(
            whitened(known, both.persons, cameras, np.arange(len(plain)) >= 0)
        ),
        "flip averaging": told(flipped),
        "flip averaging, adjusted": told(adjust(flipped, cameras)),
        **{name: told(vectors) for name, vectors in larger(one, model_two).items()},
    }


def larger(one: Set, model_two: Set | None) -> dict[str, Vectors]:
    """Embeddings of the larger model, alone and beside the default's."""
    if model_two is None:
        return {}
    plain, other = Both.of(one), Both.of(model_two).vectors
    adjusted = adjust(other, plain.cameras)
    known = adjust(plain.vectors, plain.cameras)
    return {
        "0277": other,
        "0277, adjusted": adjusted,
        "0286 and 0277": unit(np.concatenate([plain.vectors, other], axis=1)),
        "0286 and 0277, adjusted": unit(np.concatenate([known, adjusted], axis=1)),
    }


def by_neighbours(one: Set, model_two: Set | None) -> dict[str, Callable[[], Row]]:
    """What re-ranks, by name."""
    both = Both.of(one)
    n, plain, cameras = both.queries, both.vectors, both.cameras
    known = adjust(plain, cameras)
    query_nowhere = np.where(np.arange(len(plain)) < n, -1, cameras)
    unknown = adjust(plain, query_nowhere)[:n]

    def told(vectors: Vectors, queries: Vectors | None = None) -> Callable[[], Row]:
        asked = vectors[:n] if queries is None else queries
        return lambda: both.figures(reranked(asked, vectors[n:]))

    def pooled(vectors: Vectors, aware: NDArray[np.int64] | None) -> Callable[[], Row]:
        return lambda: both.figures(-jaccard(vectors, n, aware))

    found = {
        "all queries at once, re-ranked": pooled(plain, None),
        "all queries at once, CA-Jaccard": pooled(plain, cameras),
        "all queries at once, re-ranked, adjusted": pooled(known, None),
        "all queries at once, CA-Jaccard, adjusted": pooled(known, cameras),
    }
    if model_two is None:  # one query at a time takes minutes, and nothing is chosen by it
        return found
    return found | {
        "re-ranked (default)": told(plain),
        "re-ranked, adjusted": told(known),
        "re-ranked, adjusted, the query's camera unknown": told(known, unknown),
        **{
            f"re-ranked, {name}": told(vectors)
            for name, vectors in larger(one, model_two).items()
            if name.endswith("adjusted")
        },
    }


def weakened(both: Both, strength: float) -> Both:
    """The same people at cameras that differ less: of their means so much is left."""
    out = both.vectors.copy()
    total = out.mean(axis=0)
    for camera in np.unique(both.cameras):
        here = both.cameras == camera
        out[here] -= (1 - strength) * (out[here].mean(axis=0) - total)
    return replace(both, vectors=unit(out))


def few_people(both: Both, told_of: Row) -> Iterator[Row]:
    """Means over few people: of an archive of only them, and, other people at each camera, for all.

    With the same people at all cameras the noise of the means is the same, and does little harm.
    """
    everybody = np.unique(both.persons[both.persons > 0])
    for people in FEW:
        alone: dict[str, list[Row]] = {}
        others: dict[str, list[Row]] = {}
        for draw in range(DRAWS):
            rng = np.random.default_rng((SEED, people, draw))
            here = both.of_people(rng.choice(everybody, people, replace=False))
            kept = np.flatnonzero(here)
            small = Both(
                both.vectors[kept],
                both.persons[kept],
                both.cameras[kept],
                int(here[: both.queries].sum()),
            )
            seen = both.of_people_each(rng, people)
            for name, prior in {"inner product": None, **{f"{p:g}": p for p in PRIORS}}.items():
                mine, wide = small.vectors, both.vectors
                if prior is not None:
                    mine = adjust(mine, small.cameras, prior)
                    wide = adjust(wide, both.cameras, prior, seen)
                alone.setdefault(name, []).append(small.figures(small.scores(mine)))
                others.setdefault(name, []).append(both.figures(both.scores(wide)))
        for searched, found in {"only they": alone, "everybody": others}.items():
            for name, rows in found.items():
                told = {"people": str(people), "searched": searched, "prior": name}
                yield {**told_of, **told, **_mean(rows)}


def _mean(rows: Sequence[Row]) -> Row:
    return {key: f"{np.mean([float(row[key]) for row in rows]):.2f}" for key in rows[0]}


def light_of(name: str, reid: Path, work: Path) -> NDArray[np.float64]:
    """(n,) mean brightness of each crop of a set, queries first; computed once."""
    path = work / f"light {name}.npy".replace(",", "").replace(" ", "-")
    if not path.exists():
        if name in DRAWN:
            people, cameras, views = DRAWN[name]
            means = [crop.pixels.mean() for crop in drawn_people(people, cameras, views, 4711)]
            first = np.arange(len(means)) % views == 0
            found = np.concatenate([np.array(means)[first], np.array(means)[~first]])
        else:
            data = read(reid, name)
            found = np.array([crop.read().mean() for crop in (*data.query, *data.gallery)])
        np.save(path, found)
    return np.load(path)


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option("--reid", type=click.Path(path_type=Path), default=Path("../shared/reid"))
@click.option("--work", type=click.Path(path_type=Path), default=default_work() / "ranking")
@click.option("--choose", "choosing", is_flag=True, help="Means over few people, by prior.")
@click.option("--set", "sets", multiple=True, type=click.Choice(NAMES), help="May be repeated.")
@click.option("--scores-only", is_flag=True, help="Without the re-ranked ways.")
@click.option("--write", "to_file", is_flag=True, help="Write results/*.csv.")
def main(
    model_path: Path,
    reid: Path,
    work: Path,
    choosing: bool,
    sets: tuple[str, ...],
    scores_only: bool,
    to_file: bool,
) -> None:
    command = "python benchmarks/adjustment.py --write"
    for name in sets or NAMES:
        one = load(name, MODEL, [model_path], reid, work)
        if choosing:
            rows = []
            for strength in STRENGTHS if name in DRAWN else (1.0,):
                both = weakened(Both.of(one), strength)
                rows += shown(few_people(both, {"set": name, "strength": f"{strength:g}"}))
        else:
            two = load(name, LARGER, [model_path], reid, work) if name in SETS else None
            ways = by_score(one, two, light_of(name, reid, work))
            ways |= {} if scores_only else by_neighbours(one, two)
            rows = shown({"set": name, "ranking": way, **told()} for way, told in ways.items())
        if to_file:
            file = "adjustment-few" if choosing else "adjustment"
            wanted = f"{command} --choose" if choosing else command
            put(file, rows, command=wanted, note=machine(), part={"set": name})


if __name__ == "__main__":
    main()
