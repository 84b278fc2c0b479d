"""What names tell, and that nothing is guessed."""

from __future__ import annotations

import datetime as dt
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidsearch.base.errors import Reason, Refused, UsageError
from reidsearch.base.timecode import parse_zone
from reidsearch.domain.crops import Facts
from reidsearch.media.naming.patterns import Naming, compile_pattern

NOON = dt.datetime(2024, 5, 31, 12, 0, 0, tzinfo=dt.UTC)
DATED = r"/(?P<camera>[^/]+)/(?P<time>\d{8}T\d{6})(?:_(?P<person>\w+))?\.jpg$"


@pytest.mark.parametrize(
    ("naming", "location", "expected"),
    [
        (Naming(), "/a/0001_c1s1_000000_00.jpg", Facts()),
        (Naming(camera="gate", time=NOON), "/a/b.jpg", Facts("gate", NOON)),
        (
            Naming(market1501=True),
            "/a/0001_c1s1_000000_00.jpg",
            Facts("c1", None, "0001"),
        ),
        (Naming(market1501=True), "/a/-1_c3s2_000151_07.jpg.jpg", Facts("c3", None, "-1")),
        (Naming(market1501=True), "0000_c6s1_1_1.png", Facts("c6", None, "0000")),
        (Naming(market1501=True), "/a.tar!/0002_c1s1_000003_00.jpg", Facts("c1", None, "0002")),
        (Naming(market1501=True), "/a/x0001_c1s1_000000_00.jpg", Facts()),
        (Naming(camera="gate", market1501=True), "/a/holiday.jpg", Facts("gate")),
        (
            Naming(zone=dt.UTC, pattern=compile_pattern(DATED)),
            "/f/north/20240531T120000.jpg",
            Facts("north", NOON),
        ),
        (
            Naming("gate", zone=parse_zone("+02:00"), pattern=compile_pattern(DATED)),
            "/f/north/20240531T140000_anna.jpg",
            Facts("north", NOON, "anna"),
        ),
        (
            Naming("gate", NOON, pattern=compile_pattern(r"(?P<person>p\d+)")),
            "/f/p7/x.jpg",
            Facts("gate", NOON, "p7"),
        ),
        (
            Naming(
                zone=dt.UTC,
                pattern=compile_pattern(r"(?P<time>\d{2}\.\d{2}\.\d{4} \d{2}h)"),
                time_format="%d.%m.%Y %Hh",
            ),
            "/f/31.05.2024 12h.jpg",
            Facts(time=NOON),
        ),
    ],
)
def test_facts(naming: Naming, location: str, expected: Facts) -> None:
    assert naming.facts(location) == expected


@pytest.mark.parametrize("location", ["/n/20241331T120000.jpg", "/n/20240531T250000.jpg"])
def test_a_time_that_does_not_exist_is_refused(location: str) -> None:
    with pytest.raises(Refused) as caught:
        Naming(zone=dt.UTC, pattern=compile_pattern(DATED)).facts(location)
    assert caught.value.reason is Reason.BAD_TIME


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("/n/20241027T023000.jpg", "happened twice"),
        ("/n/20240331T023000.jpg", "did not happen"),
        ("/n/20240531T120000EST.jpg", "EST"),
    ],
)
def test_a_crop_whose_time_leaves_an_hour_open_is_refused(location: str, said: str) -> None:
    naming = Naming(zone=parse_zone("Europe/Berlin"), pattern=compile_pattern(r"(?P<time>\d+T\d+)"))
    with pytest.raises(Refused, match=said):
        naming.facts(location)


def test_what_follows_the_time_of_a_crop_is_read() -> None:
    naming = Naming(zone=dt.UTC, pattern=compile_pattern(r"(?P<time>\d+T\d+)"))
    assert naming.facts("/n/20240531T140000+0200.jpg").time == NOON


def test_a_time_without_zone_is_refused_not_guessed() -> None:
    with pytest.raises(Refused, match="time zone"):
        Naming(pattern=compile_pattern(DATED)).facts("/n/20240531T120000.jpg")


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("(", "no regular expression"),
        (r"c(\d+)", "no named group"),
        (r"(?P<kamera>\w+)", "'kamera'"),
        (r"(?P<camera>\w)(?P<place>\w+)", "'place'"),
    ],
)
def test_useless_patterns(pattern: str, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        compile_pattern(pattern)


def test_one_way_of_reading_names() -> None:
    with pytest.raises(UsageError, match="not both"):
        Naming(pattern=compile_pattern(DATED), market1501=True)


BACKTRACKING = (
    r"(?P<camera>(a+)+)$",
    r"(?P<camera>(a|a)*)$",
    r"(?P<camera>(a|aa)+)$",
    r"(?P<camera>(.*a){20})$",
    r"(?P<camera>(a*)*b)",
    r"(?P<camera>" + "a?" * 200 + ")" + "a" * 200 + "!",
    r"((?P<camera>\w+\s?)*)$",
)


@pytest.mark.parametrize("pattern", BACKTRACKING)
def test_no_pattern_takes_long(pattern):
    compiled = compile_pattern(pattern)
    began = time.monotonic()
    for name in ("a" * 4000 + "!", "a" * 200 + "." * 3800 + "!", "ä" * 2000 + "!"):
        compiled.search(name)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"(?<!\d)(?P<camera>c)", "no regular expression"),
        (r"(?P<camera>c)\1", "no regular expression"),
        (r"(?:(?:a{1000}){1000}){1000}(?P<camera>x)", "no regular expression"),
        (r"(?P<camera>" + "a" * 1000 + ")", "characters"),
        ("(?P<camera>\ud800)", "no regular expression"),
    ],
)
def test_what_re2_cannot_read_is_told(pattern, said):
    with pytest.raises(UsageError, match=said):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "name", "camera"),
    [
        (r"/(?P<camera>\w+)_", "/Tür_1", "Tür"),
        (r"/(?P<camera>[\w-]+)\.", "/größe-2.jpg", "größe-2"),
        (r"(?P<camera>[^\w/]+)", "/ü+-ü", "+-"),
        (r"(?P<camera>\W+)$", "/ü++", "++"),
        (r"(?P<camera>[]\w]+)$", "/]ü", "]ü"),
        (r"\\(?P<camera>\w)", "\\x", "x"),
        (r"(?P<camera>[[:digit:]\w]+)$", "/5ß", "5ß"),
    ],
)
def test_letters_are_those_of_every_script(pattern, name, camera):
    found = compile_pattern(pattern).search(name)
    assert found.groupdict() == {"camera": camera}
    assert found.string[: found.end("camera")].endswith(camera)


@given(st.text("ab/_.-0179 äß", max_size=40))
def test_it_finds_what_re_finds(name):
    for pattern in (
        DATED,
        r"(?P<camera>[^/_]+)_(?P<time>\d+)",
        r"(?P<person>\w+?)[.-](?P<camera>.*)",
    ):
        ours, theirs = compile_pattern(pattern).search(name), re.search(pattern, name)
        assert (ours is None) == (theirs is None)
        if ours is not None and theirs is not None:
            assert ours.groupdict() == theirs.groupdict()
            assert all(ours.end(group) == theirs.end(group) for group in theirs.groupdict())
