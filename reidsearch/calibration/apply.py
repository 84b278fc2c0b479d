"""An answer with every score read by the archive's calibration."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reidsearch.base.errors import UsageError
from reidsearch.domain.answers import Answer
from reidsearch.domain.scores import Calibration, Origin, Provenance

SOURCES = {
    Origin.SET: "on other footage",
    Origin.LABELS: "on this archive's own labels",
    Origin.IDENTITIES: "on what was confirmed in this archive",
}
# How far off these are: docs/accuracy.md, by benchmarks/calibration.py.
MEANS = (
    "the query is made of {} views; the calibration compares one crop with one: expect up to twice "
    "the false alarms told"
)
BEST = (
    "matches are the best of several views of a tracklet, which raises scores of other people too: "
    "their probabilities read somewhat too high, their false alarms are counted for every view"
)
LIMITED = (
    "the scores of {} matches lie beyond what the calibration can show and are read at its limit"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user asks of the reading.

    Args:
        prior: probability, before its score is known, that a crop searched shows the person;
            None: 1 in the crops searched, as if one of them did.
        max_false_alarms: leave out matches with a score that more wrong ones than that would
            reach.
    """

    prior: float | None = None
    max_false_alarms: float | None = None

    def __post_init__(self) -> None:
        if self.prior is not None and not 0.0 < self.prior < 1.0:
            raise UsageError(f"a prior lies between 0 and 1, {self.prior} does not")
        if self.max_false_alarms is not None and not 0.0 < self.max_false_alarms < float("inf"):
            raise UsageError(f"expected false alarms are above 0, {self.max_false_alarms} is not")


def read_answer(answer: Answer, calibration: Calibration, asked: Asked, views: int = 1) -> Answer:
    """The same matches in the same order, each with its reading; perhaps fewer.

    A reading is one of the score, whatever put the match at its rank. False alarms are counted in
    comparisons: every crop searched is one, also where only the best view of a tracklet is shown.

    Args:
        views: how many the query was made from.

    Raises:
        UsageError: so few false alarms were not measured.
    """
    statement = answer.statement
    searched = max(statement.crops_searched, 1)
    # Were one crop searched, 1 in 1 would be certainty before it was looked at.
    prior = 1.0 / max(searched, 2) if asked.prior is None else asked.prior
    min_score, kept = statement.min_score, answer.matches
    if asked.max_false_alarms is not None:
        min_score = calibration.score_for(asked.max_false_alarms, searched)
        kept = tuple(match for match in kept if match.score >= min_score)
    read = tuple(
        replace(match, reading=calibration.read(match.score, prior=prior, comparisons=searched))
        for match in kept
    )
    doubts = [MEANS.format(views)] if views > 1 else []
    if any(match.tracklet and len(match.tracklet.crop_ids) > 1 for match in read):
        doubts.append(BEST)
    if limited := sum(match.reading.limited for match in read if match.reading):
        doubts.append(LIMITED.format(limited))
    told_with = replace(
        statement,
        min_score=min_score,
        calibration=told(calibration.provenance),
        calibrated_by=calibration.provenance,
        prior=prior,
        max_false_alarms=asked.max_false_alarms,
        warnings=(*statement.warnings, *doubts),
    )
    return Answer(told_with, read)


def told(provenance: Provenance) -> str:
    """Where a calibration comes from, in half a sentence."""
    named = f": {provenance.source}" if provenance.origin is Origin.SET else ""
    return (
        f"calibrated {SOURCES[provenance.origin]}{named} ({provenance.people:,} people, "
        f"{provenance.cameras:,} cameras, {provenance.at:%Y-%m-%d})"
    )
