"""Local times that happened never, once or twice, and how exactly a text tells its time."""

import datetime as dt

import pytest

from reidsearch.base.errors import Refused
from reidsearch.base.timecode import parse_time, parse_zone, read_time

BERLIN = parse_zone("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "uncertainty_s"),
    [
        ("2024-05-31T14:03:00", 1),
        ("2024-05-31T14:03", 30),
        ("20240531T1403", 30),
        ("2024-05-31T14:03+02:00", 30),
        ("2024-05-31T14", 1800),
        ("2024-05-31T14:03:00.25", 0.01),
        ("2024-05-31T14:03:00.123456", 0.001),
        ("2024-10-27T02:30:00", 3601),
        ("2024-10-27T02:30", 3630),
        ("2024-10-27T02:30:00+01:00", 1),
    ],
)
def test_how_exactly_a_text_tells_its_time(text, uncertainty_s):
    assert read_time(text, BERLIN).uncertainty_s == pytest.approx(uncertainty_s)


def test_the_earlier_of_two_is_taken_and_it_is_said():
    read = read_time("2024-10-27T02:30:00", BERLIN)
    assert (read.time, read.repeated) == (dt.datetime(2024, 10, 27, 0, 30, tzinfo=dt.UTC), True)
    half = read_time("2024-04-07T01:45:00", parse_zone("Australia/Lord_Howe"))
    assert (half.uncertainty_s, half.repeated) == (1801, True), "the clock goes back half an hour"


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (read_time, "2024-03-31T02:30:00", "did not happen"),
        (parse_time, "2024-03-31T02:30:00", "did not happen"),
        (parse_time, "2024-10-27T02:30:00", "happened twice"),
        (read_time, "2024-05-31", "no time of day"),
    ],
)
def test_what_no_clock_showed_or_showed_twice_is_refused(read, text, said):
    with pytest.raises(Refused, match=said):
        read(text, BERLIN)


@pytest.mark.parametrize(
    ("form", "text", "uncertainty_s"),
    [("%d.%m.%Y %H.%M", "31.05.2024 14.03", 30), ("%d.%m.%Y %Hh", "31.05.2024 14h", 1800)],
)
def test_a_form_tells_how_exact_it_is(form, text, uncertainty_s):
    assert read_time(text, BERLIN, form).uncertainty_s == uncertainty_s
