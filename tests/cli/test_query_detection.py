"""A query picture passes the detector: its one person is cut out, a crop stays as it is."""

from __future__ import annotations

import json
from fractions import Fraction

import cv2
import numpy as np
import pytest
from archives import draw, draw_many, opened

from reidsearch import Archive, PersonUnclear, query_input
from reidsearch.base.boxes import Box
from reidsearch.domain.query_origins import Detection, pixels_sha256
from reidsearch.media.video.open import open_footage
from reidsearch.vision.detection.detector import load_detector
from reidsearch.vision.detection.people import people_in
from reidsearch.vision.models.unavailable import ModelUnavailable

CLIP = "one-by-one-person-detection.mp4"
RETAIL = "person-reidentification-retail-0288"


@pytest.fixture(scope="module")
def detector(shared):
    return load_detector(model_path=[shared / "models"], offline=True)


@pytest.fixture(scope="module")
def frame(shared):
    """Somebody in full view, (h, w, 3) uint8 BGR."""
    with open_footage(shared / "footage" / CLIP) as footage:
        return footage.frame_at(Fraction(12)).bgr()


@pytest.fixture(scope="module")
def person(frame, detector) -> Box:
    (box,) = people_in(frame, detector).boxes
    return box


@pytest.fixture(scope="module")
def portrait(frame, person):
    """What a phone held upright shows of a scene: three by four, the person in a part of it."""
    height = 2 * person.height_px
    tall = np.full((height, height * 3 // 4, 3), 114, np.uint8)
    part = frame[:, max(0, person.x1 - 60) : person.x2 + 60]
    part = part[:, : tall.shape[1]]
    tall[-part.shape[0] :, : part.shape[1]] = part[-height:]
    return tall


def written(path, pixels):
    cv2.imwrite(str(path), pixels)
    return path


def read(path, detector, **more):
    (picture,) = query_input([path], detector=lambda: detector, **more).pictures
    return picture


@pytest.mark.full
def test_the_one_person_of_a_portrait_scene_is_cut_out(tmp_path, portrait, detector, frame, person):
    assert portrait.shape[0] > portrait.shape[1]
    picture = read(written(tmp_path / "phone.png", portrait), detector)
    assert picture.origin.detection is Detection.CUT
    box = picture.origin.box
    assert box.width_px < portrait.shape[1] / 2
    assert (picture.pixels == portrait[box.y1 : box.y2, box.x1 : box.x2]).all()
    assert abs(box.height_px - person.height_px) < 0.1 * person.height_px


@pytest.mark.full
def test_a_crop_is_taken_as_it_is(tmp_path, frame, person, detector):
    crop = frame[person.y1 : person.y2, person.x1 : person.x2]
    picture = read(written(tmp_path / "crop.png", crop), detector)
    assert picture.origin.detection in {Detection.CROP, Detection.NOBODY}
    assert (picture.pixels == crop).all()
    assert picture.origin.pixels_sha256 == pixels_sha256(crop)


@pytest.mark.full
def test_somebody_who_fills_a_picture_is_its_crop_whoever_else_is_seen(tmp_path, detector, frame):
    """Two boxes in a crop are no reason to ask."""
    people = people_in(frame, detector)
    assert len(people) == 1
    (box,) = people.boxes
    near = frame[
        max(0, box.y1 - 10) : box.y2 + 10, max(0, box.x1 - 10) : box.x2 + 10
    ]  # fmt: skip
    picture = read(written(tmp_path / "near.png", near), detector)
    assert (picture.pixels == near).all()


@pytest.mark.full
def test_of_several_people_one_has_to_be_named(tmp_path, frame, detector):
    both = written(tmp_path / "both.png", np.hstack([frame, frame]))
    with pytest.raises(PersonUnclear) as unclear:
        read(both, detector)
    assert len(unclear.value.boxes) == 2
    picture = read(both, detector, whole=True)
    assert picture.origin.detection is Detection.NOT_ASKED
    assert picture.pixels.shape == (*np.hstack([frame, frame]).shape,)


@pytest.mark.full
def test_where_nobody_is_detected_all_is_taken_and_said(run, shared, tmp_path, monkeypatch):
    monkeypatch.setenv("REIDSEARCH_MODELS", str(shared / "models"))
    run("index", draw_many(tmp_path / "crops", 3)[0].parent, "--model", "builtin")
    empty = written(tmp_path / "empty.png", np.full((300, 200, 3), 90, np.uint8))
    answer = json.loads(run("query", empty, "--format", "json").out)
    (told,) = answer["statement"]["query_pictures"]
    assert told["detection"] == "nobody"
    assert told["box"] == [0, 0, 200, 300]
    assert (
        "nobody was detected in the query picture: it was embedded whole"
        in (answer["statement"]["warnings"])
    )
    text = " ".join(run("query", empty, "--statement").out.split())
    assert "embedded whole: nobody was detected" in text
    silent = json.loads(run("query", empty, "--whole", "--format", "json").out)
    assert silent["statement"]["query_pictures"][0]["detection"] == "not-asked"
    assert not [one for one in silent["statement"]["warnings"] if "nobody" in one]


@pytest.mark.full
def test_without_a_detector_it_is_said_what_to_do(run, tmp_path, monkeypatch):
    monkeypatch.delenv("REIDSEARCH_MODELS", raising=False)
    run("index", draw_many(tmp_path / "crops", 3)[0].parent, "--model", "builtin")
    other = draw(tmp_path / "other.png", 9)
    ran = run("query", other, "--format", "json")
    statement = json.loads(ran.out)["statement"]
    assert statement["query_pictures"][0]["detection"] == "unavailable"
    assert any("no person detector on this machine" in one for one in statement["warnings"])
    assert "reidsearch models install person-detection-0201" in ran.err
    assert run("query", other, "--whole").err == ""


@pytest.mark.full
def test_a_file_that_the_archive_holds_as_a_crop_is_not_detected(tmp_path):
    """Its embedding is that of the crop, whatever a detector would find in it."""
    crops = draw_many(tmp_path / "crops", 3)

    def nobody_asks():
        raise AssertionError

    with opened(tmp_path / "a") as archive:
        archive.index([tmp_path / "crops"])
        found = query_input(crops[:1], detector=nobody_asks, holds=archive.searching.holds)
        (picture,) = found.pictures
        assert picture.origin.detection is Detection.STORED
        answer = archive.search(found.pictures)
        assert answer.matches[0].score == pytest.approx(1, abs=1e-5)
        assert answer.statement.query_pictures[0].detection is Detection.STORED
        assert not archive.searching.holds("ab" * 32)


def test_a_frame_of_which_a_part_was_indexed_is_no_crop(tmp_path):
    draw(tmp_path / "frame.png", 1)
    table = tmp_path / "boxes.csv"
    table.write_text("path,x1,y1,x2,y2\nframe.png,0,0,12,30\n")
    with opened(tmp_path / "a") as archive:
        report = archive.index([table])
        assert report.indexed == 1
        sha256 = archive.crop(1).source_sha256
        assert not archive.searching.holds(sha256)


@pytest.mark.full
def test_an_absent_detector_is_looked_for_over_the_network_once(tmp_path, monkeypatch):
    """A list of pictures does not wait for the network at each."""
    monkeypatch.setenv("REIDSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REIDSEARCH_MODELS", raising=False)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    with Archive.open(tmp_path / "a", create=True, model="builtin") as archive:
        with pytest.raises(ModelUnavailable) as first:
            archive.detector()
        with pytest.raises(ModelUnavailable) as second:
            archive.detector()
    assert "offline" not in first.value.message
    assert "offline" in second.value.message


@pytest.mark.full
def test_a_list_of_pictures_is_detected_as_a_single_one(
    run, tmp_path, shared, portrait, frame, person, monkeypatch
):
    monkeypatch.setenv("REIDSEARCH_MODELS", str(shared / "models"))
    crop = written(tmp_path / "crop.png", frame[person.y1 : person.y2, person.x1 : person.x2])
    run("index", crop, "--model", RETAIL)
    written(tmp_path / "phone.png", portrait)
    written(tmp_path / "both.png", np.hstack([frame, frame]))
    table = tmp_path / "list.csv"
    table.write_text("image\nboth.png\nphone.png\nmissing.png\ncrop.png\n")
    ran = run("query", "--batch", table, "--format", "jsonl")
    assert ran.code == 1
    rows = {row["query"]: row for row in map(json.loads, ran.out.splitlines())}
    assert list(rows) == ["both.png", "phone.png", "missing.png", "crop.png"]
    assert rows["both.png"]["error"]["kind"] == "person-ambiguous"
    single = json.loads(run("query", tmp_path / "phone.png", "--format", "json").out)
    (alone,) = single["matches"]
    (listed,) = rows["phone.png"]["matches"]
    # Processors differ in whether a batch of two is computed as one is, to the last bit.
    assert listed["score"] == pytest.approx(alone["score"], abs=1e-6)
    assert alone["score"] > 0.8
    whole = json.loads(run("query", tmp_path / "phone.png", "--whole", "--format", "json").out)
    assert whole["matches"][0]["score"] < alone["score"] - 0.2
    assert rows["crop.png"]["matches"][0]["score"] == pytest.approx(1, abs=1e-5)
