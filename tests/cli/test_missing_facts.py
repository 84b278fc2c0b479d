"""The end of a run says what is not known and what was told for nothing; coverage follows."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import cv2
import pytest
from archives import CommandLine, draw
from scenes import write_gate
from videos import picture, write_video

from reidsearch import Archive

pytestmark = pytest.mark.full

MODEL = ("--model", "builtin")


@pytest.fixture(scope="module")
def scene_once(tmp_path_factory):
    path = tmp_path_factory.mktemp("scene") / "gate.mp4"
    write_gate(path)
    return path


@pytest.fixture
def footage(tmp_path) -> Path:
    """Three videos of their own bytes; two names tell camera and time."""
    folder = tmp_path / "footage"
    folder.mkdir()
    for number, name in enumerate(
        ("gate_20240531_140000.mp4", "yard_20240531_140000.mp4", "film.mp4"), start=1
    ):
        write_video(folder / name, 10 + number)
        (folder / f"{name}.txt").write_text("1,1,10,10,40,80,0.9\n")
    return folder


def listed(footage: Path, *rows: str, name: str = "list.csv") -> Path:
    """A source list that gives every video its detections, so that no detector is needed."""
    text = ["path,camera,detections"]
    text += [f"{one.name},,{one.name}.txt" for one in sorted(footage.glob("*.mp4"))]
    path = footage / name
    path.write_text("\n".join([*text, *rows]) + "\n")
    return path


def index(run: CommandLine, footage: Path, *arguments: object, sources: Path | None = None):
    sources = sources or listed(footage)
    ran = run("index", *sorted(footage.glob("*.mp4")), "--sources", sources, *arguments, *MODEL)
    assert ran.code == 0, ran.err
    return ran


def facts(run: CommandLine, footage: Path, *arguments: object, sources: Path | None = None):
    told = index(run, footage, *arguments, "--format", "json", sources=sources).out
    return json.loads(told)["footage"]["facts"]


def test_sources_without_time_or_camera_are_counted(run, footage):
    ran = index(run, footage)
    assert "3 of 3 sources have no time, 3 no camera: give --recorder auto" in ran.out
    ran = index(run, footage, "--recorder", "auto", "--timezone", "UTC")
    assert "1 of 3 sources has no time, 1 no camera" in ran.out
    assert "1 name could not be understood" in ran.out
    ran = index(run, footage, "--recorder", "auto", "--timezone", "UTC", "--camera", "x")
    assert "1 of 3 sources has no time: " in ran.out


def test_rows_that_met_nothing_are_named(run, footage, tmp_path):
    write_video(tmp_path / "elsewhere.mp4", 5)
    sources = listed(footage, "gone.mp4,x,", "../elsewhere.mp4,y,", "none*.mkv,z,")
    ran = index(run, footage, sources=sources)
    assert (
        "list.csv: lines 5 and 7 matched no file (paths count from its folder); line 6 matched "
        "none of the files that were given."
    ) in ran.out.replace("\n", " ")
    told = facts(run, footage, sources=sources)
    assert told["rows_without_file"] == ["line 5", "line 7"]
    assert told["rows_elsewhere"] == ["line 6"]


def test_one_start_for_all_is_warned_of(run, footage):
    ran = index(run, footage, "--time", "2024-05-31T14:00:00Z")
    assert "--time gave 3 sources the same start" in ran.out
    run("clock", "film.mp4", "--start", "2024-05-31T15:00:00Z")
    ran = index(run, footage, "--time", "2024-05-31T14:00:00Z")
    assert "--time gave 2 sources the same start" in ran.out, "by what is stored"
    gate, yard = (footage / f"{name}_20240531_140000.mp4" for name in ("gate", "yard"))
    ran = run("index", gate, "--sources", listed(footage), *MODEL)
    assert "--time gave 2 sources the same start" in ran.out, "of which this run offers one"
    run("clock", yard.name, "--offset", "60s")
    ran = run("index", gate, "--sources", listed(footage), *MODEL)
    assert "--time gave" not in ran.out, "the cause is gone"


def test_other_options_that_tell_nothing_new_update_nothing(run, footage):
    index(run, footage, "--camera", "gate", "--time", "2024-05-31T14:00:00Z")
    for options in ((), ("--camera", "gate"), ("--recorder", "hikvision"), ("--camera", "yard")):
        told = json.loads(index(run, footage, *options, "--format", "json").out)["footage"]
        changed = "yard" in options
        assert (told["updated"], told["unchanged"]) == ((3, 0) if changed else (0, 3))


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("film.mp4,2024-05-31T14:00:00", "line 2: time '2024-05-31T14:00:00' names no time zone"),
        (None, "list.csv cannot be read as a list of footage: there is no such file"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(run, footage, row, text):
    if row:
        (footage / "list.csv").write_text(f"path,start\n{row}\n")
    ran = run("index", footage / "film.mp4", "--sources", footage / "list.csv", *MODEL)
    assert ran.code == 3
    assert text in ran.err
    assert "Errno" not in ran.err
    assert ("give --timezone ZONE" in ran.err) is bool(row)


def test_a_pattern_that_matches_no_name_is_warned_of(run, footage):
    ran = index(run, footage, "--pattern", r"(?P<camera>cam\d+)")
    assert "Not one of 3 names was understood: reidsearch recorders --try" in ran.out
    assert facts(run, footage, "--pattern", "(?P<camera>g)ate")["unread_names"] == 2


def test_crops_whose_names_are_not_understood_are_told(run, tmp_path):
    for name in ("c1_1.png", "c2_2.png", "other.png"):
        draw(tmp_path / "crops" / name, len(name) + ord(name[1]))
    ran = run("index", tmp_path / "crops", "--pattern", r"(?P<camera>c\d)_", *MODEL)
    assert "3 of 3 crops have no time, 1 no camera" in ran.out
    assert "1 name could not be understood" in ran.out
    assert "no time" not in run("index", tmp_path / "crops", *MODEL).out, "nothing was promised"


def warnings(run: CommandLine) -> str:
    sources = json.loads(run("coverage", "--format", "json").out)["sources"]
    return " | ".join(warning for one in sources for warning in one["warnings"])


def test_warnings_go_when_a_later_run_knows_better(run, footage):
    index(run, footage, "--recorder", "auto")
    assert warnings(run).count("without a time zone") == 2
    index(run, footage, "--recorder", "auto", "--timezone", "UTC")
    assert "without a time zone" not in warnings(run)
    assert "film.mp4" in run("coverage").out
    assert "matches no known recorder pattern" in warnings(run)


def test_warnings_go_when_somebody_tells_what_was_missing(run, footage):
    index(run, footage, "--recorder", "auto")
    for name in ("gate_", "yard_", "film"):
        run("clock", name, "--start", "2024-05-31T14:00:00Z")
    assert "time zone" not in warnings(run)


def test_warnings_change_where_facts_do_not(run, footage):
    index(run, footage)
    assert warnings(run) == ""
    index(run, footage, "--recorder", "hikvision")
    assert warnings(run).count("does not match the pattern of recorder hikvision") == 3
    index(run, footage)
    assert warnings(run) == ""


def test_given_detections_that_apply_to_nothing_are_a_failure_and_nothing_is_analysed(run, footage):
    for text in ("", "9001,1,10,10,40,80,0.9\n", "1,1,0.1,0.1,0.4,0.8,0.9\n"):
        (footage / "given.txt").write_text(text)
        ran = run("index", footage / "film.mp4", "--detections", footage / "given.txt", *MODEL)
        assert ran.code == 1
        assert "detections-unused" in run("failures").out
        assert json.loads(run("coverage", "--format", "json").out)["sources"] == []
    (footage / "given.txt").write_text("1,1,10,10,40,80,0.9\n9001,1,10,10,40,80,0.9\n")
    ran = run("index", footage / "film.mp4", "--detections", footage / "given.txt", *MODEL)
    assert ran.code == 0
    assert "Precomputed detections: 1 of 2 met a frame." in ran.out
    assert "1 of 2 detections of given.txt met no frame" in warnings(run)
    assert run("failures").out.startswith("No failures")


def test_one_bad_file_of_detections_in_a_list_is_the_failure_of_one_source(run, footage):
    (footage / "film.mp4.txt").write_text("nothing of the kind\n")
    ran = run("index", *footage.glob("*.mp4"), "--sources", listed(footage), *MODEL)
    assert ran.code == 1
    assert "2 indexed, 1 failed" in ran.out
    assert "film.mp4" in run("failures").out


@pytest.mark.full
def test_a_match_in_a_folder_of_frames_names_the_picture(run, scene_once, tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    video, number = cv2.VideoCapture(str(scene_once)), 0
    while (read := video.read())[0]:
        second, rest = divmod(number, 10)
        if number < 60:
            cv2.imwrite(str(folder / f"01-2024053114{0:02d}{second:02d}-{rest:02d}.jpg"), read[1])
        number += 1
    shutil.copy(scene_once.with_suffix(".det.txt"), tmp_path / "det.txt")
    ran = run("index", folder, "--frames", "--detections", tmp_path / "det.txt",
              "--timezone", "UTC", *MODEL)  # fmt: skip
    assert ran.code == 0, ran.err
    told = json.loads(run("query", "--crop", 1, *MODEL, "--format", "json").out)["matches"][0]
    assert told["location"] == str(folder)
    assert told["moment"]["picture"].startswith("01-20240531140")
    assert f"frames/{told['moment']['picture']}" in run("show", "crop", told["crop_id"]).out
    rows = run("query", "--crop", 1, *MODEL, "--format", "csv").out
    assert told["moment"]["picture"] in rows


def test_pictures_tell_the_camera_where_their_folder_does_not(run, tmp_path):
    for number in range(12):
        name = f"yard_20240531_1400{number // 4:02d}_{number % 4:02d}.png"
        (tmp_path / "frames").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "frames" / name), picture(number))
    (tmp_path / "det.txt").write_text("1,1,10,5,40,80,0.9\n")
    ran = run("index", tmp_path / "frames", "--frames", "--detections", tmp_path / "det.txt",
              "--recorder", "auto", "--timezone", "UTC", *MODEL)  # fmt: skip
    assert ran.code == 0, ran.err
    assert "no camera" not in ran.out
    assert "understood" not in ran.out
    (source,) = json.loads(run("coverage", "--format", "json").out)["sources"]
    assert (source["camera"], source["clock"]["start"]) == ("yard", "2024-05-31T14:00:00Z")
    assert source["warnings"] == []


def test_two_folders_whose_names_are_no_text_are_two_cameras_and_found_again(run, footage):
    names = [os.fsdecode(b"tor\xe4"), os.fsdecode(b"tor\xf6")]
    try:
        for number, name in enumerate(names):
            (footage / name).mkdir()
            write_video(footage / name / "a.mp4", 20 + number)
    except OSError:
        pytest.skip("this file system takes text alone")
    (footage / "det.txt").write_text("".join(f"{n},1,10,5,40,80,0.9\n" for n in range(1, 9)))
    for name in names:
        ran = run("index", footage / name / "a.mp4", "--pattern", r"(?P<camera>\w+)/a\.mp4",
                  "--detections", footage / "det.txt", *MODEL)  # fmt: skip
        assert ran.code == 0, ran.err
    with Archive.open(run.archive) as archive:
        sources = archive.footage.coverage()
        assert [one.facts.camera for one in sources] == [r"tor\xe4", r"tor\xf6"]
        for one in sources:
            (seen,) = archive.footage.tracklets(one.source_id)
            pixels, _ = archive.footage.frame(seen.crop_ids[0])
            assert pixels.shape == (96, 160, 3)


def test_what_can_never_be_indexed_makes_no_archive(run, tmp_path):
    ran = run("index", "rtsp://192.0.2.1/stream", *MODEL)
    assert (ran.code, "only files and folders" in ran.err) == (2, True)
    assert "rtsp://192.0.2.1/stream is an address" in ran.err
    ran = run("index", tmp_path / "gone.mp4", *MODEL)
    assert (ran.code, "no such file or folder" in ran.err) == (3, True)
    assert not run.archive.exists()
    draw(tmp_path / "a.png", 1)
    ran = run("index", tmp_path / "gone.mp4", tmp_path / "a.png", *MODEL)
    assert ran.code == 1, "one of two is a failure on record"
    assert "gone.mp4" in run("failures").out
