"""A real S3 server of the tests: moto's, in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import pytest

from reidsearch.store.crops.store import Store

BUCKETS = count()
SECRET = "secret-of-the-test"
STARTS_WITHIN_S = 120


@dataclass
class ObjectServer:
    """Where it answers, and its process."""

    port: int
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def reached(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the environment say how it is reached."""
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("REIDSEARCH_ENDPOINT", self.endpoint)

    def bucket(self) -> str:
        """A new bucket's name."""
        name = f"bucket-{next(BUCKETS)}"
        self.ask("PUT", name)
        return name

    def ask(self, method: str, path: str, data: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"{self.endpoint}/{path}", data=data, method=method)
        with urllib.request.urlopen(request) as answer:
            return bytes(answer.read())


@contextmanager
def object_server() -> Iterator[ObjectServer]:
    """Start one, and stop it."""
    pytest.importorskip("moto")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    silent = subprocess.DEVNULL
    process = subprocess.Popen(told, stdout=silent, stderr=silent, start_new_session=True)
    server = ObjectServer(port, process)
    try:
        _wait(server)
        yield server
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(server: ObjectServer) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            server.ask("GET", "")
        except (urllib.error.URLError, OSError):
            assert server.process.poll() is None, "moto's server ended"
            assert time.monotonic() < until, "moto's server does not answer"
            time.sleep(0.1)
        else:
            return


def away(patched: pytest.MonkeyPatch, *stores: Store) -> None:
    """Nothing listens where stores of objects are looked for, until `patched` ends."""
    patched.setenv("REIDSEARCH_ENDPOINT", "http://127.0.0.1:9")
    patched.setattr("reidsearch.media.files.objects.RETRIES", 1)
    patched.setattr("reidsearch.media.files.objects.REST_S", 0.0)
    for store in stores:
        patched.setattr(store, "objects", {})
