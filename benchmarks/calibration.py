"""Which map from score to log-likelihood ratio is sound, on people and on footage it never saw.

    python benchmarks/calibration.py --model-path ../shared/models --reid ../shared/reid --write

Every map is made from one labelled set and judged on the other; the diagonal is judged on people
left out. The second table asks what becomes of a calibration of single crops when the query is a
mean of pictures, or the match the best shot of a tracklet. `--write` puts both into results/*.csv.
Takes about two minutes on two cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
import numpy as np
from measuring import machine
from results import Row, put, shown

from reidsearch.calibration.comparisons import Comparisons, across_cameras
from reidsearch.calibration.fit import CENTRES, SEED, _folds, _judged, _Weighed, logistic
from reidsearch.calibration.fit import pool_adjacent_violators as pooled
from reidsearch.datasets.embedded import embed_set
from reidsearch.datasets.labels import Labelled
from reidsearch.datasets.readers import read_data
from reidsearch.domain.scores import Soundness, Values
from reidsearch.vision.embedding import load_embedder

COMMAND = "python benchmarks/calibration.py --write"
SETS = {"cuhk03-dev": "cuhk03-dev", "pku-viewpoints": "pku-viewpoints/manifest.csv"}
MODEL = "person-reidentification-retail-0286/FP16"
LIMIT = 4.0  # of any log-likelihood ratio, so that no map is judged by a single pair


def line(same: Values, different: Values) -> Values:
    return logistic(same, different).at(CENTRES)


def parabola(same: Values, different: Values) -> Values:
    """Logistic regression on score and its square, made monotone."""
    x = np.stack([np.ones_like(CENTRES), CENTRES, CENTRES**2])
    theta, weight = np.zeros(3), (same + different) / 2
    for _ in range(300):
        told = 1 / (1 + np.exp(-np.clip(theta @ x, -50, 50)))
        gradient = x @ (weight * told - same / 2)
        hessian = (x * (weight * told * (1 - told))) @ x.T + 1e-9 * np.eye(3)
        step = np.linalg.solve(hessian, gradient)
        theta -= step * min(1.0, 5.0 / np.abs(step).max())
    # Made monotone beyond the vertex, on the side where it turns.
    raw = theta @ x / np.log(10)
    return np.minimum.accumulate(raw[::-1])[::-1] if theta[2] > 0 else np.maximum.accumulate(raw)


def gaussians(same: Values, different: Values) -> Values:
    def density(histogram: Values) -> Values:
        mean = histogram @ CENTRES
        variance = histogram @ (CENTRES - mean) ** 2
        return -((CENTRES - mean) ** 2) / (2 * variance) - np.log(variance) / 2

    return (density(same) - density(different)) / np.log(10)


def isotonic(same: Values, different: Values) -> Values:
    share = pooled(same, same + different)
    with np.errstate(divide="ignore"):
        return np.log10(share) - np.log10(1 - share)


MAPS: dict[str, Callable[[Values, Values], Values]] = {
    "logistic regression (in use)": line,
    "logistic regression with a square": parabola,
    "two Gaussians": gaussians,
    "pool adjacent violators": isotonic,
}


def made(kind: Callable[[Values, Values], Values], weighed: _Weighed, times: Values) -> Values:
    return np.clip(kind(*weighed.histograms(times)), -LIMIT, LIMIT)


def own(kind: Callable[[Values, Values], Values], weighed: _Weighed) -> Soundness:
    parts = [
        (made(kind, weighed, 1.0 - judged), *weighed.histograms(judged))
        for judged in _folds(weighed, SEED)
    ]
    return _judged(parts)


def elsewhere(
    kind: Callable[[Values, Values], Values], weighed: _Weighed, other: _Weighed
) -> Soundness:
    everybody = np.ones(len(weighed.people))
    return _judged(
        [(made(kind, weighed, everybody), *other.histograms(np.ones(len(other.people))))]
    )


def groups(data: Labelled, size: int) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Crops of one person by one camera, `size` at a time: what a tracklet would hold."""
    found, persons, cameras = [], [], []
    for person, camera in sorted({*zip(data.persons.tolist(), data.cameras.tolist(), strict=True)}):
        rows = np.flatnonzero((data.persons == person) & (data.cameras == camera))
        for start in range(0, len(rows) - size + 1, size):
            found.append(rows[start : start + size])
            persons.append(person)
            cameras.append(camera)
    return found, np.array(persons), np.array(cameras)


