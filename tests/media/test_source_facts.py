"""Camera and start of footage: recorders' names, source lists, zones; unknown stays unknown."""

import datetime as dt
import re
from fractions import Fraction

import pytest

from reidsearch.base.errors import InputError, UsageError
from reidsearch.base.timecode import parse_zone
from reidsearch.domain.footage import Clock, SourceFacts, VideoInfo
from reidsearch.media.naming.recorders import RECORDERS
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.naming.source_list import read_source_list
from reidsearch.media.naming.stamps import stamp_of
from reidsearch.output.hints import advice

NOON = dt.datetime(2024, 5, 31, 12, tzinfo=dt.UTC)
BERLIN = parse_zone("Europe/Berlin")


NAMELESS = {"pixel", "phone", "reolink-card", "motion-default", "wyze", "yi", "xiaomi", "unnamed"}


def facts(location, **naming):
    return SourceNaming(**naming).facts(location).facts


@pytest.mark.parametrize("one", RECORDERS, ids=lambda one: one.name)
def test_every_recorder_reads_its_own_example(one):
    match = one.pattern.search(one.example)
    stamp = stamp_of(match)
    hour = 12 if stamp.zone is dt.UTC else 14  # seconds since 1970 are in UTC
    assert f"{stamp.local:%Y-%m-%d %H:%M:%S}" == f"2024-05-31 {hour}:03:00"
    told = facts(f"/footage/{one.example}", recorder=one.name, zone=BERLIN)
    hour = 14 if one.utc and stamp.zone is None else 12
    assert told.clock.start.replace(microsecond=0) == NOON.replace(hour=hour, minute=3)
    assert told.clock.origin == "name"
    assert told == facts(f"/footage/{one.example}", recorder="auto", zone=BERLIN)
    assert (told.camera is None) == (one.name in NAMELESS)


@pytest.mark.parametrize(
    ("path", "camera", "time"),
    [
        ("/f/ch01_20240531140300.mp4", "ch01", "14:03:00"),
        ("/f/2024-05-31/14/gate/03.00.mp4", "gate", "14:03:00"),
        ("/f/Gate_00_20240531140300.mp4", "Gate", "14:03:00"),
        ("/f/entrance_20240531_090000.mp4", "entrance", "09:00:00"),
        ("/f/gate_2024-05-31T14-03-00.mp4", "gate", "14:03:00"),
    ],
)
def test_auto_takes_what_all_that_match_agree_on(path, camera, time):
    told = facts(path, recorder="auto", zone=dt.UTC)
    assert (told.camera, f"{told.clock.start:%H:%M:%S}") == (camera, time)


@pytest.mark.parametrize("name", ["film.mp4", "gate.mp4", "20241399_990000.mp4", "99999999999.mp4"])
def test_names_that_tell_nothing_tell_nothing(name):
    told = SourceNaming(recorder="auto", zone=dt.UTC).facts(f"/footage/{name}")
    assert told.facts == SourceFacts()
    assert told.notes


def test_a_time_without_a_zone_is_no_time():
    told = SourceNaming(recorder="auto").facts("/f/gate_20240531_140300.mp4")
    assert told.facts == SourceFacts("gate", Clock())
    assert "give the time zone" in told.notes[0]


def test_a_time_that_the_clock_change_repeats_or_leaves_out():
    naming = SourceNaming(recorder="plain", zone=BERLIN)
    twice = naming.facts("/f/gate_20241027_023000.mp4")
    assert twice.facts.clock.start == dt.datetime(2024, 10, 27, 0, 30, tzinfo=dt.UTC)
    assert twice.facts.clock.uncertainty_s == 3601
    never = naming.facts("/f/gate_20240331_023000.mp4")
    assert never.facts.clock == Clock()
    assert "left it out" in never.notes[0]


def test_a_pattern_of_ones_own():
    split = re.compile(r"(?P<camera>\w+)/(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)T(?P<hour>\d\d)"
                       r"(?P<minute>\d\d)(?P<second>\d\d)")  # fmt: skip
    assert facts("/f/gate/20240531T120000.mp4", pattern=split, zone=dt.UTC) == SourceFacts(
        "gate", Clock(NOON, "name", 1.0)
    )
    whole = re.compile(r"(?P<camera>\w+)_(?P<time>[\d:TZ-]+)\.")
    assert facts("/f/gate_2024-05-31T12:00:00Z.mp4", pattern=whole).clock.start == NOON
    told = SourceNaming(pattern=whole).facts("/f/other.mp4")
    assert "does not match" in told.notes[0]


def test_options_are_for_what_nothing_else_tells():
    naming = {"camera": "yard", "start": NOON, "recorder": "auto", "zone": dt.UTC}
    assert facts("/f/film.mp4", **naming) == SourceFacts("yard", Clock(NOON, "option", 1.0))
    assert facts("/f/gate_20240531_140300.mp4", **naming).camera == "gate"


def test_the_container_is_trusted_only_when_told_to():
    info = VideoInfo("video", "mov", "h264", None, 1, 1, 0, Fraction(1, 25), 0, None, None, NOON)
    assert SourceNaming().facts("/f/a.mp4", info).facts.clock == Clock()
    told = SourceNaming(container_time=True).facts("/f/a.mp4", info)
    assert told.facts.clock == Clock(NOON, "container", None)
    assert "creation time" in told.notes[0]


