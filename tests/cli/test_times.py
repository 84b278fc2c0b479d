"""Times and durations on the command line."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from reidsearch import Archive
from reidsearch.cli.times import parse_duration


@pytest.mark.parametrize(("zone", "found"), [("+02:00", 3), ("UTC", 1)])
def test_local_times_are_in_the_archives_zone(held, zone, found):
    with Archive.open(held.archive) as archive:
        assert archive.timezone is None
        archive.timezone = zone
    ran = held("query", "--crop", 9, "--after", "2024-05-31 17:00", "--format", "json")
    assert len(json.loads(ran.out)["matches"]) == found
    shown = held("query", "--crop", 9, "--after", "2024-05-31 17:00").out
    assert f"from 2024-05-31 17:00:00 UTC{zone if zone != 'UTC' else ''}" in shown


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("2h", 7200), ("-1:13:00", -4380), ("1:15.5", Fraction(151, 2))],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "1:99", "soon", "1 2", "h", "nan"])
def test_what_is_no_duration(text):
    assert parse_duration(text) is None
