"""Footage in a real S3 server is indexed, recognised, and looked at again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import obstore
import pytest
from archives import opened
from object_server import away
from scenes import write_gate

from reidsearch.base import temporaries
from reidsearch.base.errors import InputError, Kind, StorageError
from reidsearch.base.object_address import read_object_address
from reidsearch.maintenance.check import check
from reidsearch.media.files import remote
from reidsearch.media.files.objects import Objects
from reidsearch.services.index import FootageOptions
from reidsearch.store.crops.store import Store

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def gate(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("footage") / "gate_20240531-120000.mp4"
    write_gate(path)
    return path


@pytest.fixture
def bucket(object_store, monkeypatch):
    object_store.reached(monkeypatch)
    yield Objects(read_object_address(f"s3://{object_store.bucket()}"), object_store.endpoint)
    remote.fetched_files().remove()


def known(gate: Path) -> FootageOptions:
    """With the truth as detections, so that no model is needed."""
    return FootageOptions(detections=gate.with_suffix(".det.txt"))


def fetches(monkeypatch) -> list[str]:
    told: list[str] = []
    fetch = remote._fetch

    def noted(location, endpoint, folder):
        told.append(location)
        return fetch(location, endpoint, folder)

    monkeypatch.setattr(remote, "_fetch", noted)
    return told


def test_footage_is_indexed_from_a_bucket_as_from_a_folder(tmp_path, bucket, gate, monkeypatch):
    told = fetches(monkeypatch)
    bucket.put("july/north/gate.mp4", gate.read_bytes())
    bucket.put("july/readme.txt", b"nothing to read")
    bucket.put("august/other.mp4", gate.read_bytes()[:1000])
    place = f"{bucket.address}/july/north/gate.mp4"
    with opened(tmp_path / "local") as archive:
        archive.index([gate], footage=known(gate))
        expected = [crop.box for crop in archive._store.crops(range(1, 100))]
    with opened(tmp_path / "archive") as archive:
        report = archive.index([Path(f"{bucket.address}/july/")], footage=known(gate))
        assert (report.footage.indexed, report.skipped) == (1, 1)
        crops = archive._store.crops(range(1, 100))
        assert [crop.box for crop in crops] == expected
        assert crops[0].location == place
        assert told == [place]
        again = archive.index([Path(f"{bucket.address}/july")], footage=known(gate))
        assert (again.footage.unchanged, told) == (1, [place])  # not fetched again
        pixels, _ = archive.footage.frame(1)
        assert told == [place, place]
        assert pixels.shape[2] == 3
        archive.footage.frame(2)
        assert len(told) == 2  # the process keeps what it has fetched
        assert check(archive._store) == []
        folder = archive._store.folder
        assert len(list(temporaries.folders(temporaries.FETCHED, folder))) == 1
        remote.fetched_files().remove()
        assert not list(temporaries.folders(temporaries.FETCHED, folder))
        local = archive.index([gate], footage=known(gate))
        assert local.footage.duplicates == 1
        assert np.array_equal(archive.footage.frame(1)[0], pixels)  # from the copy on this machine
        assert len(told) == 2


def test_an_object_that_is_gone_or_another_is_told(tmp_path, bucket, gate):
    bucket.put("gate.mp4", gate.read_bytes())
    with opened(tmp_path / "archive") as archive:
        archive.index([Path(f"{bucket.address}/gate.mp4")], footage=known(gate))
        obstore.put(bucket._store, "gate.mp4", gate.read_bytes()[:-100])
        with pytest.raises(InputError) as error:
            archive.footage.frame(1)
        assert error.value.kind == Kind.FOOTAGE_DIFFERS
        bucket.delete(["gate.mp4"])
        with pytest.raises(InputError, match=r"s3://.*/gate\.mp4 is no longer there") as error:
            archive.footage.frame(1)
        assert error.value.kind == Kind.FOOTAGE_MISSING
        report = archive.index([Path(f"{bucket.address}/nothing-here")])
        assert report.failed == 1
        (failure,) = archive.failures()
        assert failure.location == f"{bucket.address}/nothing-here"


def test_a_store_that_is_away_stops_an_index_run(tmp_path, bucket, gate, monkeypatch):
    bucket.put("gate.mp4", gate.read_bytes())
    away(monkeypatch)
    with opened(tmp_path / "archive") as archive, pytest.raises(StorageError) as error:
        archive.index([Path(f"{bucket.address}/gate.mp4")], footage=known(gate))
    assert error.value.kind == Kind.OBJECTS_UNREACHABLE


def test_best_shots_go_to_a_store_of_objects_and_out_again(tmp_path, bucket, gate, monkeypatch):
    place = f"{bucket.address}/pictures"
    with opened(tmp_path / "local") as archive:
        archive.index([gate], footage=known(gate))
        pictures = [archive.picture(one.crop_id) for one in archive._store.crops(range(1, 100))]
    monkeypatch.setenv("REIDSEARCH_BUCKET", place)
    with opened(tmp_path / "archive") as archive:
        archive.index([gate], footage=known(gate))
        crops = archive._store.crops(range(1, 100))
        assert [archive.picture(one.crop_id) for one in crops] == pictures
        assert archive.pictures.kept().in_database == 0
        held = len(list(bucket.list("pictures")))
        assert held == len(pictures)
        assert check(archive._store) == []
        archive.delete(archive.plan_delete(crop_ids=[crops[0].crop_id]))
        assert len(list(bucket.list("pictures"))) == held - 1
        archive.index([gate], footage=known(gate))  # what was deleted of footage comes back
        assert archive.pictures.kept().in_store == held
    with Store(tmp_path / "archive") as store:
        assert check(store) == []
