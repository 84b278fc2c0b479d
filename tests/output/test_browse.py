"""A list without a query in words and on sheets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from browse_samples import page
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import IMPRINT, grey, require_apart, signed, words

from reidsearch.domain.browsing import BrowseRequest, Sort
from reidsearch.output.browse import browse_told, shown_told
from reidsearch.output.pages.browse import browse_shown
from reidsearch.output.sheet import contact_sheets


def test_it_says_what_passed_and_what_is_missing() -> None:
    told = " ".join(browse_told(page().statement))
    for sentence in (
        "2 of 608 tracklets in the archive pass",
        "Filters: camera gate; with backpack.",
        "Only seen for 2.0 s or longer.",
        "3 tracklets have no known time and were excluded by the time filter.",
        "1 tracklet has no known camera and was excluded by the camera filter.",
        "2 tracklets have no recorded attributes and were excluded",
        "Attributes are estimated by a model",
        "1 input failed",
        "1 index run was interrupted",
    ):
        assert sentence in told, told


@pytest.mark.parametrize("sort", Sort)
def test_the_order_is_told_both_ways(sort: Sort) -> None:
    whole = page()
    asked = whole.statement.request
    told = set()
    for reverse in (False, True):
        request = BrowseRequest(asked.filters, sort=sort, reverse=reverse)
        part = replace(whole, items=whole.items[:1])
        told.add(shown_told(replace(part, statement=replace(part.statement, request=request))))
    assert len(told) == 2
    assert all(one.startswith("1 of 2 tracklets, ") for one in told)


def test_nobody_is_no_proof_of_absence() -> None:
    empty = replace(page(), items=())
    empty = replace(empty, statement=replace(empty.statement, items_passed=0))
    assert "does not mean that nobody was there" in shown_told(empty)
    (drawing,) = contact_sheets(browse_shown(empty), lambda _: grey(), IMPRINT)
    assert "does not mean" in words(drawing)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


@pytest.mark.full
@settings(max_examples=25, deadline=None)
@given(camera=TEXTS.filter(lambda text: bool(text.strip())), name=TEXTS, location=TEXTS)
def test_no_text_meets_another_whatever_names_are(camera: str, name: str, location: str) -> None:
    shown = browse_shown(page(camera=camera, name=name, location=location))
    (drawing,) = contact_sheets(shown, lambda _: grey(), IMPRINT)
    require_apart(drawing)
    assert signed(drawing)


def test_a_card_says_what_is_known_of_its_item() -> None:
    (drawing,) = contact_sheets(browse_shown(page()), lambda _: grey(), IMPRINT)
    told = words(drawing)
    for text in ("tracklet 4", "0.93", "camera gate", "backpack 0.93 (2 of 3 crops)", "anna",
                 "crop 9", "camera unknown", "time unknown", "128 px tall"):  # fmt: skip
        assert text in told, told
