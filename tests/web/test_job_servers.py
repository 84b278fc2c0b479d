"""Jobs of real servers: killed, stopped, cancelled, made to wait, and listened to."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
from archives import contents, draw_many, opened
from footage_dump import dump
from job_servers import Server, serving, worker_of
from json_schemas import require_valid

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
CROPS = 1000
HOLD = """
import sys, time
from pathlib import Path
from reidsearch.store.database.lock import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def footage(tmp_path_factory) -> Path:
    """Two folders of drawn crops."""
    folder = tmp_path_factory.mktemp("footage")
    draw_many(folder / "many", CROPS)
    draw_many(folder / "few", 3, start=CROPS)
    return folder


@pytest.fixture(scope="module")
def whole(footage, tmp_path_factory) -> set:
    """What an archive of both holds that nothing has interrupted."""
    folder = tmp_path_factory.mktemp("whole") / "a"
    make(folder, footage)
    with opened(folder) as archive:
        archive.index([footage / "many"])
    return contents(folder)


def make(folder: Path, footage: Path) -> Path:
    """An archive that knows its model, as `serve` needs it for indexing: the few are in it."""
    with opened(folder) as archive:
        archive.index([footage / "few"])
    return folder


@pytest.fixture
def archive(tmp_path, footage) -> Path:
    return make(tmp_path / "a", footage)


def gone(pid: int, within_s: float = 30) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_a_killed_server_leaves_nothing_running_and_the_job_goes_on_when_asked(
    archive, footage, whole
) -> None:
    server = Server(archive, footage)
    job = server.start("index", paths=[str(footage / "many")])
    later = server.start("index", paths=[str(footage / "few")])
    server.wait(job, "running", share=0.2)
    worker = worker_of(server)
    server.kill()
    assert gone(worker), "the process of the job outlives its server"
    assert 3 < len(contents(archive)) < len(whole)

    with serving(archive, footage) as server:
        told = server.job(job)
        require_valid(told)
        assert (told["state"], told["problem"]["kind"]) == ("interrupted", "job-killed")
        assert "start it again" in told["problem"]["hint"]
        assert server.wait(later, "done")["result"]["unchanged"] == 3
        again = server.post(f"/jobs/{job}/again").json()["job_id"]
        result = server.wait(again, "done")["result"]
        assert 0 < result["unchanged"] < CROPS
        assert result["indexed"] + result["unchanged"] == CROPS
    assert contents(archive) == whole
    with opened(archive) as checked:
        assert checked.check() == []


@pytest.mark.slow
def test_a_job_is_cancelled_in_the_middle_and_the_next_one_begins(archive, footage, whole) -> None:
    with serving(archive, footage) as server:
        job = server.start("index", paths=[str(footage / "many")])
        second = server.start("index", paths=[str(footage / "few")])
        server.wait(job, "running", share=0.2)
        assert server.job(second)["waits_for"] == f"job {job}"
        assert server.post(f"/jobs/{job}/cancel").json()["stopping"]
        told = server.wait(job, "cancelled")
        assert told["result"]["interrupted"]
        assert 0 < told["result"]["indexed"] < CROPS
        server.wait(second, "done")
        again = server.post(f"/jobs/{job}/again").json()["job_id"]
        server.wait(again, "done")
    assert contents(archive) == whole


@pytest.mark.slow
def test_work_that_knows_no_wish_to_stop_is_interrupted(archive, footage) -> None:
    """`link` reads and compares without looking up; it is stopped like by Ctrl-C."""
    with serving(archive, footage) as server:
        job = server.start("link", join_above=0.5)
        server.wait(job, "running")
        server.post(f"/jobs/{job}/cancel")
        assert server.wait(job, "cancelled", "done")["problem"] is None