def against_groups(data: Labelled, size: int, how: str) -> Comparisons:
    """Every crop against every group of another camera: the group's best view, or its mean."""
    found, persons, cameras = groups(data, size)
    if how == "mean":
        means = np.stack([data.vectors[rows].mean(0) for rows in found])
        scores = data.vectors @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T
    else:
        scores = np.stack([(data.vectors @ data.vectors[rows].T).max(1) for rows in found], 1)
    crop, group = np.nonzero(data.cameras[:, None] != cameras)
    return Comparisons(
        scores[crop, group].astype(np.float64),
        data.persons[crop],
        persons[group],
        data.cameras[crop],
        cameras[group],
        crops=len(data.vectors),
    )


def figures(sound: Soundness) -> Row:
    worst = max(abs(told - found) for told, found, _ in sound.reliability)
    return {
        "Cllr": f"{sound.cllr:.3f}",
        "Cllr_min": f"{sound.cllr_min:.3f}",
        "ECE": f"{100 * sound.ece:.1f}",
        "worst tenth": f"{100 * worst:.0f}",
    }


def maps(weighed: Mapping[str, _Weighed]) -> Iterator[Row]:
    """Every map made from every set, judged on every set."""
    for kind, function in MAPS.items():
        for source in weighed:
            for judged in weighed:
                sound = (
                    own(function, weighed[source])
                    if source == judged
                    else elsewhere(function, weighed[source], weighed[judged])
                )
                where = f"{judged}, people left out" if source == judged else judged
                yield {"map": kind, "made from": source, "judged on": where, **figures(sound)}


def views(sets: Mapping[str, Labelled], weighed: Mapping[str, _Weighed]) -> Iterator[Row]:
    """A calibration of single crops, against means and best shots of several."""
    alarms = "false alarms at 1 in 1000"
    for name, data in sets.items():
        own_same, different = weighed[name].histograms(np.ones(len(weighed[name].people)))
        rate = np.cumsum(different[::-1])[::-1]
        at = int(np.argmax(rate <= 1e-3))
        told = made(line, weighed[name], np.ones(len(weighed[name].people)))
        single = across_cameras(data.vectors, data.persons, data.cameras, seed=SEED)
        kinds = {"one crop against one": single}
        for size in (2, 4):
            kinds[f"against the mean of {size} pictures"] = against_groups(data, size, "mean")
            kinds[f"against the best of {size} pictures"] = against_groups(data, size, "best")
        for kind, compared in kinds.items():
            other = _Weighed.of(compared)
            same, wrong = other.histograms(np.ones(len(other.people)))
            sound = figures(_judged([(told, same, wrong)]))
            found = f"{1000 * wrong[at:].sum():.2f}"
            yield {"compared": kind, "set": name, **sound, alarms: found}
        # The density of the best of n independent views is n f F^(n-1): F's ratio corrects it.
        corrected = told + 3 * np.log10(np.cumsum(own_same) + 1e-4)
        corrected -= 3 * np.log10(np.cumsum(different) + 1e-4)
        sound = figures(_judged([(np.clip(corrected, -LIMIT, LIMIT), same, wrong)]))
        kind = "against the best of 4 pictures, as if independent"
        yield {"compared": kind, "set": name, **sound, alarms: ""}


@click.command()
@click.option("--model-path", type=click.Path(path_type=Path, exists=True), multiple=True)
@click.option("--reid", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--write", is_flag=True, help="Write results/*.csv.")
def main(model_path: tuple[Path, ...], reid: Path, write: bool) -> None:
    embedder = load_embedder(MODEL, model_path=model_path)
    sets: dict[str, Labelled] = {}
    for name, path in SETS.items():
        data = read_data(reid / path)
        data = type(data)(data.name, data.crops, data.crops)
        sets[name] = data.labelled(embed_set(data, embedder))[0]
    weighed = {
        name: _Weighed.of(across_cameras(one.vectors, one.persons, one.cameras, seed=SEED))
        for name, one in sets.items()
    }
    tables = {
        "calibration-maps": shown(maps(weighed)),
        "calibration-views": shown(views(sets, weighed)),
    }
    if write:
        for name, rows in tables.items():
            put(name, rows, command=COMMAND, note=machine())


if __name__ == "__main__":
    main()
