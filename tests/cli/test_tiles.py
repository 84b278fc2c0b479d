"""`--tiles`: refused where it means nothing, and small people in a frame."""

from __future__ import annotations

import json
from fractions import Fraction

import cv2
import pytest
from archives import CommandLine

from reidsearch.media.video.open import open_footage


@pytest.mark.parametrize("number", ["0", "5", "-1", "two", "2.5", "٢"])
def test_other_numbers_are_refused_with_what_is_allowed(run: CommandLine, number, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    for command in (["index", tmp_path / "a.mp4"], ["detect", tmp_path / "a.mp4@1"]):
        ran = run(*command, "--tiles", number)
        assert ran.code == 2
        assert "neither auto nor a number from 1 to 4" in ran.err


def test_with_precomputed_detections_tiles_are_refused(run: CommandLine, scene):
    video, _ = scene
    detections = video.with_suffix(".det.txt")
    ran = run("index", video, "--detections", detections, "--tiles", "auto", "--model", "builtin")
    assert ran.code == 2
    assert "--tiles needs a detector" in ran.err
    assert not run.archive.exists()


@pytest.mark.full
def test_tiles_of_a_query_are_about_its_frame(run: CommandLine, scene):
    given = ["--detections", scene[0].with_suffix(".det.txt"), "--model", "builtin"]
    assert run("index", scene[0], *given).code == 0
    for arguments in (["--crop", "1"], ["--frame", f"{scene[0]}@1", "--box", "1,2,30,60"]):
        ran = run("query", *arguments, "--tiles", "2")
        assert (ran.code, "--tiles belongs to --frame" in ran.err) == (2, True)


@pytest.fixture
def far(tmp_path, shared, monkeypatch):
    """A 1080p picture with somebody of the sample clip, some 80 pixels tall."""
    monkeypatch.setenv("REIDSEARCH_MODELS", str(shared / "models"))
    with open_footage(shared / "footage" / "one-by-one-person-detection.mp4") as footage:
        frame = footage.frame_at(Fraction(12)).bgr()
    picture = cv2.GaussianBlur(cv2.resize(frame, (1920, 1080)), (0, 0), 40)
    small = cv2.resize(frame, (160, 90), interpolation=cv2.INTER_AREA)
    picture[500:590, 700:860] = small
    cv2.imwrite(str(tmp_path / "far.png"), picture)
    return tmp_path / "far.png"


@pytest.mark.full
def test_where_the_whole_frame_shows_nobody_tiles_are_looked_at(run: CommandLine, far):
    def people(*arguments) -> list:
        ran = run("detect", far, *arguments, "--offline", "--format", "json")
        assert ran.code == 0, ran.err
        return json.loads(ran.out)["people"]

    assert people("--tiles", 1) == []
    (found,) = people()
    left, top, right, bottom = found["box"]
    assert 690 < left < right < 870
    assert 490 < top < bottom < 600
