"""What a score means is told by the calibration, never by a fixed number."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from layouts import IMPRINT
from present_samples import CALIBRATED, NOON, READING, footage_answer, statement

from reidsearch.domain.answers import Answer
from reidsearch.domain.footage import Clock, How, SourceCoverage, SourceFacts, Span, VideoInfo
from reidsearch.output.readings import unlikely, unlikely_text
from reidsearch.output.timeline import timeline

INFO = VideoInfo("video", "mp4", "h264", None, 640, 360, 0, Fraction(1, 25), 0, 25.0, 60.0)
SOURCE = SourceCoverage(
    7,
    "ab" * 32,
    "gate.mp4",
    INFO,
    SourceFacts("gate", Clock(NOON, "name", 1.0)),
    "finished",
    Fraction(60),
    25.0,
    {},
    {},
    (Span(0, 60_000_000, How.DENSE),),
)


def drawn(score: float, probability: float | None) -> bytes:
    one = footage_answer()
    reading = None if probability is None else replace(READING, probability=probability)
    match = replace(one.matches[0], score=score, reading=reading)
    changes = {} if probability is None else CALIBRATED
    answer = Answer(statement(grouped=True, **changes), (match,))
    return timeline([SOURCE], IMPRINT, answer).render().tobytes()


def test_uncalibrated_matches_are_drawn_alike_whatever_they_score():
    assert drawn(0.9, None) == drawn(0.2, None)


def test_calibrated_ones_are_faint_by_their_probability_whatever_they_score():
    assert drawn(0.9, 0.9) == drawn(0.2, 0.9)
    assert drawn(0.9, 0.1) == drawn(0.2, 0.1)
    assert drawn(0.9, 0.1) != drawn(0.9, 0.9)


@pytest.mark.parametrize(("probability", "faint"), [(0.49, True), (0.5, False), (0.99, False)])
def test_the_border_is_an_even_chance(probability, faint):
    assert unlikely(replace(READING, probability=probability)) == faint
    assert not unlikely(None)


def test_the_legend_says_what_is_grey():
    assert unlikely_text(statement(**CALIBRATED)) == (
        "grey: probability below 50 % for a prior of 1 in 1,527"
    )
    assert unlikely_text(statement()) == "uncalibrated, so none is greyed"
