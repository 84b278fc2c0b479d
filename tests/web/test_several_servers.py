"""Two servers on two machines, one archive in PostgreSQL: requests go to them in turn."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from archives import draw, draw_many
from postgres import server
from signing import PASSWORD, WRONG
from team_servers import Browser, Machine, machines

from reidsearch import Archive
from reidsearch.domain.accounts import Role
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.naming.source_list import read_source_list
from reidsearch.services.index import FootageOptions
from reidsearch.services.sign_in import FREE_FAILURES

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def address(two_cameras: Path) -> Iterator[str]:
    """An archive of two videos, with two accounts."""
    made = server().new_archive()
    folder = two_cameras.parent
    naming = SourceNaming(listed=read_source_list(folder / "sources.csv"))
    with Archive.open(made.url, model="builtin", offline=True) as archive:
        videos = [folder / "gate.mp4", folder / "yard.mp4"]
        archive.index(videos, footage=FootageOptions(naming=naming))
        for name, role in (("maria", Role.ANALYST), ("ada", Role.ADMIN), ("otto", Role.ANALYST)):
            archive.accounts.add(name, PASSWORD, role)
    yield made.url
    server().drop(made)


@pytest.fixture(scope="module")
def footage(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("offered")
    draw_many(folder, 1600)  # so that indexing takes some seconds
    return folder


@pytest.fixture(scope="module")
def team(address, footage, tmp_path_factory) -> Iterator[list[Machine]]:
    folder, token = tmp_path_factory.mktemp("team"), {"REIDSEARCH_METRICS_TOKEN": "the token"}
    with machines(address, folder, "--footage", footage, **token) as made:
        yield made


@pytest.fixture(scope="module")
def maria(team) -> Browser:
    return signed_in(team)


@pytest.fixture
def mortal(address, footage, tmp_path) -> Iterator[list[Machine]]:
    """Two more, of which one may be killed."""
    with machines(address, tmp_path, "--footage", footage) as made:
        yield made


def signed_in(team: list[Machine]) -> Browser:
    made = Browser(team)
    assert made.sign_in("maria") == 200
    return made


def test_one_works_at_both_and_is_signed_out_at_both(maria, tmp_path) -> None:
    picture = draw(tmp_path / "query.png", 7)
    kept = maria.post("/api/v1/pictures", content=picture.read_bytes(), at=0)
    assert kept.status_code == 201, kept.text
    view = hashlib.sha256(picture.read_bytes()).hexdigest()
    found = maria.post("/api/v1/searches", json={"picture": [view], "k": 3}, at=1)
    assert found.status_code == 200, found.text
    crop = found.json()["matches"][0]["crop_id"]
    made = maria.post("/api/v1/identities", json={"name": "karl", "crop_ids": [crop]}, at=0)
    assert made.status_code in {200, 201}, made.text
    assert maria.get("/api/v1/identities/karl", at=1).status_code == 200
    for at in (0, 1):
        assert maria.get("/jobs", at=at).status_code == 200
    maria = signed_in(maria.machines)
    assert maria.ask("DELETE", "/api/v1/session", at=1).status_code == 204
    for at in (0, 1):
        assert maria.get("/api/v1/session", at=at).status_code == 401


def test_each_tells_whether_it_is_ready_and_its_figures(team) -> None:
    """To who asks it by its address, past the proxy."""
    until = time.monotonic() + 60
    for one in team:
        assert httpx2.get(f"{one.address}/health").status_code == 200
        while (told := httpx2.get(f"{one.address}/ready")).status_code != 200:
            assert told.json()["index"] == "loading"
            assert time.monotonic() < until
            time.sleep(0.2)
        assert told.json()["database"] == "reachable"
        assert httpx2.get(f"{one.address}/metrics").status_code == 401
        headers = {"Authorization": "Bearer the token"}
        figures = httpx2.get(f"{one.address}/metrics", headers=headers).text
        assert "reidsearch_index_lag_crops 0" in figures


def test_an_account_that_is_disabled_is_out_at_both(team, maria) -> None:
    otto, ada = Browser(team), Browser(team)
    assert (otto.sign_in("otto"), ada.sign_in("ada")) == (200, 200)
    accounts = ada.get("/api/v1/accounts").json()["accounts"]
    number = next(one["account_id"] for one in accounts if one["name"] == "otto")
    for at in (0, 1):
        assert otto.get("/api/v1/session", at=at).status_code == 200
    ada.ask("PATCH", f"/api/v1/accounts/{number}", json={"disabled": True}, at=0)
    for at in (0, 1):
        assert otto.get("/api/v1/session", at=at).status_code == 401
        assert maria.get("/api/v1/session", at=at).status_code == 200
    assert otto.sign_in("otto", at=1) == 401
    ada.ask("PATCH", f"/api/v1/accounts/{number}", json={"disabled": False}, at=1)
    assert otto.sign_in("otto", at=0) == 200


def test_failed_sign_ins_are_counted_over_both(team) -> None:
    """Of one address and, from many addresses, of one name; a slow machine outlives short waits."""
    guesser = Browser(team, "192.0.2.66")
    codes = [guesser.sign_in(f"name{number}", WRONG) for number in range(FREE_FAILURES)]
    assert codes == [401] * FREE_FAILURES
    while 429 not in codes and len(codes) < 12:
        codes.append(guesser.sign_in("other", WRONG))
    assert codes[-1] == 429
    codes = []
    while 429 not in codes and len(codes) < 12:
        codes.append(Browser(team, f"192.0.2.{100 + len(codes)}").sign_in("eve", WRONG))
    assert codes[:FREE_FAILURES] == [401] * FREE_FAILURES
    assert codes[-1] == 429


def test_jobs_and_what_they_write_are_there_at_both(maria, team, footage) -> None:
    crop = first_crop(maria)
    asked = {"kind": "clip", "request": {"crop_id": crop}}
    job = maria.post("/api/v1/jobs", json=asked, at=1).json()["job_id"]
    assert maria.done(job)["state"] == "done"
    files = [maria.get(f"/api/v1/jobs/{job}/file", at=at) for at in (0, 1)]
    assert [one.status_code for one in files] == [200, 200]
    assert files[0].content == files[1].content
    assert b"ftyp" in files[0].content[:16]
    assert f'filename="crop-{crop}.mp4"' in files[1].headers["content-disposition"]
    # Nothing of it lies on a machine: who deletes from the archive somewhere could not reach it.
    require_no_clips(team)


def test_a_clip_is_one_file_whichever_server_gives_its_parts(maria, team) -> None:
    crop = first_crop(maria)
    path = f"/api/v1/crops/{crop}/clip"
    whole = maria.get(path, at=0)
    assert whole.status_code == 200, whole.text
    size = len(whole.content)
    middle = size // 2
    parts = [
        maria.get(path, at=at, headers={"Range": f"bytes={first}-{last}"})
        for at, first, last in ((1, 0, middle - 1), (0, middle, size - 1))
    ]
    assert [one.status_code for one in parts] == [206, 206]
    assert b"".join(one.content for one in parts) == whole.content
    require_no_clips(team)


def test_how_far_a_job_is_can_be_seen_at_both(maria, team, footage) -> None:
    asked = {"kind": "index", "request": {"paths": [str(footage)], "camera": "hall"}}
    job = maria.post("/api/v1/jobs", json=asked).json()["job_id"]
    seen: list[set[float]] = [set(), set()]
    until = time.monotonic() + 120
    while time.monotonic() < until:
        told = [maria.get(f"/api/v1/jobs/{job}", at=at).json() for at in (0, 1)]
        for one, shares in zip(told, seen, strict=True):
            if one["state"] == "running" and one["progress"]["share"]:
                shares.add(one["progress"]["share"])
        if told[0]["state"] != "running" and told[0]["state"] != "queued":
            break
        time.sleep(0.1)
    assert told[0]["state"] == "done"
    assert all(seen), seen


def require_no_clips(team: list[Machine]) -> None:
    """Nothing lies on any machine, but for a moment after it was sent."""
    until = time.monotonic() + 20
    while any(True for machine in team for _ in machine.home.rglob("*.mp4")):
        assert time.monotonic() < until
        time.sleep(0.1)


def first_crop(maria: Browser) -> int:
    listed = maria.get("/api/v1/tracklets").json()["items"]
    return int(listed[0]["crop_id"])


@pytest.mark.slow
def test_a_server_that_dies_leaves_its_jobs_to_the_other(mortal, footage) -> None:
    team, maria = mortal, signed_in(mortal)
    asked = {"kind": "index", "request": {"paths": [str(footage)], "camera": "porch"}}
    job = maria.post("/api/v1/jobs", json=asked, at=0).json()["job_id"]
    until = time.monotonic() + 60
    while maria.get(f"/api/v1/jobs/{job}", at=0).json()["state"] == "queued":
        assert time.monotonic() < until
        time.sleep(0.1)
    runner = _runner(team)
    other = 1 - runner
    team[runner].kill()
    until = time.monotonic() + 60
    while maria.get(f"/api/v1/jobs/{job}", at=other).json()["state"] == "running":
        assert time.monotonic() < until
        time.sleep(0.2)
    again = maria.post(f"/api/v1/jobs/{job}/again", at=other).json()["job_id"]
    until = time.monotonic() + 120
    while (state := maria.get(f"/api/v1/jobs/{again}", at=other).json()["state"]) != "done":
        assert state in {"queued", "running"}
        assert time.monotonic() < until
        time.sleep(0.2)


def _runner(team: list[Machine]) -> int:
    """Which of them has a process that does a job; it begins just after the job is told to run."""
    machines = {one.process.pid: number for number, one in enumerate(team)}
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent in machines and b"web.worker" in (folder / "cmdline").read_bytes():
                    return machines[parent]
    raise AssertionError("no machine runs a job")
