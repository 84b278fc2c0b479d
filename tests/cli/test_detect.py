"""People in a frame, and a query by one of them, with the genuine detector."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction

import pytest
from archives import CommandLine, answer_of
from PIL import Image
from scenes import NOON

from reidsearch.media.video.open import open_footage

pytestmark = pytest.mark.full


@pytest.fixture
def held(run: CommandLine, footage_once) -> CommandLine:
    """The command line on an archive of that footage: tracklets 1 to 3 at the gate, 4 and 5."""
    shutil.copytree(footage_once, run.archive)
    return run


@pytest.fixture
def seeing(held, shared, monkeypatch) -> CommandLine:
    monkeypatch.setenv("REIDSEARCH_MODELS", str(shared / "models"))
    return held


@pytest.mark.full
def test_people_in_a_frame_are_numbered_and_one_of_them_is_found(seeing, footage, tmp_path):
    frame = f"{footage / 'gate.mp4'}@12.5"  # two are on their way
    ran = seeing("detect", frame, "-o", tmp_path / "people.png", "--format", "json", "--offline")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    people = told["people"]
    assert told["frame"] == {"location": str(footage / "gate.mp4"), "media_s": 12.5}
    assert [one["person"] for one in people] == [1, 2]
    assert people[0]["box"][0] < people[1]["box"][0], "from left to right"
    assert (tmp_path / "people.png").is_file()
    asked = seeing("query", "--frame", frame, "--model", "builtin", "--offline")
    assert (asked.code, "which one?" in asked.err) == (2, True)
    assert "--person N" in asked.err
    found = set()
    for number in (1, 2):
        told = answer_of(seeing, "--frame", frame, "--person", number, "--offline")
        found.add(told["matches"][0]["tracklet"]["tracklet_id"])
    assert found == {2, 3}
    beyond = seeing("query", "--frame", frame, "--person", 3, "--model", "builtin", "--offline")
    assert (beyond.code, "there is no person 3" in beyond.err) == (2, True)


@pytest.mark.full
def test_a_picture_that_is_a_full_frame_works_the_same(seeing, footage, tmp_path):
    for at, name in (("3.0", "one.png"), ("12.5", "two.png"), ("7.5", "none.png")):
        with open_footage(footage / "gate.mp4") as video:
            pixels = video.frame_at(Fraction(at)).bgr()
        Image.fromarray(pixels[..., ::-1].copy()).save(tmp_path / name)
    told = answer_of(seeing, tmp_path / "one.png", "--offline")
    assert told["matches"][0]["tracklet"]["tracklet_id"] == 1
    assert told["statement"]["query"] == "the one person seen in one.png"
    (tmp_path / "list.csv").write_text("image\none.png\ntwo.png\n")
    asked = ("query", "--batch", tmp_path / "list.csv", "--format", "jsonl", "--model", "builtin")
    listed = seeing(*asked, "--offline")
    first, second = map(json.loads, listed.out.splitlines())
    assert listed.code == 1, "of the other row it is not clear who is meant"
    assert first["matches"] == told["matches"], "a list takes the one person as well"
    assert first["statement"]["query"] == "the one person seen in one.png"
    assert "which one?" in second["error"]["message"]
    two = seeing("query", tmp_path / "two.png", "--model", "builtin", "--offline")
    assert (two.code, "which one?" in two.err) == (2, True)
    nobody = seeing("query", "--frame", tmp_path / "none.png", "--model", "builtin", "--offline")
    assert (nobody.code, "found nobody" in nobody.err) == (2, True)


@pytest.mark.full
def test_index_with_the_detector_finds_the_drawn_people(run, shared, footage, monkeypatch):
    monkeypatch.setenv("REIDSEARCH_MODELS", str(shared / "models"))
    ran = run("index", footage / "yard.mp4", "--camera", "yard", "--time", NOON.isoformat(),
              "--offline", "--format", "json")  # fmt: skip
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)["footage"]
    assert (report["tracklets"], report["brief"]) == (2, 0)
    told = json.loads(run("coverage", "--format", "json").out)["sources"][0]
    assert {span["how"] for span in told["spans"]} <= {"dense", "gated"}
    assert told["settings"]["detector"].startswith("person-detection-0201")
