"""The parts of a report that are about the method: what it is, its limits, scale, terms."""

from __future__ import annotations

import math

from reidsearch.domain.scores import Calibration, Reading
from reidsearch.output.casework.document import Facts, Section, Table, Text
from reidsearch.output.readings import one_in

SAME = "H1: the two crops show one person"
DIFFERENT = "H2: the two crops show two different people"
SCALE = (
    (0.0, "no support worth naming"),
    (math.log10(2), "weak support"),
    (1.0, "moderate support"),
    (2.0, "moderately strong support"),
    (3.0, "strong support"),
    (4.0, "very strong support"),
    (6.0, "extremely strong support"),
)
"""From which log10 likelihood ratio on which words stand for it."""
SOURCE = (
    "After the example of a verbal scale in: European Network of Forensic Science Institutes, "
    "ENFSI Guideline for Evaluative Reporting in Forensic Science, 2015. The words stand for the "
    "numbers and add nothing to them."
)


def what_this_is() -> Section:
    """Say what a report is and what it is not."""
    return Section(
        "What this report is, and what it is not",
        (
            Text(
                "This report says which pictures of people in the footage searched resemble the "
                "pictures that were searched with, as a computer model measures it, and what was "
                "decided of them by whom. It tells of similarity, not of identity: similar clothes "
                "and build give similar pictures, and a person who is not found may have been "
                "there. Whether two pictures show one person is for people to decide, with all "
                "other evidence."
            ),
        ),
    )


def words(log10_lr: float) -> str:
    """Return the step of the verbal scale for a likelihood ratio, of either proposition."""
    size = abs(log10_lr)
    step = next(told for least, told in reversed(SCALE) if size >= least)
    if size < SCALE[1][0]:
        return step
    which = "H1 (one person)" if log10_lr > 0 else "H2 (different people)"
    return f"{step} for {which} over the other"


def careful(reading: Reading) -> float:
    """Return the end of the interval that says less: 0 where it holds both directions."""
    low, high = reading.log10_lr_interval
    return low if low > 0 else high if high < 0 else 0.0


def number(log10_lr: float) -> str:
    """Return a likelihood ratio as people read it: `230`, `1 in 12`."""
    size = 10.0 ** abs(log10_lr)
    told = f"{size:,.0f}" if size >= 10 else f"{size:.1f}"
    return told if log10_lr >= 0 else f"1/{told}"


def ratio_told(reading: Reading) -> str:
    """Return a likelihood ratio with its interval and its words, which are of the careful end."""
    low, high = reading.log10_lr_interval
    told = (
        f"{number(reading.log10_lr)} (95 % interval {number(low)} to {number(high)}), {SAME}, "
        f"against {DIFFERENT}. In words, by the end of the interval that says less: "
        f"{words(careful(reading))}."
    )
    if reading.limited:
        told += " The calibration supports no statement beyond this value."
    return told


def limits(calibration: Calibration | None) -> Section:
    """Say what the method cannot do, with what was measured."""
    blocks: list[Text | Facts] = [
        Text(
            "The model compares appearance, mostly clothes, build and colours, not faces. Pictures "
            "of one person in other clothes, from another side or in other light can score low; "
            "different people in similar clothes can score high."
        ),
        Text(
            "Only people whom the detector found are in the archive. Who was hidden, too small, "
            "out of the picture, or in footage that was not supplied cannot be found, and the "
            "absence of a match is no sign of absence."
        ),
        Text(
            "Times follow from the recorders' clocks and the corrections named here. The "
            "uncertainty told beside a time is what was recorded for its source; where none is "
            "known, that is said."
        ),
    ]
    if calibration is None:
        blocks.append(
            Text(
                "The archive has no calibration made from labelled footage of its own or from a "
                "labelled set. A score is then a similarity between -1 and 1 without a known "
                "error rate, and no likelihood ratio is told."
            )
        )
        return Section("Limits of the method", tuple(blocks))
    made, sound = calibration.provenance, calibration.soundness
    rows = (
        ("Made from", f"{made.source} ({made.origin.value})"),
        (
            "Compared",
            f"{made.people:,} people, {made.cameras:,} cameras, {made.crops:,} crops; "
            f"{made.same_pairs:,} pairs of one person, {made.different_pairs:,} of different "
            "people, all of different cameras",
        ),
        (
            "Cost (Cllr)",
            f"{sound.cllr:.3f} bits; 0 is perfect, 1 says nothing. Best possible with these "
            f"scores: {sound.cllr_min:.3f}. Measured over people left out in turn",
        ),
        ("Calibration error", f"{sound.ece:.3f} at a prior of 1/2"),
        ("Lowest rate", f"{one_in(calibration.floor)} false alarms; a lower one was not measured"),
        ("Range of scores", f"{calibration.lowest:.3f} to {calibration.highest:.3f}"),
    )
    blocks += [
        Text("What the calibration of this archive was measured to do:"),
        Facts(rows),
    ]
    return Section("Limits of the method", tuple(blocks))


def appendix() -> Section:
    """Return the verbal scale, the terms, and how a report can be verified."""
    return Section(
        "Appendix: scale, terms, verification",
        (
            Text(
                "A likelihood ratio says how many times more probable a score is if H1 is true "
                "than if H2 is true. It is not the probability of H1. Below 1 the same words "
                "stand for 1 divided by it, and for H2."
            ),
            Table(
                ("Likelihood ratio", "In words"),
                tuple(
                    (f"{_value(least)} to {_value(SCALE[place + 1][0])}", told)
                    if place + 1 < len(SCALE)
                    else (f"{_value(least)} and more", told)
                    for place, (least, told) in enumerate(SCALE)
                ),
                (1, 2),
            ),
            Text(SOURCE),
            Facts(
                (
                    ("Crop", "the part of a picture or frame that shows one detected person"),
                    ("Tracklet", "detections of a person in one camera without interruption"),
                    ("Score", "similarity of two crops by the model, from -1 to 1"),
                    ("Rank", "place of a match, the best score first"),
                    ("Identity", "a name under which people put crops that they decided on"),
                    ("Recorder time", "what the recorder said, before any correction"),
                )
            ),
            Text(
                "To verify: the SHA-256 of this file stands in the event log of the archive "
                "(entry export). The PDF holds the same content as JSON (report.json, attached); "
                "the digests of sources, pictures and model in it can be compared with the files. "
                "The command reidsearch log verify proves the event log."
            ),
        ),
    )


def _value(log10_lr: float) -> str:
    return f"{10.0**log10_lr:,.0f}"
