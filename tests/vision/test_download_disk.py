"""Downloads where the disk or another process is in the way."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from model_server import (
    PLAIN,
    holds_the_model,
    ranged,
)

from reidsearch.base.errors import StorageError
from reidsearch.output.hints import advice
from reidsearch.vision.models.download import install


def test_a_cache_that_cannot_be_made(entry, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REIDSEARCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(StorageError, match=str(tmp_path / "file")) as caught:
        install(entry, transport=PLAIN)
    assert "REIDSEARCH_CACHE" in advice(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_without_permission(entry, cache):
    cache.mkdir(parents=True)
    cache.chmod(0o500)
    with pytest.raises(StorageError, match="Permission denied"):
        install(entry, transport=PLAIN)


FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, {tests!r})
from model_server import entry_at, PLAIN
from reidsearch.base.errors import StorageError
from reidsearch.vision.models.download import install
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    install(entry_at({url!r}), transport=PLAIN)
except StorageError as error:
    print(error.message)
"""


@pytest.mark.full
def test_a_disk_that_takes_no_more(server, cache):
    """A limit on the size of files stands for a full disk: the same write fails half-way."""
    url = f"http://127.0.0.1:{server.server_port}"
    code = FULL_DISK.format(tests=str(Path(__file__).parents[1]), url=url)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f"cannot write to {cache}: {os.strerror(errno.EFBIG)}" in done.stdout
    assert not (cache / "m.bin").exists()


@pytest.mark.full
def test_two_processes_do_not_collide(server, entry, cache):
    """The second waits for the first, then finds the files."""

    def slow(handler, data):
        handler.server.release.wait(0.5)  # long enough for the other to come
        ranged(handler, data)

    server.acts.append(slow)
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        "from model_server import entry_at, PLAIN\nimport dataclasses\n"
        "from reidsearch.vision.models.download import install\n"
        f"install(entry_at({entry.files[0].url.rpartition('/')[0]!r}),"
        " transport=dataclasses.replace(PLAIN, timeout_s=10))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait(30) for process in both] == [0, 0]
    assert holds_the_model(cache)
    assert sorted(server.seen) == [("m.bin", None), ("m.xml", None)]
