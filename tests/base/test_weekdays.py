"""Days of the week as they are written."""

from __future__ import annotations

import pytest

from reidsearch.base.errors import UsageError
from reidsearch.base.weekdays import Weekdays


@pytest.mark.parametrize(
    ("text", "days", "told"),
    [
        ("mon-fri", (0, 1, 2, 3, 4), "mon-fri"),
        ("sat,sun", (5, 6), "sat,sun"),
        ("sun", (6,), "sun"),
        ("fri-mon", (0, 4, 5, 6), "mon,fri-sun"),
        ("Wed, Monday", (0, 2), "mon,wed"),
        ("mon-wed,tue-thu", (0, 1, 2, 3), "mon-thu"),
    ],
)
def test_days_and_stretches_of_days(text, days, told):
    read = Weekdays.read(text)
    assert (read.days, read.text) == (days, told)
    assert Weekdays.read(read.text) == read


@pytest.mark.parametrize("text", ["", "mo", "mon-", "mon-sun", "mon;tue", "1-5", "mon-tue-wed"])
def test_what_is_no_choice_of_days(text):
    with pytest.raises(UsageError):
        Weekdays.read(text)
