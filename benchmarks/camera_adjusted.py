"""Measure camera-adjusted scores through the product: index labelled sets, search, count.

    python benchmarks/camera_adjusted.py --model-path ../shared/models --reid ../shared/reid

A set is indexed whole, as an archive holds it. A query is a stored crop, whose camera is known, or
its picture, whose camera is not; its gallery is chosen by filters. Prints a table; `--write` also
puts it into results/camera_adjusted.csv. Takes some minutes on two cores.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
import numpy as np
from accuracy import SETS
from measuring import machine
from results import put

from reidsearch import Archive
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.answers import Answer
from reidsearch.domain.crops import Crop
from reidsearch.domain.request import Filters, SearchRequest
from reidsearch.evaluation.protocol import quality
from reidsearch.media.naming.patterns import Naming
from reidsearch.media.pictures import decode

AT_ONCE = 64
FIRST = 100  # matches; a query whose right ones are not all among them is asked again for all
MODEL = "person-reidentification-retail-0286"
Key = tuple[str | None, str | None]
"""Person and camera."""
WAYS = {
    "plain, by score": {"adjusted": False, "reranked": False},
    "adjusted, by score": {"reranked": False},
    "adjusted, re-ranked": {},
}
"""Plain scores are re-ranked only where the archive's are plain, so that they have no line."""


def indexed(folder: Path, name: str, reid: Path, model_path: Sequence[Path]) -> Archive:
    """An archive of a whole set; what is indexed already is skipped."""
    archive = Archive.open(folder, create=True, model=MODEL, model_path=model_path)
    if name == "cuhk03-dev":
        archive.index([reid / name], naming=Naming(market1501=True))
    else:
        archive.index([reid / name / "manifest.csv"])
    return archive


def sides(name: str, crops: Sequence[Crop]) -> tuple[list[Crop], list[Crop], Filters]:
    """The queries, the gallery, and the filters that leave it."""
    if name == "cuhk03-dev":
        asked = [crop for crop in crops if "/query/" in crop.location]
        gallery = [crop for crop in crops if "/bounding_box_test/" in crop.location]
        return asked, gallery, Filters(sources=("bounding_box_test",))
    asked = [crop for crop in crops if crop.facts.camera == "01"]
    gallery = [crop for crop in crops if crop.facts.camera == "02"]
    return asked, gallery, Filters(cameras=("02",))


def right_ones(asked: Sequence[Crop], gallery: Sequence[Crop]) -> Counter[Key]:
    """How many crops of a person there are in the gallery by cameras other than a query's."""
    held = Counter((crop.facts.person, crop.facts.camera) for crop in gallery)
    people = Counter(crop.facts.person for crop in gallery)
    found: Counter[Key] = Counter()
    for person, camera in {(crop.facts.person, crop.facts.camera) for crop in asked}:
        found[person, camera] = people[person] - held[person, camera]
    return found


def ranks(query: Crop, answer: Answer) -> np.ndarray:
    """(h,) the places of the person's crops by other cameras, from 1."""
    kept = [
        match.crop.facts
        for match in answer.matches
        if (match.crop.facts.person, match.crop.facts.camera)
        != (query.facts.person, query.facts.camera)
    ]
    return np.flatnonzero([facts.person == query.facts.person for facts in kept]) + 1


def answers(
    archive: Archive, asked: Sequence[Crop], filters: Filters, k: int, how: Mapping[str, bool]
) -> Iterator[Answer]:
    """The answers to these crops; `known` says whether their camera is."""
    options = {name: value for name, value in how.items() if name != "known"}
    limits = PictureLimits()
    for start in range(0, len(asked), AT_ONCE):
        requests = (
            SearchRequest(
                crop.crop_id if how["known"] else decode(archive.picture(crop.crop_id), limits),
                k=k,
                filters=filters,
                grouped=False,
                **options,
            )
            for crop in asked[start : start + AT_ONCE]
        )
        for answer in archive.search_many(requests):
            if not isinstance(answer, Answer):
                raise answer.error
            yield answer


def measured(
    archive: Archive, asked: Sequence[Crop], filters: Filters, right: Counter[Key], **how: bool
) -> Mapping[str, str]:
    """Rank-1 and mAP of one way of searching."""
    found: list[np.ndarray] = []
    for crop, answer in zip(asked, answers(archive, asked, filters, FIRST, how), strict=True):
        found.append(ranks(crop, answer))
    person = [crop.facts.person for crop in asked]
    every = [right[one.facts.person, one.facts.camera] for one in asked]
    lacking = [place for place, one in enumerate(found) if len(one) < every[place]]
    some = [asked[place] for place in lacking]
    rest = answers(archive, some, filters, len(archive), how)
    for place, answer in zip(lacking, rest, strict=True):
        found[place] = ranks(asked[place], answer)
    people = np.unique(person, return_inverse=True)[1]
    valid = [place for place, one in enumerate(found) if len(one)]
    figures = quality([found[place] for place in valid], people[valid])
    return {
        "queries": str(figures.valid_queries),
        "rank-1": f"{100 * figures.cmc[1]:.1f}",
        "mAP": f"{100 * figures.map_trapezoid:.1f}",
    }


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path, exists=True), multiple=True)
@click.option("--reid", type=click.Path(path_type=Path), default=Path("../shared/reid"))
@click.option("--set", "sets", multiple=True, type=click.Choice(SETS), help="May be repeated.")
@click.option("--work", type=click.Path(path_type=Path), help="Keep the archives here.")
@click.option("--write", "to_file", is_flag=True, help="Write results/camera_adjusted.csv.")
def main(
    model_path: tuple[Path, ...],
    reid: Path,
    sets: tuple[str, ...],
    work: Path | None,
    to_file: bool,
) -> None:
    for name in sets or SETS:
        rows = []
        with (
            tempfile.TemporaryDirectory() as folder,
            indexed((work or Path(folder)) / name, name, reid, model_path) as archive,
        ):
            crops = [archive.crop(crop_id) for crop_id in range(1, len(archive) + 1)]
            asked, gallery, filters = sides(name, crops)
            right = right_ones(asked, gallery)
            for way, how in WAYS.items():
                for known in (True, False) if how.get("adjusted", True) else (True,):
                    figures = measured(archive, asked, filters, right, known=known, **how)
                    camera = "known" if known else "not known"
                    rows.append({"way": way, "query's camera": camera, **figures})
                    click.echo(f"{name}: {rows[-1]}")
        if to_file:
            today = dt.datetime.now(dt.UTC).date()
            put(
                "camera_adjusted",
                rows,
                command="python benchmarks/camera_adjusted.py --write",
                note=f"{today}: {machine()}; load {os.getloadavg()[0]:.1f}",
                part={"set": name},
            )


if __name__ == "__main__":
    main()