@pytest.mark.full
def test_a_job_waits_for_another_process_and_says_for_which(tmp_path) -> None:
    draw_many(tmp_path / "few", 3)
    archive = make(tmp_path / "a", tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(archive)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout.readline() == "held\n"
    with serving(archive, tmp_path) as server:
        job = server.start("index", paths=[str(tmp_path / "few")])
        time.sleep(2.5)
        told = server.job(job)
        assert told["state"] == "queued"
        assert f"process {holder.pid} of " in told["waits_for"]
        holder.communicate("")
        server.wait(job, "done")


@pytest.mark.slow
def test_who_gets_the_lock_first_makes_the_other_wait_and_nobody_fail(archive, footage) -> None:
    """While a job writes, the command line is refused with the name of the job."""
    with serving(archive, footage) as server:
        job = server.start("index", paths=[str(footage / "many")])
        server.wait(job, "running", share=0.1)
        worker = worker_of(server)
        os.kill(worker, signal.SIGSTOP)  # so that it cannot end meanwhile
        ran = subprocess.run(
            [sys.executable, "-m", "reidsearch", "index", "-q", "-a", str(archive),
             str(footage / "few")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        os.kill(worker, signal.SIGCONT)
        assert (ran.returncode, f"(job {job})" in ran.stderr) == (6, True), ran.stderr
        server.wait(job, "done")


@pytest.mark.slow
def test_a_killed_worker_ends_its_job_and_not_the_server(archive, footage) -> None:
    with serving(archive, footage) as server:
        job = server.start("index", paths=[str(footage / "many")])
        server.wait(job, "running", share=0.1)
        os.kill(worker_of(server), signal.SIGKILL)
        told = server.wait(job, "interrupted")
        assert "SIGKILL" in told["problem"]["message"]
        assert "goes on where it stopped" in told["problem"]["hint"]
        server.wait(server.start("index", paths=[str(footage / "few")]), "done")


@pytest.mark.slow
def test_a_server_with_open_streams_stops_in_seconds_and_its_job_cleanly(archive, footage) -> None:
    draw_many(footage / "more", 3 * CROPS, start=2 * CROPS)  # it must not be done before the stop
    with serving(archive, footage) as server:
        job = server.start("index", paths=[str(footage / "more")])
        seen: list[list[dict]] = [[] for _ in range(5)]
        heard = [
            threading.Thread(
                target=lambda mine: mine.extend(one for _, one in server.listen("/events")),
                args=(mine,),
            )
            for mine in seen
        ]
        for thread in heard:
            thread.start()
        server.wait(job, "running", share=0.3)
        worker = worker_of(server)
        assert server.stop() < 15
        for thread in heard:
            thread.join(10)
            assert not thread.is_alive()
        assert gone(worker)
    for mine in seen:
        shares = [told["jobs"][0]["progress"]["share"] for told in mine]
        told_shares = [share for share in shares if share is not None]
        assert len(set(told_shares)) >= 2, shares
        assert told_shares == sorted(told_shares)
    with serving(archive, footage) as server:
        told = server.job(job)
        assert (told["state"], told["problem"]["message"]) == (
            "interrupted",
            "the server was stopped",
        )
        assert told["result"]["interrupted"]


@pytest.mark.slow
def test_who_comes_back_to_a_stream_is_told_only_what_is_new(archive, footage) -> None:
    with serving(archive, footage) as server:
        last, state = server.first("/events")
        assert state["jobs"] == []
        told: list = []

        def listen() -> None:
            told.append(server.first("/events", **{"Last-Event-ID": last}))

        waiting = threading.Thread(target=listen)
        waiting.start()
        waiting.join(2)
        assert waiting.is_alive(), "it was told what it had"
        server.start("link", join_above=0.5)
        waiting.join(20)
        assert told[0][1]["jobs"][0]["kind"] == "link"
        assert told[0][1]["changes"] > state["changes"]
        assert server.first("/events", **{"Last-Event-ID": "another-1"})[1]["jobs"]


@pytest.mark.slow
def test_a_second_server_leaves_the_jobs_to_the_first_until_that_ends(archive, footage) -> None:
    with serving(archive, footage) as first, serving(archive, footage) as second:
        job = second.start("index", paths=[str(footage / "few")])
        assert second.wait(job, "done")["process"]["pid"] == first.process.pid
        first.stop()
        job = second.start("index", paths=[str(footage / "few")])
        assert second.wait(job, "done")["process"]["pid"] == second.process.pid


@pytest.mark.slow
def test_clips_and_tracklets_are_fetched_as_files(two_cameras, tmp_path) -> None:
    with serving(two_cameras, tmp_path) as server:
        clip = server.start("clip", crop_id=1, margin_s=0.5, box=True)
        tracks = server.start("export-tracks", source_id=1, ending=".txt")
        page = server.start("export-page", of="source", source_id=1)
        kinds = ((clip, "clip"), (tracks, "tracks-export"), (page, "page-export"))
        for job, schema in kinds:
            result = server.wait(job, "done")["result"]
            assert result["schema"].startswith(f"reidsearch/{schema}/")
            require_valid(result)
        fetched = server.client.get(f"/api/v1/jobs/{clip}/file")
        assert fetched.headers["content-disposition"] == 'attachment; filename="crop-1.mp4"'
        assert fetched.content[4:8] == b"ftyp"
        zipped = server.client.get(f"/api/v1/jobs/{page}/file").content
        names = zipfile.ZipFile(io.BytesIO(zipped)).namelist()
        assert {"source-1/index.html", "source-1/SHA256SUMS"} <= set(names)
        assert any(name.startswith("source-1/clips/") for name in names)
        text = server.client.get(f"/api/v1/jobs/{tracks}/file").text
        assert text.startswith("1,") or ",-1,-1,-1\n" in text


@pytest.mark.slow
def test_killed_while_it_analyses_footage_the_archive_ends_the_same(
    shared, scene, tmp_path
) -> None:
    models = {"REIDSEARCH_MODELS": str(shared / "models")}
    video = scene[0]
    ended = []
    for kills in (0, 2):
        folder = tmp_path / f"killed-{kills}"
        with opened(folder):
            pass
        for number in range(kills):
            server = Server(folder, video.parent, **models)
            job = server.start("index", paths=[str(video)], camera="gate")
            server.wait(job, "running", share=0.05 + 0.3 * number)
            server.kill()
        with serving(folder, video.parent, **models) as server:
            assert [one["state"] for one in server.client.get("/api/v1/jobs").json()["jobs"]] == [
                "interrupted"
            ] * kills
            job = server.start("index", paths=[str(video)], camera="gate")
            done = server.wait(job, "done")["result"]["footage"]
            assert done["indexed"] + done["unchanged"] == 1
        ended.append(dump(folder))
    assert ended[0] == ended[1]
