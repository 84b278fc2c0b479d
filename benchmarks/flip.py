"""What it gains and costs to average a crop with its mirror image, on either side of a search.

    python benchmarks/flip.py --write

On the sets of `fusion_sets.py`, with three models, by score and re-ranked; single pictures. The
cost is measured through the product's embedder. `--write` puts the figures into results/*.csv.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click
import numpy as np
from fusion import MODEL, Each, Rows, Scores, Way, again, asked, figures, lifted
from fusion_sets import NAMES, SEED, Crops, load
from measuring import default_work, machine
from results import Row, put, shown

from reidsearch.datasets.synthetic.people import drawn_people
from reidsearch.domain.crops import Pixels
from reidsearch.search.scope import gallery_of
from reidsearch.vision.embedding.embedder import Embedder, load_embedder

MODELS = (MODEL, *(f"person-reidentification-retail-{one}/FP16" for one in ("0287", "0288")))
TURNS = 7


def flips(load_set: Callable[[str, str], Crops]) -> Iterator[Row]:
    for model in MODELS:
        for reranked in (False, True):

            def of(name: str, model=model, reranked=reranked) -> dict[str, Each]:
                return flipped(load_set(name, model), reranked)

            name = model.removeprefix("person-reidentification-retail-")
            order = "re-ranked" if reranked else "by score"
            for row in figures({n: (lambda n=n: of(n)) for n in NAMES}):
                yield {"model": name, "order": order, **row}


def flipped(crops: Crops, reranked: bool) -> dict[str, Each]:
    both = crops.vectors + crops.flipped
    both /= np.linalg.norm(both, axis=1, keepdims=True)
    kinds = {"off": (crops.vectors, crops.vectors), "query only": (both, crops.vectors),
             "gallery only": (crops.vectors, both), "both": (both, both)}  # fmt: skip
    asks = [np.array([row]) for row in crops.query]
    items = [np.array([row]) for row in crops.gallery]
    place = {int(row): number for number, row in enumerate(crops.gallery)}
    ways: dict[str, Way] = {}
    for kind, (query, gallery) in kinds.items():
        g = gallery[crops.gallery]
        searched = gallery_of(g) if reranked else None

        def way(rows: Rows, query=query, g=g, searched=searched) -> Scores:
            by = g @ query[rows[0]]
            if searched is None:
                return by
            plain = np.argsort(-by, kind="stable")
            own = np.array([place[int(row)] for row in rows if int(row) in place], np.int64)
            return lifted(again(searched, query[rows[0]], plain, own), plain, by)

        ways[kind] = way
    return asked(crops, asks, items, ways)


def costs(model_path: Path) -> Iterator[Row]:
    """Crops a second through the product's embedder, without and with, in turns."""
    pictures = [crop.pixels for crop in drawn_people(20, 2, 5, SEED)]
    for model in MODELS:
        made = [load_embedder(model, model_path=[model_path], flip=flip) for flip in (False, True)]
        prepared = [(None, made[0].prepare(picture)) for picture in pictures]
        taken: list[list[float]] = []
        for _ in range(1 + TURNS):
            taken.append([_took_s(embedder, prepared) for embedder in made])
        off, on = (len(pictures) / np.median(each) for each in zip(*taken[1:], strict=True))
        times = np.median([both / one for one, both in taken[1:]])
        name = model.removeprefix("person-reidentification-retail-")
        yield {
            "model": name,
            "crops a second": f"{off:.0f}",
            "with flip averaging": f"{on:.0f}",
            "times": f"{times:.2f}",
        }


def _took_s(embedder: Embedder, prepared: Sequence[tuple[None, Pixels]]) -> float:
    began = time.perf_counter()
    for _ in embedder.stream(iter(prepared)):
        pass
    return time.perf_counter() - began


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option("--reid", type=click.Path(path_type=Path), default=Path("../shared/reid"))
@click.option("--work", type=click.Path(path_type=Path), default=default_work() / "fusion")
@click.option("--write", "to_file", is_flag=True, help="Write results/*.csv.")
def main(model_path: Path, reid: Path, work: Path, to_file: bool) -> None:
    def load_set(name: str, model: str) -> Crops:
        return load(name, model, model_path, reid, work)

    made = {"flip": shown(flips(load_set)), "flip-cost": shown(costs(model_path))}
    note = f"{machine()}; load {os.getloadavg()[0]:.1f}"
    print(note)
    if to_file:
        for name, rows in made.items():
            put(name, rows, command="python benchmarks/flip.py --write", note=note)


if __name__ == "__main__":
    main()
