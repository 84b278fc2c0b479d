"""Footage in a real S3 server is queued, worked through, and fetched no more often than needed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import postgres
import pytest
from archives import opened
from object_server import ObjectServer
from scenes import write_gate

from reidsearch import Archive
from reidsearch.base.object_address import read_object_address
from reidsearch.base.settings_file import read_settings
from reidsearch.domain.index_request import IndexRequest
from reidsearch.domain.work import WorkReport
from reidsearch.media.files import remote
from reidsearch.media.files.objects import Objects
from reidsearch.services.index import FootageOptions

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def gate(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("footage") / "gate_20240531-120000.mp4"
    write_gate(path)
    return path


@pytest.fixture
def place(object_store: ObjectServer, monkeypatch, gate) -> str:
    """The location of an object that shows the gate."""
    object_store.reached(monkeypatch)
    some = Objects(read_object_address(f"s3://{object_store.bucket()}"), object_store.endpoint)
    some.put("july/gate.mp4", gate.read_bytes())
    return f"{some.address}/july/gate.mp4"


@pytest.fixture
def fetches(monkeypatch) -> list[str]:
    told: list[str] = []
    fetch = remote._fetch

    def noted(location, endpoint, folder):
        told.append(location)
        return fetch(location, endpoint, folder)

    monkeypatch.setattr(remote, "_fetch", noted)
    return told


def test_an_object_is_queued_and_worked_and_found_unchanged(tmp_path, place, gate, fetches):
    request = IndexRequest(camera="gate", detections=str(gate.with_suffix(".det.txt")))
    with opened(tmp_path / "archive") as archive:
        report = archive.queue.put([Path(place)], request)
        assert report.queued == 1
        done = work(archive)
        assert (done.done, done.failed) == (1, 0)
        assert done.tracklets > 0
        assert fetches == [place]
        crops = archive.show().crops
        assert archive.crop(1).location == place
        assert archive.queue.put([Path(place)], request).again == 1
        again = work(archive)
        assert (again.done, again.failed, again.tracklets) == (1, 0, 0)
        assert fetches == [place]
        assert archive.show().crops == crops
        assert archive.maintenance.check() == []


def test_what_one_run_fetches_no_other_one_does(place, gate, monkeypatch):
    """In the time in which nobody knows its bytes yet, by which sources are claimed."""
    address = postgres.server().new_archive()
    footage = FootageOptions(detections=gate.with_suffix(".det.txt"))
    fetching, go_on = threading.Event(), threading.Event()
    told: list[str] = []
    fetch = remote._fetch

    def slowly(location, endpoint, folder):
        told.append(location)
        fetching.set()
        assert go_on.wait(60)
        return fetch(location, endpoint, folder)

    monkeypatch.setattr(remote, "_fetch", slowly)
    with (
        Archive.open(address, create=True, model="builtin") as one,
        Archive.open(address, model="builtin") as other,
        ThreadPoolExecutor(1) as pool,
    ):
        first = pool.submit(one.index, [place], footage=footage)
        try:
            assert fetching.wait(60)
            second = other.index([place], footage=footage)
        finally:
            go_on.set()
        assert (second.footage.in_other_runs, second.footage.failed) == (1, 0)
        assert first.result().footage.indexed == 1
        assert other.index([place], footage=footage).footage.unchanged == 1
        assert told == [place]
    postgres.server().drop(address)


def work(archive: Archive) -> WorkReport:
    worker = archive.worker(read_settings(archive._store.address), lambda told: None)
    return worker.run(threading.Event(), until_done=True)
