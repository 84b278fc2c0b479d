"""Transit times: cameras against cameras, and what each time rests on."""

from __future__ import annotations

from typing import Any

from reidsearch.domain.transit_times import FEWEST_JOURNEYS, TransitModel
from reidsearch.output.transit import indirect_text, median_between, take_text, transit_sentences
from reidsearch.output.transit_picture import shade_of
from reidsearch.output.visible import duration
from reidsearch.web.api import transit as api
from reidsearch.web.call import Call
from reidsearch.web.declared import Nothing, Page, Values


def transit(call: Call, _: Nothing) -> Values:
    """Return what the page shows."""
    model = api.model_of(call)
    return {
        "cameras": model.cameras,
        "rows": [
            {"camera": first, "cells": [_cell(model, first, second) for second in model.cameras]}
            for first in model.cameras
        ],
        "pairs": [
            {
                "first": first,
                "second": second,
                "median": duration(one.median_s),
                "between": median_between(one),
                "take": take_text(one),
                "indirect": indirect_text(one),
                "journeys": one.journeys,
                "people": one.people,
                "doubt": f"{one.doubt_s:g} s",
            }
            for (first, second), one in model.times.items()
        ],
        "counted": any(model.counts.values()),
        "least": FEWEST_JOURNEYS,
        "sentences": transit_sentences(model),
    }


def _cell(model: TransitModel, first: str, second: str) -> dict[str, Any]:
    journeys, time = model.counts.get((first, second), 0), model.times.get((first, second))
    if time is None:
        return {"journeys": journeys, "median": None}
    return {
        "journeys": journeys,
        "median": duration(time.median_s),
        "take": take_text(time),
        "shade": shade_of(journeys),
    }


PAGES = (Page("/transit", transit, "transit.html"),)
