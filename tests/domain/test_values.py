"""Boxes, times, and the errors' exit codes."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidsearch.base import errors
from reidsearch.base.boxes import Box
from reidsearch.base.errors import Reason, Refused, ReidsearchError, UsageError
from reidsearch.base.timecode import from_us, iso, parse_time, parse_zone, to_us
from reidsearch.domain.crops import Facts
from reidsearch.domain.footage import Clock, How


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0,0,1,1", Box(0, 0, 1, 1)),
        (" 1, 2 ,30,40", Box(1, 2, 30, 40)),
        ("0.4,0.6,9.5,20.51", Box(0, 1, 10, 21)),
        ("1e1,0,2e1,5", Box(10, 0, 20, 5)),
    ],
)
def test_boxes_that_can_be_read(text, expected):
    assert Box.parse(text) == expected
    assert Box.parse(expected.text()) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "1,2,3", "1,2,3,4,5", "a,b,c,d", "nan,0,1,1", "inf,0,1,1", "0,0,1e400,5"),
        *("5,5,5,9", "5,5,9,5", "9,9,1,1", "-1,0,5,5"),
    ],
)
def test_boxes_that_are_refused(text):
    with pytest.raises(Refused) as refused:
        Box.parse(text)
    assert refused.value.reason is Reason.BAD_BOX


def test_a_box_is_never_clipped_silently():
    box = Box(10, 20, 30, 60)
    assert (box.width_px, box.height_px, box.as_list()) == (20, 40, [10, 20, 30, 60])
    box.require_inside(30, 60)
    for size in ((29, 60), (30, 59)):
        with pytest.raises(Refused, match="leaves the picture"):
            box.require_inside(*size)


@pytest.mark.parametrize(
    ("text", "zone", "form", "expected"),
    [
        ("2024-05-31T14:03:00+02:00", None, None, "2024-05-31T12:03:00Z"),
        ("2024-05-31T12:03:00Z", "Europe/Berlin", None, "2024-05-31T12:03:00Z"),
        ("2024-05-31 14:03:00.25", "Europe/Berlin", None, "2024-05-31T12:03:00.250000Z"),
        ("2024-05-31", "UTC", None, "2024-05-31T00:00:00Z"),
        ("20240531_140300", "+02:00", "%Y%m%d_%H%M%S", "2024-05-31T12:03:00Z"),
        ("1969-12-31T23:59:59Z", None, None, "1969-12-31T23:59:59Z"),
    ],
)
def test_times_that_can_be_read(text, zone, form, expected):
    assert iso(parse_time(text, parse_zone(zone) if zone else None, form)) == expected


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2024-05-31T14:03:00", None),  # without a zone: refused, not guessed
        ("31.5.2024", "UTC"),
        ("2024-02-30T00:00:00Z", None),
        ("", "UTC"),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
    ],
)
def test_times_that_are_refused(text, zone):
    with pytest.raises(Refused) as refused:
        parse_time(text, parse_zone(zone) if zone else None)
    assert refused.value.reason is Reason.BAD_TIME


@pytest.mark.parametrize("zone", ["", "Nowhere/Town", "+99:00", "+24:00", "../etc/passwd", "+2"])
def test_zones_that_are_refused(zone):
    with pytest.raises(UsageError, match="time zone"):
        parse_zone(zone)


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_microseconds_keep_every_moment(moment):
    assert from_us(to_us(moment)) == moment
    assert dt.datetime.fromisoformat(iso(moment)) == moment


def test_every_error_has_an_exit_code_of_its_own_and_a_meaning():
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, ReidsearchError) and kind is not Refused
    ]
    codes = [kind.exit_code for kind in kinds]
    assert len(set(codes)) == len(codes)
    assert all(0 < code < 256 and kind.meaning for code, kind in zip(codes, kinds, strict=True))
    assert Refused.exit_code == errors.InputError.exit_code


def test_any_corrected_fact_changes_the_digest():
    noon = dt.datetime(2024, 5, 31, 12, tzinfo=dt.UTC)
    kinds = [
        Facts(),
        Facts("gate"),
        Facts(None, noon),
        Facts(person="gate"),
        Facts(extra={"a": 1}),
        Facts(extra={"a": "1"}),
        Facts("gate", noon, "p", {"a": 1, "b": 2}),
    ]
    assert len({facts.digest() for facts in kinds}) == len(kinds)
    assert Facts(extra={"a": 1, "b": 2}).digest() == Facts(extra={"b": 2, "a": 1}).digest()


def test_older_archives_call_precomputed_detections_given():
    assert How("given") is How("precomputed") is How.PRECOMPUTED
    with pytest.raises(ValueError, match="taken"):
        How("taken")


@pytest.mark.parametrize(
    "clock",
    [
        Clock(),
        Clock(dt.datetime(2024, 5, 31, 12, 0, 0, 5, tzinfo=dt.UTC)),
        Clock(dt.datetime(2024, 5, 31, 12, tzinfo=dt.UTC), offset_s=Fraction(-7, 3)),
        Clock(dt.datetime(2024, 5, 31, 12, tzinfo=dt.UTC), drift_ppm=3.7),
        Clock(dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)),
    ],
)
def test_microseconds_of_media_time_tell_the_same_as_seconds(clock):
    for media_us in (0, 1, 333_333, 999_999, 2_000_000, 86_400_000_001):
        assert clock.at_media_us(media_us) == clock.at_us(Fraction(media_us, 1_000_000))
