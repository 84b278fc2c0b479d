"""A calibration, as text and as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.domain.answer_json import provenance_json
from reidsearch.domain.scores import Calibration, Soundness, Tested
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.readings import chance, one_in, ratio
from reidsearch.output.visible import count, visible

SCORES = tuple(step / 20 for step in range(2, 19))  # 0.1 to 0.9


def sentences(calibration: Calibration, status: str) -> list[str]:
    """What it was made from, and how sound it is; the same in text and picture."""
    made, sound = calibration.provenance, calibration.soundness
    told = f"{status[0].upper()}{status[1:]}."
    data = f" (SHA-256 {made.sha256[:12]})" if made.sha256 else ""
    return [
        visible(told),
        f"Made from {visible(made.source)}{data}: {count(made.crops, 'crop')} of "
        f"{count(made.people, 'person', 'people')} by {count(made.cameras, 'camera')}; "
        f"{count(made.same_pairs, 'same-person pair')}, "
        f"{count(made.different_pairs, 'different-person pair')}, all across two cameras; "
        f"reidsearch {made.version}.",
        *(f"{visible(note)}." for note in made.notes),
        *_sound(sound, "on held-out people"),
        f"log10 likelihood ratio = {calibration.intercept:.3f} + {calibration.slope:.3f} x score, "
        f"within {calibration.lowest:.3f} to {calibration.highest:.3f}, the scores seen; "
        f"false-alarm rates are measured down to {one_in(calibration.floor)}.",
        f"Intervals: 95 %, bootstrap over people, {made.replicates} draws, seed {made.seed}.",
    ]


def calibration_view(calibration: Calibration, status: str) -> RenderableType:
    """The sentences, and what some scores mean."""
    lines = [_reading_cells(calibration, score) for score in shown_scores(calibration)]
    titles = ("score", "log10 LR", "its 95 %", "false-alarm rate", "in 95 %", "found")
    ranks = (0, 0, 2, 1, 4, 3)
    rows = FittedTable(
        [
            Column(title, [line[number] for line in lines], rank, right=True)
            for number, (title, rank) in enumerate(zip(titles, ranks, strict=True))
        ]
    )
    told = [Text(sentence, style="dim") for sentence in sentences(calibration, status)]
    explained = (
        "found: pairs of one person with this score or more. Limits: a log-likelihood ratio never "
        "says more than so many people can show."
    )
    return Group(rows, Text(), *told, Text(explained, style="dim"))


def _reading_cells(calibration: Calibration, score: float) -> list[str]:
    read = calibration.read(score, prior=0.5, comparisons=1)
    low, high = read.log10_lr_interval
    rare, often = read.false_alarm_rate_interval
    return [
        f"{score:.2f}",
        ratio(read.log10_lr),
        "limit" if read.limited else f"{ratio(low)} to {ratio(high)}",
        ("below " if read.at_most else "") + one_in(read.false_alarm_rate),
        "" if read.at_most else f"{one_in(often)} to {one_in(rare)}",
        chance(found(calibration, score)),
    ]


def tested_view(tested: Tested) -> RenderableType:
    """How a calibration does on another set."""
    told = (
        f"Tested on {visible(tested.source)}: {count(tested.people, 'person', 'people')}, "
        f"{count(tested.same_pairs, 'pair')} of one person, "
        f"{count(tested.different_pairs, 'pair')} of two, by two cameras."
    )
    return Group(Text(told), *(Text(line) for line in _sound(tested.soundness, "here")))


def found(calibration: Calibration, score: float) -> float:
    """The share of pairs of one person with this score or more."""
    return max(0.0, 1.0 - calibration.same_below(score))


def shown_scores(calibration: Calibration) -> list[float]:
    """Scores worth a row: those within the range seen."""
    return [score for score in SCORES if calibration.lowest <= score <= calibration.highest]


def calibration_json(calibration: Calibration, status: str) -> dict[str, Any]:
    """A calibration, with the readings of some scores at a prior of 1/2."""
    return {
        "schema": "reidsearch/calibration/1",
        "status": status,
        "provenance": provenance_json(calibration.provenance),
        "model": {"digest": calibration.digest, "preprocessing": calibration.preprocessing},
        "log10_lr": {"intercept": calibration.intercept, "slope": calibration.slope},
        "scores_seen": [calibration.lowest, calibration.highest],
        "lowest_false_alarm_rate": calibration.floor,
        "soundness": soundness_json(calibration.soundness),
        "scores": [_score_json(calibration, score) for score in shown_scores(calibration)],
    }


def _score_json(calibration: Calibration, score: float) -> dict[str, Any]:
    read = calibration.read(score, prior=0.5, comparisons=1)
    return {
        "score": score,
        "log10_lr": read.log10_lr,
        "log10_lr_interval": list(read.log10_lr_interval),
        "false_alarm_rate": read.false_alarm_rate,
        "false_alarm_rate_interval": list(read.false_alarm_rate_interval),
        "at_most": read.at_most,
        "found": found(calibration, score),
    }


def removal_json(removed: bool) -> dict[str, Any]:
    """Return whether there was a calibration that was removed."""
    return {"schema": "reidsearch/calibration-removal/1", "removed": removed}


def tested_json(tested: Tested) -> dict[str, Any]:
    """How a calibration does on another set."""
    return {
        "schema": "reidsearch/calibration-test/1",
        "source": tested.source,
        "people": tested.people,
        "same_pairs": tested.same_pairs,
        "different_pairs": tested.different_pairs,
        "soundness": soundness_json(tested.soundness),
    }


def soundness_json(sound: Soundness) -> dict[str, Any]:
    """Costs in bits, errors between 0 and 1."""
    return {
        "cllr": sound.cllr,
        "cllr_min": sound.cllr_min,
        "ece": sound.ece,
        "reliability": [
            {"predicted": predicted, "observed": observed, "weight": weight}
            for predicted, observed, weight in sound.reliability
        ],
    }


def _sound(sound: Soundness, where: str) -> list[str]:
    return [
        f"Cllr {sound.cllr:.3f} bits {where}, of which {sound.cllr_min:.3f} because people look "
        "alike (Cllr_min; 0 is perfect, 1 carries no information).",
        f"Expected calibration error {where}: {100 * sound.ece:.1f} percentage points at a "
        f"prior of 1/2, {100 * _worst(sound):.0f} in the worst decile.",
    ]


def _worst(sound: Soundness) -> float:
    return float(np.max([abs(told - seen) for told, seen, _ in sound.reliability]))
