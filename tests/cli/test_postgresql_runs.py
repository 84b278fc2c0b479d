"""Several index runs at once on an archive of PostgreSQL, in processes of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_content import content
from archives import draw_many, start
from postgres import Server, server
from scenes import walk

from reidsearch.archive import Archive
from reidsearch.base.address import PostgresAddress
from reidsearch.base.errors import ArchiveLocked
from reidsearch.datasets.synthetic.footage import write_detections, write_scene
from reidsearch.index.gallery import Gallery
from reidsearch.index.neighbours.table import Neighbours
from reidsearch.store.crops.store import Store
from reidsearch.store.derived import newest_generation
from reidsearch.store.pending import pending_work, record_files

pytestmark = pytest.mark.full
SOURCES = 5
ROUNDS = 8


@pytest.fixture(scope="module")
def running() -> Server:
    return server()


@pytest.fixture
def address(running: Server) -> Iterator[PostgresAddress]:
    made = running.new_archive()
    yield made
    running.drop(made)


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five videos of 6 s, each by a camera of its own, with the truth as detections."""
    folder = tmp_path_factory.mktemp("footage")
    rows = ["path,camera,start,detections"]
    for number in range(SOURCES):
        walks = [walk(number, 0.5, 3, 1.1, -0.1), walk(number + 10, 3, 5.5)]
        video = folder / f"{number}.mp4"
        write_detections(video.with_suffix(".txt"), write_scene(video, walks, 6, seed=number))
        rows.append(f"{video.name},c{number},2024-05-31T12:0{number}:00Z,{number}.txt")
    (folder / "sources.csv").write_text("\n".join(rows) + "\n")
    (folder / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(400))
    return folder


@pytest.fixture(scope="module")
def alone(footage: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What one run makes of it."""
    archive = tmp_path_factory.mktemp("alone") / "archive"
    process = start(*command(footage, archive))
    told = process.communicate(timeout=300)
    assert process.returncode == 1, told  # one file is broken
    return content(archive)


def command(footage: Path, address: object) -> list[str | Path]:
    return ["index", footage, "--sources", footage / "sources.csv", "--model", "builtin",
            "-a", str(address), "--format", "json", "-q"]  # fmt: skip


def node(folder: Path) -> dict[str, str]:
    """The environment of another machine."""
    import os

    folder.mkdir(exist_ok=True)
    return os.environ | {"REIDSEARCH_DATA": str(folder)}


def test_two_machines_share_a_folder(address, footage, alone, tmp_path):
    runs = [start(*command(footage, address), env=node(tmp_path / str(n))) for n in range(2)]
    reports = []
    for process in runs:
        out, err = process.communicate(timeout=400)
        assert process.returncode == 1, err
        assert "Traceback" not in err
        reports.append(json.loads(out)["footage"])
    assert sum(one["indexed"] for one in reports) == SOURCES
    for one in reports:
        met = sum(one[name] for name in ("indexed", "unchanged", "in_other_runs", "failed"))
        assert met == one["sources"] == SOURCES + 1
    assert content(address) == alone
    with Archive.open(address, model="builtin") as archive:
        assert archive.show().unfinished_runs == 0
        assert archive.check() == []


def test_a_source_that_another_run_works_on_is_left_to_it(address, footage, run):
    run.archive = address
    with Store(address) as store, Store(address) as other:
        sha256 = bytes.fromhex(_sha256(footage / "2.mp4"))
        with other.indexing(), other.claim(sha256) as ours:
            assert ours
            ran = run(*command(footage, address)[:-5], "-q")
            assert "1 being indexed by another process" in ran.out
            assert "2.mp4" not in run("failures").out
        assert store.unfinished_runs() == (0, 0)
    again = json.loads(run(*command(footage, address)[:-5], "--format", "json", "-q").out)
    assert (again["footage"]["indexed"], again["footage"]["in_other_runs"]) == (1, 0)


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_deleting_is_refused_while_several_index_and_names_them(address, tmp_path, run):
    draw_many(tmp_path / "first", 40)
    draw_many(tmp_path / "second", 40, start=100)
    run.archive = address
    assert run("index", tmp_path / "first", "--model", "builtin").code == 0
    with Store(address) as one, Store(address) as other, one.indexing(), other.indexing():
        refused = run("delete", "--crop", 1, "--yes")
        assert refused.code == 6
        assert re.search(r"being written by process \d+ of .* and 1 more", refused.err)
        indexed = run("index", tmp_path / "second", "--model", "builtin")  # which is not
        assert indexed.code == 0, indexed.err
    with Store(address) as one, one.lock():
        assert run("index", tmp_path / "second", "--model", "builtin").code == 6
        with Store(address) as other, pytest.raises(ArchiveLocked), other.indexing():
            pass


def test_the_same_crops_indexed_twice_at_once_are_there_once(address, tmp_path):
    """Cameras that both make, the model that both adopt, failures that both record."""
    rows = ["path,camera"]
    for number, path in enumerate(draw_many(tmp_path / "crops", 300)):
        rows.append(f"{path.name},camera {number % 40}")
    (tmp_path / "crops" / "bad.png").write_bytes(b"\x89PNG no picture")
    rows.append("bad.png,camera 1")
    manifest = tmp_path / "crops" / "manifest.csv"
    manifest.write_text("\n".join(rows) + "\n")
    told = ["index", manifest, "--model", "builtin", "-a", str(address), "-q"]
    runs = [start(*told, env=node(tmp_path / str(n))) for n in range(3)]
    for process in runs:
        _, err = process.communicate(timeout=400)
        assert process.returncode == 1, err
        assert "Traceback" not in err
    with Archive.open(address, model="builtin") as archive:
        shown = archive.show()
        assert (shown.crops, len(shown.failures), shown.unfinished_runs) == (300, 1, 0)
        assert archive.check() == []


def test_files_of_a_machine_are_written_beside_others_who_index(address, tmp_path, monkeypatch):
    draw_many(tmp_path / "crops", 40)
    with Archive.open(address, model="builtin") as archive:
        archive.index([tmp_path / "crops"])
    with Store(address) as other, other.indexing():
        monkeypatch.setenv("REIDSEARCH_DATA", str(tmp_path / "elsewhere"))
        with Store(address) as store:
            assert newest_generation(store) is None
            Gallery(store).compact()
            assert newest_generation(store).last_crop_id == 40
            assert other.locked()
    with Store(address) as store:
        with store.deriving(), Store(address) as same, pytest.raises(ArchiveLocked):
            Neighbours(same, Gallery(same)).keep(blocks=None)
        with Store(address) as same:
            assert Neighbours(same, Gallery(same)).keep(blocks=None)


def test_files_left_half_written_are_the_work_of_their_machine(address, tmp_path, monkeypatch):
    with Store(address) as here:
        record_files(here)
        monkeypatch.setenv("REIDSEARCH_DATA", str(tmp_path / "elsewhere"))
        with Store(address) as there:
            assert there.node != here.node
            assert pending_work(there) == ()
            with Archive.open(address, model="builtin") as archive:
                assert archive.maintenance.finish() == ()
        assert len(pending_work(here)) == 1
        with here.deriving():
            assert pending_work(here) == (), "somebody is at it"
