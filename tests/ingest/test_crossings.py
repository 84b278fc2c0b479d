"""People who cross, with real models: floors below the figures in docs/accuracy.md.

They are floors, not goals: a change that costs more than a few points shows here.
"""

from __future__ import annotations

import statistics

import pytest

pytest.importorskip("motmetrics", reason="scores are py-motmetrics'")

from crossings import Video, draw_crowd, judge, linked, read_truth, sequences

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def real(shared) -> dict[str, Video]:
    """The labelled videos by name."""
    return {video.name: video for video in sequences(shared / "footage" / "crossings")}


@pytest.mark.parametrize(("preset", "least"), [("fast", 85), ("default", 88), ("thorough", 88)])
def test_real_people_who_cross_keep_their_tracklets(preset, least, real, shared):
    found = [
        judge(real[name], preset, shared / "models")[0] for name in ("TUD-Campus", "TUD-Stadtmitte")
    ]
    assert statistics.mean(one.idf1 for one in found) >= least
    assert sum(one.mixed for one in found) <= 1


def test_a_drawn_crowd_keeps_most_of_its_tracklets(shared, tmp_path):
    video = tmp_path / "crowd.mp4"
    draw_crowd(video, 20, seed=1)
    crowd = Video("crowd", video, read_truth(video.with_suffix(".gt.txt")))
    found, _ = judge(crowd, "default", shared / "models")
    assert found.idf1 >= 64
    assert found.mixed <= 5


def test_a_scene_of_two_cameras_is_linked(real, shared):
    cameras = [video for name, video in real.items() if name.startswith("campus4")]
    found, _ = linked(cameras, "default", shared / "models")
    assert found.idf1 >= 98
    assert found.mixed == 0
