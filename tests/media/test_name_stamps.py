"""What follows a time stamp in a name is understood, or refused and said; never passed over."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from reidsearch.base.timecode import parse_zone
from reidsearch.domain.footage import Clock
from reidsearch.media.naming.source_facts import SourceNaming

BERLIN = parse_zone("Europe/Berlin")
NOON_3 = dt.datetime(2024, 5, 31, 12, 3, tzinfo=dt.UTC)  # 14:03 in Berlin


def named(name: str, **naming):
    return SourceNaming(**{"recorder": "auto", "zone": BERLIN, **naming}).facts(f"/f/{name}")


@pytest.mark.parametrize(
    ("name", "camera", "hours_before", "uncertainty_s"),
    [
        # start and end: the start counts, and no camera holds a time
        ("gate_20240531140300_20240531143300.mp4", "gate", 0, 1),
        ("gate_20240531_140300-20240531_143300.mp4", "gate", 0, 1),
        ("gate_20240531_140300_to_20240531_143300.mp4", "gate", 0, 1),
        ("Cam1 - 2024-05-31 14.03.00 - 2024-05-31 14.33.00.mkv", "Cam1", 0, 1),
        ("gate_20240531_140300_143300.mp4", "gate", 0, 1),
        # the clocks were put back while it ran
        ("gate_2024-05-31T14-03-00+0200_2024-05-31T13-33-00+0100.mp4", "gate", 0, 1),
        ("gate_2024-05-31T14-03-00-04:00_2024-05-31T13-33-00-05:00.mp4", "gate", -6, 1),
        ("20240531140300_20240531143300_gate.mp4", None, 0, 1),
        # a zone
        ("gate_20240531_140300Z.mp4", "gate", -2, 1),
        ("gate_20240531T140300Z_20240531T143300Z.mp4", "gate", -2, 1),
        ("gate_20240531_140300_20240531_143300Z.mp4", "gate", -2, 1),
        ("gate_20240531_140300_UTC.mp4", "gate", -2, 1),
        ("gate_20240531_140300+0900.mp4", "gate", 7, 1),
        ("gate_20240531_140300_+0900.mp4", "gate", 7, 1),
        ("gate_2024-05-31T14-03-00+05-30.mp4", "gate", 3.5, 1),
        ("gate_2024-05-31T14:03:00+09:00.mp4", "gate", 7, 1),
        ("gate_2024-05-31T14:03:00-05:00.mp4", "gate", -7, 1),
        ("gate_20240531_140300_GMT+3.mp4", "gate", 1, 1),
        ("gate_20240531_140300 (UTC-3).mp4", "gate", -5, 1),
        ("gate_20240531_140300_CET.mp4", "gate", -1, 1),
        # the half of the day
        ("gate_20240531_020300PM.mp4", "gate", 0, 1),
        ("gate_2024-05-31_02-03-00_pm.mp4", "gate", 0, 1),
        ("gate_2024-05-31 2.03.00 PM.mp4", "gate", 0, 1),
        ("gate_2024-05-31 2.03.00 AM.mp4", "gate", 12, 1),
        ("Front Door - 5-31-2024, 2.03.00pm.mp4", "Front Door", 0, 1),
        (
            "Front Door 5-31-2024, 14.03.00 GMT+2 - 5-31-2024, 14.33.00 GMT+2.mp4",
            "Front Door",
            0,
            1,
        ),
        # seconds since 1970: they tell the zone too
        ("gate_1717156980000.mp4", "gate", 0, 0.001),
        ("1717156980000.mp4", None, 0, 0.001),
        ("gate-20240531-140300-1717156980.mp4", "gate", 0, 1),
        ("gate_20240531_190300-1717156980.mp4", "gate", 0, 1),
        # fractions, or numbers that may be some: the second holds either way
        ("gate_20240531140300000.mp4", "gate", 0, 0.001),
        ("gate_2024-05-31T14-03-00.000.mp4", "gate", 0, 0.001),
        ("gate_20240531_140300_123.mp4", "gate", 0, 1),
        ("Camera 1_2024-05-31_14h03min00s000ms.asf", "Camera 1", 0, 0.001),
        # minutes only
        ("gate_20240531_1403.mp4", "gate", 0, 30),
        ("gate_2024-05-31_14-03.mp4", "gate", 0, 30),
        ("record/20240531/14/03.mp4", None, 0, 30),
        # words and counters that change nothing
        ("gate_20240531_140300 (1).mp4", "gate", 0, 1),
        ("gate_20240531_140300-0001.mp4", "gate", 0, 1),
        ("gate_20240531_140300_motion.mp4", "gate", 0, 1),
        ("VID20240531140300.mp4", None, 0, 1),
        ("20240531_140300_NF.mp4", "F", 0, 1),
        ("NO20240531-140300-000001F.mp4", "F", 0, 1),
        ("RecS02_DST20240531_140300_140332_2B14808_32F1DF.mp4", None, 0, 1),
        ("NVR_ch1_main_20240531140300_20240531143300.dav", "NVR_ch1", 0, 1),
    ],
)
def test_what_follows_is_understood(name, camera, hours_before, uncertainty_s):
    told = named(name).facts
    assert told.camera == camera
    assert told.clock.start == NOON_3 - dt.timedelta(hours=hours_before)
    assert told.clock.uncertainty_s == uncertainty_s
    assert told.warnings == ()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gate_20240531_140300_EST.mp4", "EST"),
        ("gate_20240531_140300-0500.mp4", "a zone or a number"),
        ("gate_20240531_140300\u22120500.mp4", "a zone or a number"),
        ("gate_20240531_140300Zulu.mp4", "Zulu"),
        ("gate_20240531_140300_Winterzeit.mp4", "Winterzeit"),
        ("gate_20240531_020300\u4e0b\u5348.mp4", "\u4e0b\u5348"),
        ("gate_UTC_20240531_140300.mp4", "UTC before its time"),
        ("gate_PM_2024-05-31_02-03-00.mp4", "PM before its time"),
        ("gate_2024-05-31T14-03-00-05-00.mp4", "a zone or a number"),
        ("gate_20240531_140300+2500.mp4", "no zone"),
        ("gate_20240531_140300PM.mp4", "PM"),
        ("gate_20240531_020300_20240531_023300PM.mp4", "not of"),
        ("gate_20240531_140300_AM.mp4", "AM"),
        ("gate_2024053114030012.mp4", "'12'"),
        ("gate_20240531143300_20240531140300.mp4", "earlier"),
        ("gate_20240531_140300_1700000000.mp4", "two times"),
        ("gate_20240231_140300.mp4", "no time"),
        ("WhatsApp Video 2024-05-31 at 14.03.00.mp4", "messenger"),
        ("VID-20240531-WA0001.mp4", "messenger"),
        ("gate_1717156980.mp4", "no known recorder"),
        ("gate_2024-05-31.mp4", "no known recorder"),
    ],
)
def test_what_is_not_understood_is_no_time_and_is_said(name, said):
    told = named(name).facts
    assert told.clock == Clock()
    assert any(said in warning for warning in told.warnings)


def test_ten_digits_are_a_time_for_who_says_so():
    assert named("gate_1717156980.mp4", recorder="epoch").facts.clock.start == NOON_3


@pytest.mark.parametrize(
    ("pattern", "time_format", "name", "start"),
    [
        (r"gate_(?P<time>\d{14})", None, "gate_20240531140300Z.mp4", 14),
        (r"(?P<camera>[a-z]+)_(?P<time>\d{8}_\d{6})", None, "gate_20240531_140300+0900.mp4", 5),
        (r"gate_(?P<time>[\d.-]+)", "%d.%m.%Y-%H.%M.%S", "gate_31.05.2024-14.03.00.mp4", None),
        (r"gate_(?P<time>[\d.]+-\d{6})", "%d.%m.%Y-%H%M%S", "gate_31.05.2024-020300 PM.mp4", 12),
        (r"(?P<camera>[a-z]+)_(?P<epoch>\d+)", None, "gate_1717156980.mp4", 12),
    ],
)  # fmt: skip
def test_what_follows_is_read_for_a_pattern_of_ones_own_too(pattern, time_format, name, start):
    naming = {"recorder": None, "pattern": re.compile(pattern), "time_format": time_format}
    told = named(name, **naming).facts
    if start is None:  # the pattern took the dot before the ending: no such time
        assert told.clock == Clock()
        assert told.warnings
    else:
        assert told.clock.start == NOON_3.replace(hour=start)


def test_a_greedy_pattern_does_not_make_a_camera_of_every_file():
    greedy = re.compile(r"(?P<camera>[^/]+)_(?P<time>\d{14})")
    told = named("gate_20240531140300_20240531143300.mp4", recorder=None, pattern=greedy).facts
    assert (told.camera, told.clock) == (None, Clock())
    assert "holds a time" in told.warnings[0]


@pytest.mark.parametrize("form", ["%Y%m%d %Z", "%d.%m.%Y %H:%M %p"])
def test_a_form_that_would_lose_what_it_reads_is_refused(form):
    pattern = re.compile(r"(?P<time>.+)\.mp4")
    told = named("20240531.mp4", recorder=None, pattern=pattern, time_format=form).facts
    assert told.clock == Clock()
    assert "loses what it reads" in told.warnings[0]


def test_warnings_go_when_their_cause_does():
    told = named("gate_20240531_140300.mp4", zone=None).facts
    assert any("without a time zone" in warning for warning in told.warnings)
    from dataclasses import replace

    assert replace(told, clock=Clock(NOON_3, "hand", 1.0)).warnings == ()
    assert replace(told, camera=None).warnings == told.warnings
