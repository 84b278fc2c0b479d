"""Clocks on the command line: corrections on record, hours that happen twice, times to ask by."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256

import pytest
from archives import CommandLine
from scenes import write_gate, write_yard
from videos import picture, write_video

from reidsearch import Archive
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.naming.source_list import read_source_list
from reidsearch.services.index import FootageOptions

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clocks")
    write_gate(folder / "gate.mp4")
    write_yard(folder / "yard.mp4")
    (folder / "sources.csv").write_text(
        "path,camera,start,detections\n"
        "gate.mp4,gate,2024-05-31T12:00:00Z,gate.det.txt\n"
        "yard.mp4,yard,2024-05-31T12:01:00Z,yard.det.txt\n"
    )
    naming = SourceNaming(listed=read_source_list(folder / "sources.csv"))
    with Archive.open(folder / "archive", create=True, model="builtin") as archive:
        archive.timezone = "Europe/Berlin"
        archive.index(
            [folder / "gate.mp4", folder / "yard.mp4"], footage=FootageOptions(naming=naming)
        )
    return folder


@pytest.fixture
def held(run: CommandLine, made_once, monkeypatch) -> CommandLine:
    shutil.copytree(made_once / "archive", run.archive)
    monkeypatch.setenv("REIDSEARCH_ACTOR", "kim")
    return run


def test_a_correction_is_shown_with_the_time_and_kept_with_who_when_and_why(held):
    ran = held("clock", "gate.mp4", "--offset", "-1:13:00", "--note", "compared with the radio")
    assert ran.code == 0, ran.err
    assert "corrected -73:00" in ran.out
    told = json.loads(held("clock", "gate.mp4", "--format", "json").out)
    assert (told["correction_s"], told["read_start"]) == (-4380, "2024-05-31T12:00:00Z")
    (kept,) = told["corrections"]
    assert (kept["who"], kept["why"]) == ("kim", "compared with the radio")
    assert (kept["before"]["correction_s"], kept["after"]["correction_s"]) == (0, -4380)
    assert "corrected -73:00" in held("coverage").out
    assert "corrected -73:00" in held("show", "crop", 1).out
    answer = held("query", "--crop", 1, "--model", "builtin")
    assert "corrected -73:00" in answer.out
    document = json.loads(held("query", "--crop", 1, "--model", "builtin", "--format", "json").out)
    moments = {m["camera"]: m["moment"]["correction_s"] for m in document["matches"]}
    assert moments == {"gate": -4380, "yard": 0}


def test_a_start_set_by_hand_is_a_correction_of_what_the_recorder_said(held):
    held("clock", "gate.mp4", "--start", "2024-05-31T12:01:30Z")
    ran = held("clock", "gate.mp4", "--start", "2024-05-31T12:01:00Z")
    assert "corrected +1:00" in ran.out
    assert "(hand)" in ran.out
    told = json.loads(held("clock", "gate.mp4", "--format", "json").out)
    assert (told["correction_s"], told["read_start"]) == (60, "2024-05-31T12:00:00Z")


def test_every_correction_is_listed(held):
    assert "No clock was corrected" in held("clock").out
    held("clock", "gate.mp4", "--offset", "90s", "--note", "first")
    held("clock", "yard.mp4", "--offset", "1s")
    ran = held("clock")
    assert [word in ran.out for word in ("kim", "first", "gate.mp4", "yard.mp4")] == [True] * 4
    listed = json.loads(held("clock", "--format", "json").out)["corrections"]
    assert [one["after"]["offset_s"] for one in listed] == [90, 1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--offset", "1s"), "one source"),
        (("gate.mp4", "--note", "why"), "--offset"),
        (("gate.mp4", "--start", "2024-10-27T02:30:00", "--timezone", "Europe/Berlin"), "twice"),
        (("gate.mp4", "--start", "2024-03-31T02:30:00", "--timezone", "Europe/Berlin"), "happen"),
        (("gate.mp4", "--start", "2024-05-31", "--timezone", "Europe/Berlin"), "time of day"),
    ],
)
def test_what_cannot_be_a_correction_changes_nothing(arguments, said, held):
    ran = held("clock", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert "No clock was corrected" in held("clock").out


def test_a_start_to_the_minute_is_known_to_half_a_minute(held):
    held("clock", "gate.mp4", "--start", "2024-05-31T12:01Z")
    told = json.loads(held("clock", "gate.mp4", "--format", "json").out)
    assert told["uncertainty_s"] == 30


@pytest.mark.parametrize("option", ["2024-10-27T02:30:00", "2024-03-31T02:30:00"])
def test_an_hour_that_is_not_one_is_refused_while_indexing(option, run, made_once):
    zone = ("--timezone", "Europe/Berlin")
    ran = run("index", made_once / "gate.mp4", "--time", option, *zone, "--model", "builtin")
    assert ran.code == 2
    assert "--time" in ran.err
    assert not run.archive.exists()


@pytest.mark.full
@pytest.mark.parametrize(
    "frame",
    ["gate@14:00:03", "gate@2024-05-31T14:00:03", "gate@2024-05-31T12:00:03Z", "gate.mp4@14:00:03"],
)
def test_a_frame_is_asked_for_by_the_cameras_clock(frame, held):
    """The box is where person 1 is at 3 s; the picture is the one of that moment."""
    by_clock = held("query", "--frame", frame, "--box", "10,10,60,100", "--model", "builtin")
    assert by_clock.code == 0, by_clock.err
    assert by_clock.out.count("gate") >= 1


def test_a_clock_time_shows_the_very_frame_of_its_media_time(held, made_once):
    with Archive.open(held.archive) as archive:
        shown = archive.footage.frame_at_clock("gate", "14:00:03")
    from fractions import Fraction

    from reidsearch.media.video.open import open_footage

    with open_footage(made_once / "gate.mp4") as footage:
        assert (footage.frame_at(Fraction(3)).bgr() == shown.pixels).all()
    origin, video = shown.origin, made_once / "gate.mp4"
    assert (origin.of, origin.name) == ("frame", "gate")
    assert origin.media_s == pytest.approx(3.0, abs=0.1)
    assert (origin.location, origin.sha256) == (str(video), sha256(video.read_bytes()).hexdigest())


@pytest.mark.parametrize(
    ("frame", "code", "said"),
    [
        ("gate@15:00:03", 9, "it is from 2024-05-31 14:00:00 to 14:00:1"),
        ("nowhere@14:00:03", 9, "no camera"),
        ("mp4@14:00:03", 9, None),
        ("gate@soon", 2, "not a time"),
    ],
)
def test_a_time_that_shows_nothing_says_what_there_is(frame, code, said, held):
    ran = held("query", "--frame", frame, "--box", "10,10,60,100", "--model", "builtin")
    if said is None:
        assert ran.code == 0, ran.err
    else:
        assert ran.code == code, ran.err
        assert said in ran.err


def test_several_moments_are_listed(held):
    held("clock", "yard.mp4", "--start", "2024-06-01T12:00:00Z")
    ran = held("query", "--frame", "mp4@14:00:03", "--box", "1,1,9,9", "--model", "builtin")
    assert ran.code == 2
    assert "2 moments" in ran.err
    assert "gate.mp4@2024-05-31T14:00:03+02:00" in ran.err
    assert "yard.mp4@2024-06-01T14:00:03+02:00" in ran.err


def test_detect_without_an_archive_says_that_there_is_no_file(run):
    ran = run("detect", "ch01@08:15:33")
    assert ran.code == 3
    assert "no file ch01" in ran.err


def test_after_a_jump_of_the_recordings_clock_no_time_claims_to_be_known(run, tmp_path):
    parts = []
    for number in range(2):
        part = write_video(
            tmp_path / f"{number}.ts",
            60,
            options={"g": "10", "bf": "0"},
            draw=lambda n, size, at=number: picture(n + 7 * at, size),
        )
        parts.append(part.read_bytes())
    (tmp_path / "both.ts").write_bytes(b"".join(parts))
    rows = [f"{n},{1 + (n > 60)},10,5,40,80,0.9\n" for n in (*range(5, 50), *range(65, 110))]
    (tmp_path / "det.txt").write_text("".join(rows))
    ran = run("index", tmp_path / "both.ts", "--detections", tmp_path / "det.txt", "--time",
              "2024-05-31T12:00:00Z", "--model", "builtin")  # fmt: skip
    assert ran.code == 0, ran.err
    with Archive.open(run.archive) as archive:
        (source,) = archive.footage.coverage()
        before, after = archive.footage.tracklets(source.source_id)
        assert (before.uncertainty_s, after.uncertainty_s) == (1.0, None)
        moments = [archive.crop(seen.crop_ids[0]).moment for seen in (before, after)]
        assert [moment.uncertainty_s for moment in moments] == [1.0, None]
    told = " ".join(run("show", "crop", after.crop_ids[0]).out.split())
    assert "uncertainty not known" in told
