"""The page of a source, read without JavaScript."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from reidsearch.web.pages.play import drawn, shaded
from reidsearch.web.person import Person, Role


@pytest.fixture
def gate(served):
    """The source of the camera gate."""
    return served.archive.footage.find("gate.mp4")


@pytest.mark.full
def test_it_shows_the_frame_with_boxes_that_lead_to_tracklets(served, gate) -> None:
    seen = served.archive.footage.tracklets(gate.source_id)
    served.archive.identities.new("anna <b>", [seen[0].crop_ids[0]])
    html = served.client.get(f"/play/{gate.source_id}?at=2.04").text
    assert f'src="/api/v1/sources/{gate.source_id}/still?at=2.0"' in html
    assert f'viewBox="0 0 {gate.info.width_px} {gate.info.height_px}"' in html
    assert re.findall(r'<a href="(/tracklets/\d+)"', html) == [f"/tracklets/{seen[0].tracklet_id}"]
    assert "anna &lt;b&gt;" in html
    assert "<b>" not in html
    before, after = (f'href="/play/{gate.source_id}?at={at}"' for at in (1.9, 2.1))
    assert before in html
    assert after in html
    assert "12:00:02" in html


def test_boxes_between_detections_are_drawn_as_such() -> None:
    run = [[1.0, 0, 0, 10, 20], [1.5, 10, 0, 20, 20]]
    boxes = {"tracklets": [{"tracklet_id": 7, "identity": None, "runs": [run]}]}
    (box,) = drawn(boxes, 1.25)
    assert (box.x, box.y, box.width, box.height, box.measured) == (5, 0, 10, 20, False)
    assert drawn(boxes, 1.5)[0].measured
    assert drawn(boxes, 0.9) == drawn(boxes, 1.6) == []


def test_the_uncertainty_of_another_camera_is_shaded() -> None:
    other = {
        "media_s": 3.0,
        "uncertainty_s": 2.0,
        "earliest_s": 1.0,
        "latest_s": 5.0,
        "duration_s": 5.0,
    }
    bar = shaded(other)
    assert (bar.mark, bar.x, bar.width) == (50, 25, 50)
    assert (bar.held_x, bar.held_width) == (12.5, 62.5)
    unknown = shaded({**other, "uncertainty_s": None, "earliest_s": None, "latest_s": None})
    assert unknown.width == 0


@pytest.mark.full
def test_other_cameras_at_the_same_instant_are_linked(served, gate) -> None:
    yard = served.archive.footage.find("yard.mp4")
    none = served.client.get(f"/play/{gate.source_id}?at=2").text
    assert "No other camera has footage of this instant" in none
    served.archive.footage.set_clock(yard.source_id, gate.facts.clock)
    html = served.client.get(f"/play/{gate.source_id}?at=2").text
    assert f'href="/play/{yard.source_id}?at=2.0"' in html
    vera = served.as_(Person("vera", Role.VIEWER, frozenset({"gate"})))
    assert f"/play/{yard.source_id}?" not in vera.get(f"/play/{gate.source_id}?at=2").text
    assert vera.get(f"/play/{yard.source_id}").status_code == 404


def test_footage_that_is_gone_is_told_instead_of_a_player(served, gate) -> None:
    path = Path(gate.location)
    kept = path.read_bytes()
    try:
        path.unlink()
        html = served.client.get(f"/play/{gate.source_id}?at=2").text
    finally:
        path.write_bytes(kept)
    assert "is no longer there" in html
    assert "index the folder in which it lies now" in html
    assert "<video" not in html
    assert "play.js" not in html
    assert "12:00:02" in html


def test_corrected_clocks_show_the_recorders_own_time_beside(served, gate) -> None:
    from dataclasses import replace

    clock = replace(gate.facts.clock, offset_s=Fraction(3600))
    served.archive.footage.set_clock(gate.source_id, clock)
    html = served.client.get(f"/play/{gate.source_id}?at=2").text
    assert "13:00:02" in html
    assert "own time" in html
    assert "12:00:02" in html


@pytest.mark.full
@pytest.mark.parametrize("at", ["-1", "nan", "x"])
def test_a_moment_that_makes_no_sense_is_refused(served, gate, at: str) -> None:
    assert served.client.get(f"/play/{gate.source_id}?at={at}").status_code == 422


def test_a_moment_beyond_the_end_shows_the_last_frame(served, gate) -> None:
    html = served.client.get(f"/play/{gate.source_id}?at=999").text
    assert "still?at=17.9" in html
