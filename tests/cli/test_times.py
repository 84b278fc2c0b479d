"""Times and durations on the command line."""

from __future__ import annotations

import datetime as dt
import json
from fractions import Fraction

import pytest

from reidsearch import Archive
from reidsearch.base.errors import UsageError
from reidsearch.cli.times import moment, parse_duration


@pytest.mark.full
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


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-05-31", "2024-05-31T00:00"),
        ("2024-05-31 14:03", "2024-05-31T14:03"),
        ("2024-05-31T14:03:00+02:00", "2024-05-31T12:03"),
        ("31.05.2024", "2024-05-31T00:00"),
        ("1.6.2024", "2024-06-01T00:00"),
        ("31.05.2024 14:03", "2024-05-31T14:03"),
        (" 31.05.2024, 9:03:30 ", "2024-05-31T09:03:30"),
        ("31.05.2024 14:03:00.5+02:00", "2024-05-31T12:03:00.500"),
        ("06.05.2024", "2024-05-06T00:00"),  # with dots the day is always first
        ("31/05/2024", "2024-05-31T00:00"),
        ("31/05/2024 14:03", "2024-05-31T14:03"),
        ("05/31/2024", "2024-05-31T00:00"),  # there is no other reading
        ("05/05/2024", "2024-05-05T00:00"),  # both readings are the same
    ],
)
def test_times_as_people_write_them(text, time):
    assert moment("--after", text, "UTC") == dt.datetime.fromisoformat(f"{time}+00:00")


def test_a_day_that_may_be_the_month_is_refused_with_both_readings():
    with pytest.raises(UsageError) as refused:
        moment("--after", "05/06/2024 14:03", "UTC")
    assert refused.value.message == ("--after: '05/06/2024 14:03' may be 2024-06-05 or 2024-05-06")


@pytest.mark.parametrize(
    "text",
    ["", "soon", "14:03", "31.02.2024", "32/05/2024", "31.05.24", "31.05/2024", "1.5.2024 x"],
)
def test_what_is_no_time_is_answered_with_the_forms(text):
    with pytest.raises(UsageError, match=r"--after: .* is no time") as refused:
        moment("--after", text, "UTC")
    for form in ("2024-05-31", "'2024-05-31 14:03'", "31.05.2024", "'31.05.2024 14:03'"):
        assert form in str(refused.value.hint)


@pytest.mark.full
def test_a_local_form_is_in_the_archives_zone_too(held):
    with Archive.open(held.archive) as archive:
        archive.timezone = "+02:00"
    asked = [
        held("query", "--crop", 9, "--after", text, "--format", "json").out
        for text in ("31.05.2024 17:00", "2024-05-31T15:00:00Z")
    ]
    first, second = ([match["crop_id"] for match in json.loads(out)["matches"]] for out in asked)
    assert first == second
    assert len(first) == 3
    ambiguous = held("query", "--crop", 9, "--after", "05/06/2024")
    assert (ambiguous.code, "2024-06-05 or 2024-05-06" in ambiguous.err) == (2, True)


def test_a_start_is_in_the_archives_zone_but_never_in_the_machines(held):
    start = "31.05.2024 14:03"
    with pytest.raises(UsageError, match=r"--start: .* names no time zone"):
        moment("--start", start, None, archive=held.archive, machine=False)
    with Archive.open(held.archive) as archive:
        archive.timezone = "+02:00"
    told = moment("--start", start, None, archive=held.archive, machine=False)
    assert told == dt.datetime(2024, 5, 31, 12, 3, tzinfo=dt.UTC)
