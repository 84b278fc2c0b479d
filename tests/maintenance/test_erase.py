"""Deleted means gone: from every answer at once, and from every byte of the archive."""

from __future__ import annotations

import datetime as dt

import pytest
from archives import NOON, fill, sql, unit_rows

from reidsearch.base.errors import ArchiveLocked, NotFound, UsageError
from reidsearch.domain.crops import Facts
from reidsearch.domain.request import Filters
from reidsearch.index.gallery import Gallery
from reidsearch.maintenance.check import check
from reidsearch.maintenance.erase import Wanted, erase, plan
from reidsearch.store.crops.embeddings import embedded_ids
from reidsearch.store.crops.store import Store
from reidsearch.store.database.lock import writer_lock

VECTORS = unit_rows(12)
FACTS = [
    Facts(("gate", "door", None)[n % 3], NOON + dt.timedelta(hours=n) if n % 4 else None)
    for n in range(12)
]


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "archive"
    fill(made, VECTORS, FACTS)
    with Store(made) as store, store.lock():
        Gallery(store).rebuild()
    return made


CASES = {
    "camera": (Filters(cameras=("gate",)), (), [1, 4, 7, 10]),
    "all but a camera": (Filters(not_cameras=("gate",)), (), [2, 5, 8, 11]),
    "time": (Filters(before=NOON + dt.timedelta(hours=3)), (), [2, 3]),
    "source": (Filters(sources=("00005.jpg",)), (), [6]),
    "crops": (Filters(), (3, 9, 3), [3, 9]),
    "a camera's crop": (Filters(cameras=("gate",)), (1, 2), [1]),
}


@pytest.mark.full
@pytest.mark.parametrize(("filters", "crops", "expected"), CASES.values(), ids=CASES)
def test_what_is_planned_is_what_goes(folder, filters, crops, expected):
    with Store(folder) as store:
        gallery = Gallery(store)
        planned = plan(store, Wanted(filters, crops))
        assert planned.ids.tolist() == expected
        assert planned.sources == len(expected)
        assert len(embedded_ids(store, 99)) == 12  # planning deletes nothing
        assert erase(store, gallery, planned)
        left = [n for n in range(1, 13) if n not in expected]
        assert embedded_ids(store, 99).tolist() == left
        assert sorted(gallery.search(VECTORS[0], 99).ids.tolist()) == left
        assert check(store) == []
    assert sql(folder, "SELECT what FROM event") == [("delete",)]


def test_crops_of_unknown_time_stay_and_are_counted(folder):
    with Store(folder) as store:
        planned = plan(store, Wanted(Filters(after=NOON), ()))
        assert planned.unknown_time == 3
        assert not {1, 5, 9} & set(planned.ids.tolist())


def test_everything_is_never_deleted_by_an_empty_request(folder):
    with Store(folder) as store:
        with pytest.raises(UsageError, match="nothing to delete was named"):
            plan(store, Wanted(Filters(), ()))
        with pytest.raises(NotFound, match="no crop 99"):
            plan(store, Wanted(Filters(), (1, 99)))
        with pytest.raises(NotFound, match="no camera 'gat'"):
            plan(store, Wanted(Filters(cameras=("gat",)), ()))


@pytest.mark.full
def test_no_byte_of_what_is_deleted_is_left_in_any_file(folder):
    def bytes_on_disk() -> bytes:
        return b"".join(p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file())

    secrets = [
        VECTORS[4].tobytes(),
        b"picture 4",
        b"/footage/00004.jpg",
        bytes(sql(folder, "SELECT sha256 FROM source WHERE id = 5")[0][0]),  # type: ignore[arg-type]
    ]
    kept = [VECTORS[5].tobytes(), b"picture 5", b"/footage/00005.jpg"]
    with Store(folder) as store:
        before = bytes_on_disk()
        assert all(secret in before for secret in secrets + kept)
        assert erase(store, Gallery(store), plan(store, Wanted(Filters(), (5,))))
        after = bytes_on_disk()  # with the archive still open
        assert [secret in after for secret in secrets] == [False] * 4
        assert all(secret in after for secret in kept)
    after = bytes_on_disk()
    assert [secret in after for secret in secrets] == [False] * 4


@pytest.mark.slow  # waits for that reader
def test_a_reader_that_holds_the_log_is_told_of(folder):
    with Store(folder) as store, Store(folder) as reader:
        planned = plan(store, Wanted(Filters(), (5,)))
        sql(folder, "UPDATE archive SET uuid = uuid")  # so that the log holds something
        with reader.read() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM crop").all()
            emptied = erase(store, Gallery(store), planned)
        assert not emptied
        assert 5 not in embedded_ids(store, 99).tolist()


@pytest.mark.full
def test_a_camera_without_crops_disappears(folder):
    with Store(folder) as store:
        erase(store, Gallery(store), plan(store, Wanted(Filters(cameras=("gate",)), ())))
    assert sql(folder, "SELECT name FROM camera") == [("door",)]


@pytest.mark.full
def test_deleting_is_writing(folder):
    with Store(folder) as store:
        planned = plan(store, Wanted(Filters(), (5,)))
        with writer_lock(folder), pytest.raises(ArchiveLocked):
            erase(store, Gallery(store), planned)
        assert len(embedded_ids(store, 99)) == 12
