"""Hours of the day: how they are written, and what is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from reidsearch.base.errors import UsageError
from reidsearch.base.time_of_day import TimeOfDay, offsets
from reidsearch.base.timecode import to_us


@pytest.mark.parametrize(
    ("text", "told", "hours"),
    [
        ("08:30-17:00", "08:30-17:00", 8.5),
        ("8:30 - 17:00", "08:30-17:00", 8.5),
        ("22:00-06:00", "22:00-06:00", 8.0),
        ("22:00-24:00", "22:00-00:00", 2.0),
        ("00:00\u201323:59", "00:00-23:59", 23 + 59 / 60),
    ],
)
def test_hours_are_read(text: str, told: str, hours: float) -> None:
    read = TimeOfDay.read(text, "Europe/Berlin")
    assert read.text == told
    assert read.length_us == pytest.approx(hours * 3600e6)
    assert TimeOfDay.read(read.text, "Europe/Berlin") == read


@pytest.mark.parametrize(
    "text", ["", "8-17", "24:00-06:00", "08:60-09:00", "08:00-24:01", "08:00", "08:00-08:00",
             "00:00-24:00", "-08:00-09:00", "08:00-09:00-10:00", "\u0661\u0662:00-13:00x"],
)  # fmt: skip
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        TimeOfDay.read(text)


def test_years_that_no_clock_knows_cost_nothing() -> None:
    first, last = (
        to_us(end.replace(tzinfo=dt.UTC))
        for end in (dt.datetime.min, dt.datetime.max)  # noqa: DTZ901
    )
    assert offsets(dt.UTC, first, last) == [(0, 0)]
    assert offsets(dt.UTC, last, last)[0][1] == 0
    assert offsets(None, 0, 0)[0][0] == 0
