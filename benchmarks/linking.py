"""How well `reidsearch link` puts together who belongs together, and what simpler rules do.

    python benchmarks/linking.py --model-path ../shared/models --reid ../shared/reid --write
    python benchmarks/linking.py --model-path ../shared/models --choose
    python benchmarks/linking.py --large 20000

On the labelled sets, each crop as a tracklet, and each person at each camera as one (the robust
mean of the crops, as a tracklet's is); they tell no times, so nothing is known that cannot be. On
drawn footage, indexed and linked as a user would. Beside it the kind of rule that live demos use,
Open Model Zoo's among them (greedy in order of time), and the same average linkage on embeddings
as they are, at the score that 1 in 10 000 pairs of different people reaches. `--choose` shows the
thresholds on synthetic people from which the default was taken, `--large N` time and memory for N
made-up tracklets. Takes about six minutes on two cores.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from clustering import clustering
from measuring import machine
from numpy.typing import NDArray
from results import Row, put, shown

from reidsearch import Archive
from reidsearch.datasets.embedded import embed_set
from reidsearch.datasets.readers import DataSet, read_manifest, read_market
from reidsearch.datasets.synthetic.footage import FPS, DrawnVideo, draw_footage
from reidsearch.datasets.synthetic.people import drawn_people
from reidsearch.datasets.synthetic.truth import match_visits
from reidsearch.domain.crops import Vectors
from reidsearch.domain.embeddings import robust_mean
from reidsearch.linking.adjust import adjusted
from reidsearch.linking.cluster import cluster
from reidsearch.linking.run import JOIN_ABOVE
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.services.index import FootageOptions
from reidsearch.store.crops.store import Store
from reidsearch.store.identities.candidates import linking_candidates
from reidsearch.vision.embedding import Embedder, load_embedder

COMMAND = "python benchmarks/linking.py --write"
GREEDY_ABOVE = 0.6
PLAIN_ABOVE = 0.61
DRAWN_SEED, FOOTAGE_SEED = 11, 5
THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)


@dataclass(frozen=True)
class Items:
    """What is to be put together, in order of time where there is one."""

    name: str
    vectors: Vectors
    persons: list[str]
    cameras: NDArray[np.int64]


def greedy(vectors: Vectors) -> list[int]:
    """One after the other joins whom it is most like, above a cosine, or is somebody new."""
    sums: list[Vectors] = []
    found = []
    for vector in vectors:
        means = np.stack([one / np.linalg.norm(one) for one in sums]) if sums else np.empty((0, 1))
        scores = means @ vector if sums else np.empty(0)
        if len(scores) and scores.max() > GREEDY_ABOVE:
            found.append(int(scores.argmax()))
            sums[found[-1]] = sums[found[-1]] + vector
        else:
            found.append(len(sums))
            sums.append(vector)
    return found


def linked(vectors: Vectors, above: float) -> list[int]:
    found = [-1] * len(vectors)
    for number, one in enumerate(cluster(vectors, above).found):
        for item in one.items.tolist():
            found[item] = number
    return found


def as_crops(name: str, data: DataSet, embedder: Embedder) -> Items:
    rows = embed_set(data, embedder)
    crops = [crop for crop in data.crops if crop.person is not None]
    numbers = {camera: n for n, camera in enumerate(sorted({crop.camera for crop in crops}))}
    return Items(
        f"{name}, crops",
        np.stack([rows[crop.name] for crop in crops]),
        [str(crop.person) for crop in crops],
        np.array([numbers[crop.camera] for crop in crops], np.int64),
    )


def as_tracklets(items: Items) -> Items:
    """Each person at each camera as one item."""
    places: dict[tuple[int, str], list[int]] = {}
    pairs = zip(items.cameras.tolist(), items.persons, strict=True)
    for row, (camera, person) in enumerate(pairs):
        places.setdefault((camera, person), []).append(row)
    keys = sorted(places)
    return Items(
        items.name.replace(", crops", ", person and camera"),
        np.stack([robust_mean(items.vectors[places[key]]) for key in keys]),
        [person for _, person in keys],
        np.array([camera for camera, _ in keys], np.int64),
    )


def row(name: str, rule: str, found: Sequence[int], persons: Sequence[str], took_s: float) -> Row:
    figures = clustering(found, persons)
    both = figures.pairwise
    return {
        "set": name,
        "rule": rule,
        "items": str(figures.items),
        "persons": str(figures.persons),
        "clusters": str(figures.clusters),
        "precision": f"{100 * both.precision:.1f}",
        "recall": f"{100 * both.recall:.1f}",
        "pairwise F1": f"{100 * both.f1:.1f}",
        "B-cubed F1": f"{100 * figures.b_cubed.f1:.1f}",
        "IDF1": f"{100 * figures.idf1:.1f}",
        "s": f"{took_s:.2f}",
    }


def compared(items: Items) -> Iterator[Row]:
    rules = {
        f"greedy, cosine > {GREEDY_ABOVE}": lambda: greedy(items.vectors),
        f"average linkage, score >= {PLAIN_ABOVE}": lambda: linked(items.vectors, PLAIN_ABOVE),
        f"link (adjusted >= {JOIN_ABOVE})": lambda: linked(
            adjusted(items.vectors, items.cameras), JOIN_ABOVE
        ),
    }
    for rule, run in rules.items():
        began = time.perf_counter()
        found = run()
        yield row(items.name, rule, found, items.persons, time.perf_counter() - began)


def of_footage(model_path: Path, folder: Path) -> Iterator[Row]:
    """Drawn footage, indexed and linked as a user would; tracklets that show a visit."""
    import datetime as dt

    videos = draw_footage(folder / "footage", people=24, cameras=4, seed=FOOTAGE_SEED)
    naming = SourceNaming(zone=dt.UTC, recorder="plain")
    with Archive.open(
        folder / "archive", create=True, model_path=[model_path], offline=True
    ) as archive:
        archive.index([folder / "footage"], footage=FootageOptions(naming=naming))
        persons = truth(archive, videos)
        vectors = tracklet_vectors(folder / "archive")
        in_time = sorted(persons, key=lambda one: archive.footage.tracklet(one).first_time)
        name = f"synthetic footage ({len(videos)} cameras)"
        told = [persons[one] for one in in_time]
        began = time.perf_counter()
        found = greedy(np.stack([vectors[one] for one in in_time]))
        rule = f"greedy, cosine > {GREEDY_ABOVE}"
        yield row(name, rule, found, told, time.perf_counter() - began)
        began = time.perf_counter()
        proposals = archive.proposals.link().proposals
        took_s = time.perf_counter() - began
        whose = {m.number: one.proposal_id for one in proposals for m in one.members}
        found = [whose.get(one, -one) for one in in_time]
        yield row(name, f"link (adjusted >= {JOIN_ABOVE})", found, told, took_s)


def tracklet_vectors(folder: Path) -> dict[int, Vectors]:
    """What is linked: of each tracklet the robust mean of its views, as the archive holds it."""
    with Store(folder) as store, store.read() as connection:
        model = store.model()
        assert model is not None
        held = linking_candidates(connection, model.dimension)
    members = (one.member.number for one in held.presences)
    return dict(zip(members, held.vectors, strict=True))


def truth(archive: Archive, videos: Sequence[DrawnVideo]) -> dict[int, str]:
    """Tracklet id -> the person of the visit that it shows."""
    persons = {}
    for video in videos:
        source = archive.footage.find(video.path.name)
        base = float(source.info.time_base)
        traces = {}
        for one in archive.footage.tracklets(source.source_id):
            trace = archive.footage.trace(one.tracklet_id, source.source_id)
            frames = ((trace.pts - source.info.first_pts) * base * FPS).round().astype(np.int64)
            traces[one.tracklet_id] = frames, trace.xyxy
        for tracklet_id, number in match_visits(video.visits, traces).items():
            persons[tracklet_id] = video.visits[number].person
    return persons


def choose(embedder: Embedder) -> Iterator[Row]:
    """Pairwise F1 on drawn people, each at each camera one item, over thresholds."""
    crops = list(drawn_people(120, 4, 3, seed=DRAWN_SEED))
    numbers = {camera: n for n, camera in enumerate(sorted({crop.camera for crop in crops}))}
    everybody = as_tracklets(
        Items(
            "drawn, crops",
            embedder.embed([crop.pixels for crop in crops]),
            [crop.person for crop in crops],
            np.array([numbers[crop.camera] for crop in crops], np.int64),
        )
    )
    rng = np.random.default_rng(DRAWN_SEED)
    names = sorted(set(everybody.persons))
    for people, cameras, times in ((6, 3, 20), (20, 3, 10), (60, 4, 3), (120, 4, 1)):
        sums = np.zeros(len(THRESHOLDS))
        for _ in range(times):
            who = set(rng.choice(names, people, replace=False).tolist())
            where = rng.choice(len(numbers), cameras, replace=False)
            kept = np.array([one in who for one in everybody.persons])
            kept &= np.isin(everybody.cameras, where)
            vectors = adjusted(everybody.vectors[kept], everybody.cameras[kept])
            told = [one for one, held in zip(everybody.persons, kept, strict=True) if held]
            sums += [clustering(linked(vectors, at), told).pairwise.f1 for at in THRESHOLDS]
        for threshold, total in zip(THRESHOLDS, sums, strict=True):
            yield {
                "people": str(people),
                "cameras": str(cameras),
                "repeats": str(times),
                "threshold": str(threshold),
                "pairwise F1": f"{100 * total / times:.1f}",
            }


def large(count: int) -> str:
    """Time and memory for so many items: people at four cameras each, in some forty directions."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(40, 256))
    people = rng.normal(size=(-(-count // 4), 40)) @ directions
    people /= np.linalg.norm(people, axis=1, keepdims=True)
    seen = np.repeat(people, 4, axis=0)[:count] + 0.9 / 16 * rng.normal(size=(count, 256))
    vectors = (seen / np.linalg.norm(seen, axis=1, keepdims=True)).astype(np.float32)
    began = time.perf_counter()
    found = cluster(adjusted(vectors, np.arange(count) % 4), JOIN_ABOVE)
    took_s = time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{count:,} items: {took_s:.1f} s, {peak_mb:,.0f} MB at most, {len(found.found):,} "
        f"clusters, {found.capped:,} items capped"
    )


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option("--reid", type=click.Path(path_type=Path), default=Path("../shared/reid"))
@click.option("--choose", "choosing", is_flag=True, help="Thresholds on synthetic people only.")
@click.option("--large", "count", type=int, help="Time and memory for so many items.")
@click.option("--write", is_flag=True, help="Write results/*.csv.")
def main(model_path: Path, reid: Path, choosing: bool, count: int | None, write: bool) -> None:
    if count is not None:
        print(large(count))
        return
    embedder = load_embedder(
        "person-reidentification-retail-0286", model_path=[model_path], offline=True
    )
    if choosing:
        rows = shown(choose(embedder))
        if write:
            put("linking-thresholds", rows, command=f"{COMMAND} --choose", note=machine())
        return
    sets = {
        "cuhk03-dev": read_market(reid / "cuhk03-dev"),
        "pku-viewpoints": read_manifest(reid / "pku-viewpoints" / "manifest.csv"),
    }
    rows = []
    for name, data in sets.items():
        items = as_crops(name, data, embedder)
        rows += shown([*compared(items), *compared(as_tracklets(items))])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "footage").mkdir()
        rows += shown(of_footage(model_path, Path(folder)))
    if write:
        put("linking", rows, command=COMMAND, note=machine())


if __name__ == "__main__":
    main()
