"""Numbers as they are written; what would take hours to write out is none."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from reidsearch.base.exact import exact


@pytest.mark.parametrize(
    ("text", "number"), [("12.5", Fraction(25, 2)), ("1e-3", Fraction(1, 1000)), ("30/1001", None)]
)
def test_numbers(text, number):
    assert exact(text) == (Fraction(text) if number is None else number)


@pytest.mark.parametrize(
    "text", ["1e999999999", "1E-999999999", "1e1_000_000", "9" * 5000, "x", "inf"]
)
def test_none_takes_long(text):
    began = time.monotonic()
    with pytest.raises(ValueError):  # noqa: PT011
        exact(text)
    assert time.monotonic() - began < 1