def test_a_recorder_that_does_not_exist_or_beside_a_pattern():
    with pytest.raises(UsageError, match="nosuch"):
        SourceNaming(recorder="nosuch")
    with pytest.raises(UsageError, match="not both"):
        SourceNaming(recorder="auto", pattern=re.compile("x"))


CSV = """path,camera,start,timezone,offset_s,drift_ppm,uncertainty_s,detections
a.mp4,gate,2024-05-31T14:00:00,Europe/Berlin,-2.5,12,0.2,a.txt
sub/*.mkv,yard,,,,,,
"""
TOML = """[[source]]
path = "a.mp4"
camera = "gate"
start = 2024-05-31T12:00:00Z
offset_s = -2.5
drift_ppm = 12
uncertainty_s = 0.2
detections = "a.txt"
[[source]]
path = "sub/*.mkv"
camera = "yard"
"""


@pytest.mark.parametrize(("name", "text"), [("s.csv", CSV), ("s.toml", TOML)])
def test_a_source_list_tells_everything(name, text, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.mkv").write_bytes(b"")
    (tmp_path / name).write_text(text)
    naming = SourceNaming(listed=read_source_list(tmp_path / name), camera="other")
    told = naming.facts(str(tmp_path / "a.mp4")).facts
    assert told == SourceFacts("gate", Clock(NOON, "list", 0.2, Fraction(-5, 2), 12.0))
    assert naming.facts(str(tmp_path / "sub" / "b.mkv")).facts.camera == "yard"
    assert naming.facts(str(tmp_path / "c.mp4")).facts.camera == "other"
    assert naming.listed.lookup(str(tmp_path / "a.mp4")).detections == tmp_path / "a.txt"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("camera\ngate\n", "no column `path`"),
        ("path,camra\na,b\n", "did you mean camera"),
        ("path,start\na.mp4,soon\n", "line 2"),
        ("path,start\na.mp4,2024-05-31T12:00:00\n", "line 2"),
        ("path,offset_s\na.mp4,much\n", "line 2"),
        ("path,drift_ppm\na.mp4,inf\n", "finite"),
        ("path,drift_ppm\na.mp4,1e9\n", "drift"),
        ("path,offset_s\na.mp4,1e30\n", "offset"),
        ("path,offset_s\na.mp4,1/0\n", "line 2"),
        ("path,uncertainty_s\na.mp4,-1\n", "uncertainty"),
        ("path,camera\na.mp4,x\na.mp4,y\n", "listed twice"),
        ("path,timezone\na.mp4,Mars\n", "Mars"),
    ],
)
def test_what_is_wrong_in_a_list_is_told_with_its_line(text, said, tmp_path):
    path = tmp_path / "sources.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=r"sources\.csv") as error:
        read_source_list(path)
    assert said in f"{error.value.message} {advice(error.value)}"


def test_lists_that_cannot_be_read(tmp_path):
    (tmp_path / "a.toml").write_text("[[source]\n")
    (tmp_path / "b.toml").write_text("[[source]]\ncamera = 'x'\n")
    (tmp_path / "c.csv").write_bytes(b"\xff\xfe\0")
    for name in ("a.toml", "b.toml", "c.csv", "missing.csv"):
        with pytest.raises(InputError, match=name):
            read_source_list(tmp_path / name)


def test_wall_clock_time_follows_offset_and_drift_exactly():
    clock = Clock(NOON, "option", 1.0, Fraction(-5, 2), 100.0)
    start_us = Clock(NOON).at_us(Fraction(0))
    assert clock.at_us(Fraction(3600)) - start_us == 3_600_000_000 - 2_500_000 + 360_000
    assert Clock().at_us(Fraction(1)) is None


def test_what_lies_outside_the_calendar_is_not_known():
    late = Clock(dt.datetime(9999, 12, 31, 23, 59, 50, tzinfo=dt.UTC), "option", 1.0)
    assert late.at_us(Fraction(5)) is not None
    assert late.at_us(Fraction(15)) is None
    for wrong in ({"offset_s": Fraction(10) ** 30}, {"drift_ppm": float("nan")}):
        with pytest.raises(ValueError, match="at most"):
            Clock(None, None, **wrong)
    with pytest.raises(ValueError, match="between"):
        Clock(None, None, float("inf"))


@pytest.mark.parametrize("offset_s", [Fraction(0), Fraction(-3, 2), Fraction(1, 3)])
@pytest.mark.parametrize("drift_ppm", [0.0, -200.1])
@pytest.mark.parametrize("media_s", [Fraction(1, 2_000_000), Fraction(3, 2_000_000), Fraction(7)])
def test_a_time_is_the_exact_one_rounded(
    offset_s: Fraction, drift_ppm: float, media_s: Fraction
) -> None:
    clock = Clock(NOON, offset_s=offset_s, drift_ppm=drift_ppm)
    exact_s = offset_s + media_s * (1 + Fraction(drift_ppm) / 1_000_000)
    start_us = Clock(NOON).at_us(Fraction(0))
    assert start_us is not None
    assert clock.at_us(media_s) == start_us + round(exact_s * 1_000_000)
    assert clock.at_media_us(7_000_000) == clock.at_us(Fraction(7))
