"""Numbers as they are written, without rounding."""

from __future__ import annotations

import re
from fractions import Fraction

LONGEST = 100  # characters
# `1e999999999` would be written out in digits, which takes hours and cannot be interrupted.
_LARGE_EXPONENT = re.compile(r"[eE][+-]?[\d_]{3,}")


def exact(text: str) -> Fraction:
    """Read a number such as 12.5, 1e-3 or 30000/1001.

    Raises:
        ValueError: it is none, or larger or longer than any that is meant.
        ZeroDivisionError: it is divided by zero.
    """
    if len(text) > LONGEST or _LARGE_EXPONENT.search(text):
        raise ValueError(f"{text[:LONGEST]} is no number of a usual size")
    return Fraction(text)
