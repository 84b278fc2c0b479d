"""A calibration and an evaluation, as measuring on labelled crops gives them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from present_samples import MODEL, PROVENANCE

from reidsearch.calibration.comparisons import Comparisons
from reidsearch.calibration.fit import fit
from reidsearch.domain.figures import (
    RANKS,
    Evaluation,
    LabelledCrop,
    Misranked,
    Quality,
    Rate,
    Way,
)
from reidsearch.domain.scores import Calibration

CAMERA = "entrance-7"


def calibration_sample() -> Calibration:
    rng = np.random.default_rng(0)
    own, one = np.repeat(np.arange(60), 8), np.repeat(np.arange(60), 20)
    other = (one + np.tile(np.arange(1, 21), 60)) % 60
    scores = np.concatenate([rng.normal(0.5, 0.1, len(own)), rng.normal(0.1, 0.1, len(one))])
    first, second = np.concatenate([own, one]), np.concatenate([own, other])
    cameras = np.zeros(len(first), np.int64), np.ones(len(first), np.int64)
    compared = Comparisons(scores.clip(-1, 1), first, second, *cameras, crops=len(first))
    made = fit(compared, replicates=20)
    return Calibration(
        provenance=replace(PROVENANCE, source="cuhk03"),
        digest=MODEL.digest,
        preprocessing="bgr/1",
        intercept=made.line.intercept,
        slope=made.line.slope,
        lowest=made.lowest,
        highest=made.highest,
        soundness=made.soundness,
        curves=made.curves,
    )


def way() -> Way:
    quality = Quality(
        1400, dict.fromkeys(RANKS, 0.81), 0.71, 0.7, 0.31, 700, {"rank_1": (0.79, 0.83)}
    )

    def labelled(name: str) -> LabelledCrop:
        return LabelledCrop(name, "0042", CAMERA, lambda: np.zeros((8, 4, 3), np.uint8))

    worst = Misranked(
        labelled("0042_c1s1_000151_01.jpg"),
        labelled("0013_c2s1_000251_01.jpg"),
        labelled("0042_c2s1_000351_01.jpg"),
        57,
        0.912,
        0.412,
    )
    evaluation = Evaluation(
        data="cuhk03",
        queries=1400,
        gallery=5300,
        distractors=0,
        people=700,
        cameras=("entrance-7", "yard-2"),
        notes=(),
        quality=quality,
        by_cameras={(CAMERA, "yard-2"): quality, ("yard-2", CAMERA): quality},
        curve=(0.81,),
        positives=4600,
        negatives=920_000,
        rates=(Rate(0.001, 0.67, 0.52, 1000), Rate(1e-6, None, None, 1_000_000)),
        same=np.zeros(1, np.int64),
        different=np.zeros(1, np.int64),
        worst=(worst,),
    )
    return Way(
        f"{MODEL.name}/FP16-INT8",
        "bilinear",
        "re-ranked",
        "mean of all",
        evaluation,
        0.004,
        0.01,
        0.2,
    )
