"""Pictures to ask with: kept by digest, looked at by the detector, of one person each."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import cv2
import numpy as np
import pytest
from json_schemas import require_valid

from reidsearch.media.video.open import open_footage
from reidsearch.web.person import Person, Role

CLIP = "one-by-one-person-detection.mp4"


def jpeg(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", pixels)[1].tobytes()


@pytest.fixture(scope="module")
def alone(shared) -> np.ndarray:
    """A scene with somebody in full view."""
    with open_footage(shared / "footage" / CLIP) as footage:
        return footage.frame_at(Fraction(12)).bgr()


@pytest.fixture(scope="module")
def two(alone) -> bytes:
    """The same person twice, side by side."""
    return jpeg(np.hstack([alone, alone]))


def post(served, data: bytes):
    headers = {"content-type": "image/jpeg"}
    return served.client.post("/api/v1/pictures", content=data, headers=headers)


@pytest.mark.full
def test_a_scene_of_two_is_never_taken_whole_without_asking(seeing, two):
    kept = post(seeing, two)
    found = kept.json()
    require_valid(found)
    assert (kept.status_code, found["taken"], len(found["people"])) == (201, None, 2)
    sha256 = found["sha256"]
    assert sha256 == hashlib.sha256(two).hexdigest()

    unclear = seeing.client.get(f"/api/v1/answers?picture={sha256}")
    assert (unclear.status_code, unclear.json()["kind"]) == (422, "person-ambiguous")
    assert len(unclear.json()["fields"]["boxes"]) == 2

    chosen = seeing.client.get(f"/api/v1/answers?picture={sha256}:2").json()
    require_valid(chosen)
    (origin,) = chosen["statement"]["query_pictures"]
    assert origin["box"] == found["people"][1]["box"]
    assert origin["sha256"] == sha256
    assert "person 2 of 2" in chosen["statement"]["query"]

    by_box = ",".join(map(str, found["people"][1]["box"]))
    same = seeing.client.get(f"/api/v1/answers?picture={sha256}:{by_box}").json()
    assert same["matches"] == chosen["matches"]

    whole = seeing.client.get(f"/api/v1/answers?picture={sha256}:whole").json()
    assert whole["statement"]["query_pictures"][0]["detection"] == "not-asked"


@pytest.mark.full
def test_the_page_asks_who_is_meant_and_its_links_choose(seeing, two):
    sha256 = post(seeing, two).json()["sha256"]
    html = seeing.client.get(f"/ask?picture={sha256}").text
    assert 'class="view unclear"' in html
    assert f"/ask?picture={sha256}%3A2" in html
    chosen = seeing.client.get(f"/ask?picture={sha256}:2").text
    assert "The person you chose" in chosen
    assert 'class="view unclear"' not in chosen


@pytest.mark.full
def test_the_one_person_of_a_scene_is_cut_out_and_shown(seeing, alone):
    found = post(seeing, jpeg(alone)).json()
    assert found["taken"] == "cut"
    (x1, y1, x2, y2) = found["people"][0]["box"]
    shown = seeing.client.get(f"/api/v1/views?picture={found['sha256']}")
    height, width = cv2.imdecode(np.frombuffer(shown.content, np.uint8), 1).shape[:2]
    assert (width, height) == (x2 - x1, y2 - y1)
    everything = seeing.client.get(f"/api/v1/pictures/{found['sha256']}")
    assert everything.headers["content-type"] == "image/jpeg"
    again = seeing.client.get(f"/api/v1/pictures/{found['sha256']}/people").json()
    assert again == found


@pytest.mark.full
def test_where_nobody_is_seen_it_is_taken_whole_and_said(seeing):
    sha256 = post(seeing, jpeg(np.full((300, 400, 3), 90, np.uint8))).json()["sha256"]
    told = seeing.client.get(f"/api/v1/answers?picture={sha256}").json()
    assert any("nobody was detected" in one for one in told["statement"]["warnings"])
    assert "the detector found nobody" in seeing.client.get(f"/ask?picture={sha256}").text


@pytest.mark.full
def test_without_a_detector_that_is_said(served):
    found = post(served, jpeg(np.full((300, 100, 3), 90, np.uint8))).json()
    assert (found["detector"], found["taken"]) == (None, "unavailable")
    html = served.client.get(f"/answer?picture={found['sha256']}").text
    assert "no person detector on this machine" in html


@pytest.mark.full
@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"", "empty"), (b"<svg xmlns='x'/>", "not-an-image"), (b"\xff\xd8\xff\xe0", "")],
)
def test_what_is_no_picture_is_refused_and_not_kept(served, data, kind):
    refused = post(served, data)
    assert refused.status_code == 422
    assert kind in str(refused.json())
    gone = served.client.get(f"/api/v1/pictures/{hashlib.sha256(data).hexdigest()}")
    assert (gone.status_code, gone.json()["kind"]) == (404, "picture-not-kept")


@pytest.mark.full
def test_people_of_a_frame_are_numbered_and_searched_by_number(seeing):
    at = 3.0
    found = seeing.client.get(f"/api/v1/sources/1/people?at={at}").json()
    require_valid(found)
    assert (found["source_id"], found["media_s"]) == (1, at)
    box = "10,10,60,110"
    told = seeing.client.get(f"/api/v1/answers?frame=1@{at}:{box}").json()
    (origin,) = told["statement"]["query_pictures"]
    assert (origin["of"], origin["media_s"]) == ("frame", at)
    assert origin["box"] == [10, 10, 60, 110]
    outside = seeing.client.get("/api/v1/answers?frame=1@3:10,10,9000,9000")
    assert (outside.status_code, outside.headers["content-type"]) == (
        422,
        "application/problem+json",
    )
    late = seeing.client.get("/api/v1/sources/1/people?at=99999")
    assert late.status_code == 404


@pytest.mark.full
def test_frames_of_other_cameras_are_as_if_they_were_not_there(seeing):
    client = seeing.as_(Person("vera", Role.VIEWER, frozenset({"yard"})))
    for path in (
        "/api/v1/sources/1/people?at=3",
        "/api/v1/answers?frame=1@3:10,10,60,110",
        "/api/v1/views?frame=1@3:10,10,60,110",
        "/api/v1/answers?crop=1",
        "/api/v1/answers?crop=9&camera=gate",
        "/api/v1/explanations?crop=9&match=1",
        "/api/v1/marks?crop=1",
    ):
        assert client.get(path).status_code == 404, path


@pytest.mark.full
def test_many_ask_at_once(seeing, two):
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda _: post(seeing, two).json(), range(8)))
    assert all(one == kept[0] for one in kept)
    other = two + b"\0"  # not looked at yet
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda _: post(seeing, other).json(), range(4)))
    assert [len(one["people"]) for one in kept] == [2] * 4
