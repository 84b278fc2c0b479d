"""Views of a person in an address."""

from __future__ import annotations

from fractions import Fraction

import pytest

from reidsearch.base.boxes import Box
from reidsearch.base.errors import ReidsearchError
from reidsearch.domain.query_views import QueryView

SHA = "ab" * 32


@pytest.mark.parametrize(
    ("text", "view"),
    [
        (SHA, QueryView(sha256=SHA)),
        (f"{SHA}:2", QueryView(sha256=SHA, who=2)),
        (f"{SHA}:1,2,30,40", QueryView(sha256=SHA, who=Box(1, 2, 30, 40))),
        (f"{SHA}:whole", QueryView(sha256=SHA, whole=True)),
    ],
)
def test_a_picture_is_read_as_it_is_written(text, view):
    assert QueryView.picture(text) == view
    assert view.text == text


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("3@15.5", QueryView(source_id=3, media_s=Fraction(31, 2))),
        ("3@15:2", QueryView(source_id=3, media_s=Fraction(15), who=2)),
        ("3@0.25:1,2,3,4", QueryView(source_id=3, media_s=Fraction(1, 4), who=Box(1, 2, 3, 4))),
    ],
)
def test_a_frame_is_read_as_it_is_written(text, view):
    assert QueryView.frame(text) == view
    assert view.text == text


def test_a_moment_far_into_a_source_is_told_to_its_last_digit():
    text = "3@86399.9999"
    assert QueryView.frame(text).text == text


@pytest.mark.parametrize(
    "text",
    ["", "x", SHA[:-1], SHA.upper(), f"{SHA}:0", f"{SHA}:-1", f"{SHA}:1,2,3", f"{SHA}:4,2,3,9"],
)
def test_what_names_no_picture_is_refused(text):
    with pytest.raises(ReidsearchError):
        QueryView.picture(text)


@pytest.mark.parametrize("text", ["", "3", "3@", "@1", "3@-1", "3@1e9", "3@1:whole", "x@1"])
def test_what_names_no_frame_is_refused(text):
    with pytest.raises(ReidsearchError):
        QueryView.frame(text)
