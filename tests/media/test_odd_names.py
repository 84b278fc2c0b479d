"""Names whose bytes are no text, and letters composed in two ways: who is who stays clear."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata

import pytest

from reidsearch.base.locations import location_text, path_of
from reidsearch.base.timecode import parse_zone
from reidsearch.domain.crops import Facts
from reidsearch.domain.footage import SourceFacts
from reidsearch.domain.request import Filters
from reidsearch.media.naming.patterns import Naming, compile_pattern
from reidsearch.media.naming.source_facts import SourceNaming

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")

NAMES = (
    b"/f/tor\xe4/a.mp4",
    b"/f/tor\xe6/a.mp4",
    b"/f/tor\\xe4/a.mp4",
    b"/f/tor\\x5cxe4/a.mp4",
    b"/f/tor\\/a.mp4",
    "/f/torä/a.mp4".encode(),
    b"/f/plain/a.mp4",
)


def test_a_location_stands_for_one_path_and_back():
    paths = [os.fsdecode(name) for name in NAMES]
    locations = [location_text(path) for path in paths]
    assert len(set(locations)) == len(paths)
    assert [path_of(location) for location in locations] == paths
    for location in locations:
        location.encode()


def test_a_location_leads_to_its_file_in_a_locale_that_is_not_utf_8(tmp_path):
    file = tmp_path / "тор é.mp4"
    file.write_bytes(b"")
    code = (
        "import os, sys; from reidsearch.base.locations import location_text, path_of; "
        "text = location_text(sys.argv[1]); "
        "print(sys.getfilesystemencoding(), ascii(text), os.path.exists(path_of(text)))"
    )
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    told = subprocess.run(
        [sys.executable, "-c", code, os.fsencode(file)],
        env=os.environ | locale,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert told[0] == "ascii"
    assert told[1:] == [*ascii(str(file)).split(), "True"]


@pytest.mark.parametrize("pattern", [r"(?P<camera>[^/]+)/a\.", r"(?P<camera>\w+)/a\."])
def test_two_cameras_stay_two(pattern):
    locations = [location_text(os.fsdecode(name)) for name in NAMES[:2]]
    cameras = {Naming(pattern=compile_pattern(pattern)).facts(one).camera for one in locations}
    assert cameras == {r"tor\xe4", r"tor\xe6"}
    naming = SourceNaming(pattern=compile_pattern(pattern))
    assert {naming.facts(one).facts.camera for one in locations} == cameras


def test_two_cameras_in_recorders_names_stay_two():
    naming = SourceNaming(recorder="auto", zone=parse_zone("UTC"))
    told = []
    for byte in (b"\xe4", b"\xf6"):
        location = location_text(os.fsdecode(b"/f/tor" + byte + b"_20240531_140300.mp4"))
        told.append(naming.facts(location).facts)
    assert [facts.camera for facts in told] == [r"tor\xe4", r"tor\xf6"]
    assert all(facts.clock.start is not None for facts in told)


def test_one_name_is_one_camera_however_it_is_composed():
    composed = "café"
    decomposed = unicodedata.normalize("NFD", composed)
    assert decomposed != composed
    assert SourceFacts(decomposed) == SourceFacts(composed)
    assert Facts(camera=decomposed) == Facts(camera=composed)
    assert Facts(camera=decomposed).digest() == Facts(camera=composed).digest()
    assert Filters(cameras=[decomposed], not_cameras=[decomposed]) == Filters(
        cameras=[composed], not_cameras=[composed]
    )
