"""`index --queue`, `worker` and `status`: what they take, what they tell."""

from __future__ import annotations

import json
import signal

import pytest
from archives import draw_many, start
from worker_processes import copies

pytestmark = pytest.mark.full


def status(run) -> dict:
    return json.loads(run("status", "--format", "json").out)


def test_what_is_queued_is_worked_through(run, scene, tmp_path):
    listed = copies(scene[0], tmp_path / "footage", 2)
    draw_many(tmp_path / "footage" / "crops", 3)
    assert run("index", tmp_path / "footage", "--queue").code == 0
    asked = ("index", tmp_path / "footage", "--sources", listed, "--timezone", "UTC", "--queue")
    told = json.loads(run(*asked, "--format", "json").out)
    assert (told["queued"], told["waiting"]) == (0, 3)
    assert status(run)["sources"]["queued"] == 3
    assert "nobody is at work" in run("status").out
    done = run("worker", "--until-done", "--model", "builtin", "--format", "json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["done"] == 3
    assert "camera-0.mp4: done (17.9 s of footage in " in done.err
    told = run("coverage").out
    assert "camera 0" in told
    assert "camera 1" in told
    assert status(run)["sources"]["done"] == 3
    assert status(run)["left_bytes"] == 0
    assert run("worker", "--until-done", "--model", "builtin", "--quiet").err == ""
    events = json.loads(run("log", "list", "--format", "json").out)["entries"]
    assert [one["event"] for one in events].count("index-end") == 3


def test_options_reach_the_workers(run, tmp_path):
    draw_many(tmp_path / "hall", 2)
    options = ("--pattern", "(?P<camera>[^/]+)/[^/]+$", "--time", "2024-05-31 14:00")
    assert (
        run("index", tmp_path / "hall", *options, "--timezone", "Europe/Berlin", "--queue").code
        == 0
    )
    assert run("worker", "--until-done", "--model", "builtin").code == 0
    crop = json.loads(run("show", "crop", "1", "--format", "json").out)
    assert (crop["camera"], crop["time"]) == ("hall", "2024-05-31T12:00:00Z")


def test_what_fails_is_told_and_tried_again_when_asked(run, scene, tmp_path):
    listed = copies(scene[0], tmp_path / "footage", 1)
    (tmp_path / "footage" / "bad.mp4").write_bytes(b"no video")
    run("index", tmp_path / "footage", "--sources", listed, "--queue")
    listed.write_text(listed.read_text() + "elsewhere.mp4,yard,\n")
    assert run("worker", "--until-done", "--model", "builtin").code == 1
    told = status(run)
    assert told["sources"]["failed"] == 2
    assert {one["problem"]["kind"] for one in told["failed"]} == {"source-list-changed"}
    assert "has changed since its sources were queued" in run("status").out
    run("index", tmp_path / "footage", "--sources", listed, "--queue")
    assert run("worker", "--until-done", "--model", "builtin").code == 1
    assert status(run)["sources"] == {
        "queued": 0,
        "running": 0,
        "done": 1,
        "partly": 0,
        "failed": 1,
    }
    assert "bad.mp4: it cannot be read as a video" in run("status").out
    assert "1 queued" in run("status", "--retry").out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--model", "builtin"), "the model is chosen by the workers"),
        (("--attributes",), "--queue leaves that to workers"),
        (("--sources", "missing.csv"), "missing.csv"),
        (("--detections", "some.txt"), "precomputed detections belong to one video, not to 0"),
    ],
)
def test_what_cannot_be_queued_is_refused(run, tmp_path, options, said):
    draw_many(tmp_path / "crops", 1)
    refused = run("index", tmp_path / "crops", "--queue", *options)
    assert refused.code != 0
    assert said in refused.err


def test_a_worker_that_waits_is_ended_by_a_signal(run, tmp_path):
    draw_many(tmp_path / "crops", 1)
    run("index", tmp_path / "crops", "--queue")
    waiting = start("worker", "-a", run.archive, "--model", "builtin")
    assert waiting.stderr is not None
    lines = [waiting.stderr.readline() for _ in range(2)]
    assert "done" in lines[1]
    assert [one["health"] for one in status(run)["workers"]] == ["idle"]
    waiting.send_signal(signal.SIGTERM)
    out, _ = waiting.communicate(timeout=60)
    assert waiting.returncode == 0
    assert out.startswith("Worked for ")
