"""An explanation for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from reidsearch.domain.answer_json import (
    adjusted_json,
    crop_facts_json,
    model_json,
    origin_json,
    reading_json,
)
from reidsearch.domain.explanation import Explanation, Neighbour, Observed
from reidsearch.output.columns import Column, FittedTable
from reidsearch.output.query_origins import origin_sentences
from reidsearch.output.readings import chance, false_alarms, one_in, probability, ratio, times
from reidsearch.output.statement import OWN_TEXTS, adjusted_sentence
from reidsearch.output.visible import count, visible

SCHEMA = "reidsearch/explanation/1"
LIMITS = (
    "A fall is how much lower the score is with that stripe in the picture's mean colour. It says "
    "what the model looked at, not what is there; a masked picture is like none that the model "
    "was trained on, falls do not add up, and a large fall is no proof that the part matches."
)


def sentences(told: Explanation) -> list[str]:
    """The score's place, the most important first; the same in text and picture."""
    said = [
        f"Score {told.score:.3f} of crop {told.match.crop_id} for {visible(told.query)}.",
        *origin_sentences([told.origin], ""),
        f"Embedding of the query picture, not adjusted: SHA-256 {told.origin.embedding_sha256}.",
    ]
    if told.own is not None:
        said.append(f"It is marked own, so no finding: {OWN_TEXTS[told.own]}.")
    said.append(adjusted_sentence(told.adjusted))
    if told.reading is None or told.same_below is None:
        said.append(f"Scores are {visible(told.status)}: no probability can be given.")
    else:
        read = told.reading
        said.append(
            f"{visible(told.status[0].upper() + told.status[1:])}: log10 likelihood ratio "
            f"{ratio(read.log10_lr)}, {times(read.log10_lr)}; probability "
            f"{probability(read)} for a prior of 1 in the stored crops."
        )
        below = "below " if read.at_most else ""
        said.append(
            f"Of pairs of different people {below}{one_in(read.false_alarm_rate)} score this "
            f"or higher: {false_alarms(read)} false alarms are expected among the stored crops. Of "
            f"same-person pairs {chance(told.same_below)} score lower."
        )
    said += [_place(one) for one in told.observed]
    if not told.observed:
        said.append(
            "No crops in this archive are known to show different people, so the score cannot be "
            "compared with such pairs."
        )
    return said


def _place(one: Observed) -> str:
    return (
        f"Of {count(len(one.scores), 'pair')} of {one.how} in this archive, "
        f"{one.at_or_above or 'none'} {'reach' if one.at_or_above != 1 else 'reaches'} this score."
    )


def explanation_view(told: Explanation) -> RenderableType:
    """Stripes, the nearest others, and the sentences."""
    stripes = FittedTable(
        [
            Column(
                "stripe of height",
                [f"{100 * one.top:.0f} to {100 * one.bottom:.0f} %" for one in told.stripes],
                0,
            ),
            _falls("fall, query masked", [one.query_fall for one in told.stripes]),
            _falls("fall, match masked", [one.match_fall for one in told.stripes]),
        ]
    )
    return Group(
        *(Text(line) for line in sentences(told)),
        Text(),
        stripes,
        Text(LIMITS, style="dim"),
        Text(),
        _nearest(told),
    )


def _falls(title: str, falls: Sequence[float]) -> Column:
    return Column(title, [f"{fall:+.3f}" for fall in falls], 0, right=True)


def _nearest(told: Explanation) -> FittedTable:
    sides = (("query", told.near_query), ("match", told.near_match))
    near = [(side, other) for side, others in sides for other in others]
    crops = [other.crop for _, other in near]
    return FittedTable(
        [
            Column("nearest to", [side for side, _ in near], 1),
            Column("score", [f"{other.score:.3f}" for _, other in near], 0, right=True),
            Column("crop", [str(crop.crop_id) for crop in crops], 0, right=True),
            Column("camera", [visible(crop.facts.camera or "-") for crop in crops], 0),
            Column("person", [visible(crop.facts.person or "-") for crop in crops], 3),
            Column(
                "another person?", [visible(known(other)) for _, other in near], 2, wrapped=True
            ),
        ]
    )


def known(other: Neighbour) -> str:
    """Why somebody is another person, or that nobody knows."""
    return f"yes: {other.known}" if other.known else "not known"


def explanation_json(told: Explanation) -> dict[str, Any]:
    """An explanation; numbers as in an answer."""
    return {
        "schema": SCHEMA,
        "query": told.query,
        "query_picture": origin_json(told.origin),
        "match": crop_facts_json(told.match),
        "model": model_json(told.model),
        "score": told.score,
        "score_of_pictures": told.score_of_pictures,
        "own": told.own is not None,
        "own_by": told.own,
        "adjusted": adjusted_json(told.adjusted),
        "calibration": told.status,
        "reading": reading_json(told.reading) if told.reading else None,
        "same_below": told.same_below,
        "stripes": [
            {
                "top": one.top,
                "bottom": one.bottom,
                "query_fall": one.query_fall,
                "match_fall": one.match_fall,
            }
            for one in told.stripes
        ],
        "near_query": [_near(one) for one in told.near_query],
        "near_match": [_near(one) for one in told.near_match],
        "observed": [
            {"how": one.how, "pairs": len(one.scores), "at_or_above": one.at_or_above}
            for one in told.observed
        ],
    }


def _near(one: Neighbour) -> dict[str, Any]:
    return {"score": one.score, **crop_facts_json(one.crop), "known": one.known or None}
