"""Make reidsearch/calibration/reference.npz: how scores of the catalogue's models read elsewhere.

    python benchmarks/reference.py --model-path ../shared/models --reid ../shared/reid --write

Pairs of crops by two cameras in cuhk03-dev (200 people) and pku-viewpoints (62), each set in units
of its own impostor scores, none across the sets. What is written are a line, and shares of pairs
by score: of no picture, person or embedding anything can be told from it. `--write` also puts into
results/reference-calibration.csv how a reference of one set does on the other and on synthetic
people: as it is, and fitted to what random pairs by different cameras score there.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import click
import numpy as np
from accuracy import SETS
from calibration import LIMIT
from calibration import MODEL as DEFAULT
from measuring import default_work, machine
from ranking_sets import Set, load
from results import Row, put, shown

import reidsearch.calibration
from reidsearch.base.timecode import to_us
from reidsearch.base.version import __version__
from reidsearch.calibration.comparisons import Comparisons, across_cameras
from reidsearch.calibration.fit import CENTRES, REPLICATES, SEED, fit, soundness
from reidsearch.calibration.reference import FILE, Impostors, key
from reidsearch.domain.adjustment import camera_means, centred
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.scores import Curves, Soundness
from reidsearch.vision.embedding.embedder import load_embedder
from reidsearch.vision.models.catalogue import catalogue

DRAWN = ("synthetic, few", "synthetic, cameras")
RARE = 1e-3


def compared(one: Set, *, adjusted: bool) -> tuple[Comparisons, Impostors]:
    """Pairs by two cameras of a set, and what random ones of them score, whoever is on them."""
    parts = (one.query, one.gallery)
    vectors = np.concatenate([part.vectors for part in parts])
    persons = np.concatenate([part.persons for part in parts])
    cameras = np.concatenate([part.cameras for part in parts])
    cameras = np.unique(cameras, return_inverse=True)[1]
    if adjusted:
        means = camera_means(vectors, cameras, int(cameras.max()) + 1).means
        vectors = centred(vectors, means[1 + cameras])
    pairs = across_cameras(vectors, persons, cameras, seed=SEED)
    return pairs, Impostors.of(pairs.scores)


def standard(pairs: Comparisons, impostors: Impostors) -> Comparisons:
    """The same pairs, scores in a reference's units."""
    return replace(pairs, scores=np.clip(impostors.standard(pairs.scores), -1.0, 1.0))


def joined(sets: Sequence[Comparisons]) -> Comparisons:
    """Pairs of several sets, whose people and cameras are all different ones."""

    def told(name: str, like: str) -> np.ndarray:
        firsts, at = [], 0
        for one in sets:
            firsts.append(at)
            at += 1 + max(int(getattr(one, f"{like}_{side}").max()) for side in "ab")
        pairs = zip(sets, firsts, strict=True)
        return np.concatenate([getattr(one, name) + first for one, first in pairs])

    return Comparisons(
        np.concatenate([one.scores for one in sets]),
        told("person_a", "person"),
        told("person_b", "person"),
        told("camera_a", "camera"),
        told("camera_b", "camera"),
        sum(one.crops for one in sets),
    )


def judged(made_of: Comparisons, other: Comparisons) -> tuple[Soundness, float]:
    """How the map of one set does on another; false alarms there where 1 in 1000 are here."""
    told = fit(made_of, replicates=1).line.at(CENTRES)
    limit = np.quantile(made_of.scores[~made_of.same], 1 - RARE)
    reached = float(np.mean(other.scores[~other.same] >= limit))
    return soundness(np.clip(told, -LIMIT, LIMIT), other), reached / RARE


def elsewhere(sets: Mapping[str, Set]) -> Iterator[Row]:
    """References of one set, judged on others."""
    for adjusted in (False, True):
        held = {name: compared(one, adjusted=adjusted) for name, one in sets.items()}
        for made_of in SETS:
            for other in sets:
                if other == made_of:
                    continue
                ways = {
                    "as it is": (held[made_of][0], held[other][0]),
                    "fitted": (standard(*held[made_of]), standard(*held[other])),
                }
                for way, pairs in ways.items():
                    sound, alarms = judged(*pairs)
                    yield {
                        "scores": "camera-adjusted" if adjusted else "plain",
                        "made of": made_of,
                        "judged on": other,
                        "way": way,
                        "Cllr": f"{sound.cllr:.3f}",
                        "ECE": f"{100 * sound.ece:.1f}",
                        "false alarms": f"{alarms:.1f}",
                    }


def reference(sets: Sequence[Set], *, adjusted: bool) -> tuple[dict[str, object], np.ndarray]:
    """The facts of one reference, and its curves, (7, BINS)."""
    held = [standard(*compared(one, adjusted=adjusted)) for one in sets]
    pairs = joined(held)
    made = fit(pairs)
    worst = max(judged(a, b)[0].ece for a, b in (held, held[::-1]))
    people = " and ".join(
        f"{one.name} ({len(np.unique([h.person_a, h.person_b]))} people)"
        for one, h in zip(sets, held, strict=True)
    )
    provenance = {
        "source": people,
        "sha256": None,
        "people": made.people,
        "cameras": made.cameras,
        "crops": pairs.crops,
        "same_pairs": made.same_pairs,
        "different_pairs": made.different_pairs,
        "people_pairs": made.people_pairs,
        "seed": SEED,
        "replicates": REPLICATES,
        "version": __version__,
        "at": to_us(dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)),
        "adjusted": adjusted,
    }
    facts = {
        "provenance": provenance,
        "intercept": made.line.intercept,
        "slope": made.line.slope,
        "lowest": made.lowest,
        "highest": made.highest,
        "soundness": asdict(made.soundness),
        "ece_elsewhere": worst,
    }
    curves = np.stack([getattr(made.curves, name) for name in Curves.__dataclass_fields__])
    return facts, curves.astype(np.float32)


def identity_of(model: str, model_path: Path) -> ModelIdentity:
    return load_embedder(model, model_path=[model_path], offline=True).identity


@click.command(help=__doc__)
@click.option("--model-path", type=click.Path(path_type=Path), default=Path("../shared/models"))
@click.option("--reid", type=click.Path(path_type=Path), default=Path("../shared/reid"))
@click.option("--work", type=click.Path(path_type=Path), default=default_work() / "ranking")
@click.option("--write", "to_file", is_flag=True, help="Write reference.npz and results/*.csv.")
def main(model_path: Path, reid: Path, work: Path, to_file: bool) -> None:
    held = {}
    for model in (entry.key for entry in catalogue() if entry.role == "re-id"):
        sets = [load(name, model, [model_path], reid, work) for name in SETS]
        identity = identity_of(model, model_path)
        for adjusted in (False, True):
            facts, curves = reference(sets, adjusted=adjusted)
            name = key(identity, adjusted=adjusted)
            print(name, f"ECE elsewhere {100 * float(str(facts['ece_elsewhere'])):.1f}")
            told = json.dumps(facts, sort_keys=True).encode()
            held[f"{name}:facts"] = np.frombuffer(told, np.uint8)
            held[f"{name}:curves"] = curves
    of = {name: load(name, DEFAULT, [model_path], reid, work) for name in (*SETS, *DRAWN)}
    rows = shown(elsewhere(of))
    if to_file:
        np.savez_compressed(Path(reidsearch.calibration.__file__).with_name(FILE), **held)
        command = "python benchmarks/reference.py --write"
        put("reference-calibration", rows, command=command, note=machine())


if __name__ == "__main__":
    main()
