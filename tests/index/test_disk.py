"""Errors of FAISS and of the disk: a damaged file is rebuilt, an exhausted machine is told."""

from __future__ import annotations

import errno
import os
import resource

import faiss
import pytest
from archives import fill, unit_rows

from reidsearch.base.errors import Kind, StorageError
from reidsearch.index.contract import IndexDamaged
from reidsearch.index.disk import reading, writing
from reidsearch.index.gallery import Gallery
from reidsearch.store.crops.store import Store

EXHAUSTED = [
    OSError(errno.EMFILE, os.strerror(errno.EMFILE)),
    OSError(errno.ENFILE, os.strerror(errno.ENFILE)),
    RuntimeError(f"could not open x for reading: {os.strerror(errno.EMFILE)}"),
    MemoryError(),
]
DAMAGED = [
    FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)),
    OSError(errno.EIO, os.strerror(errno.EIO)),
    RuntimeError("Error in read_index: index type 0x00 not recognized"),
]


@pytest.mark.parametrize("error", EXHAUSTED, ids=repr)
def test_an_exhausted_machine_says_nothing_about_the_file(tmp_path, error):
    for boundary in (reading, writing):
        with pytest.raises(StorageError) as told, boundary(tmp_path / "x"):
            raise error
        assert told.value.kind in {Kind.TOO_MANY_FILES, Kind.OUT_OF_MEMORY}
        assert told.value.exit_code == 8


@pytest.mark.parametrize("error", DAMAGED, ids=repr)
def test_a_file_that_cannot_be_read_is_damaged(tmp_path, error):
    with pytest.raises(IndexDamaged, match=r"^x "), reading(tmp_path / "x"):
        raise error


def test_what_faiss_itself_says_is_understood(tmp_path):
    with pytest.raises(StorageError, match="cannot be written"), writing(tmp_path / "no" / "x"):
        faiss.write_index(faiss.IndexFlatIP(2), str(tmp_path / "no" / "x"))
    (tmp_path / "x").write_bytes(b"no index")
    with pytest.raises(IndexDamaged), reading(tmp_path / "x"):
        faiss.read_index(str(tmp_path / "x"))


@pytest.mark.full
def test_without_file_descriptors_nothing_is_rebuilt(tmp_path):
    folder = tmp_path / "archive"
    fill(folder, unit_rows(5))
    with Store(folder) as store:
        with store.lock():
            Gallery(store).compact()
        store.state()  # its connections are open
        gallery = Gallery(store)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest = os.open(os.devnull, os.O_RDONLY)  # the next descriptor would be above it
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 1, hard))
            with pytest.raises(StorageError, match="too many files are open"):
                gallery.sync()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            os.close(lowest)
        gallery.sync()
        assert gallery.warnings == []
        assert gallery.generation == 1
