"""A real Milvus for the tests, from the package `milvus` (a standalone server for Linux)."""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.util
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

STARTS_WITHIN_S = 180
ASKS_EVERY_S = 0.2


class Server:
    """A server in a folder of its own, with free ports; it ends with this process."""

    def __init__(self) -> None:
        from milvus import MilvusServerConfig, _initialize_data_files

        self.folder = Path(tempfile.mkdtemp(prefix="reidsearch-milvus-"))
        self._config = MilvusServerConfig(data_dir=str(self.folder))
        *ports, client_port, peer_port, self._health_port = _free_ports(len(self._port_names()) + 3)
        self._config.update(**dict(zip(self._port_names(), ports, strict=True)))
        self._config.resolve()
        self._set_etcd(client_port, peer_port)
        _initialize_data_files(str(self.folder))
        self.port = int(self._config.get("proxy_port"))
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.remove)
        self.start()

    def _port_names(self) -> list[str]:
        return [name for name in self._config.configurable_items if name.endswith("_port")]

    def _set_etcd(self, client_port: int, peer_port: int) -> None:
        """Let the etcd inside have free ports too: by default a machine has room for one."""
        client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
        etcd = self.folder / "configs" / "etcd.yaml"
        etcd.write_text(
            f"name: default\nlisten-client-urls: {client}\nadvertise-client-urls: {client}\n"
            f"listen-peer-urls: {peer}\ninitial-advertise-peer-urls: {peer}\n"
            f"initial-cluster: default={peer}\n"
        )
        settings = self.folder / "configs" / "milvus.yaml"
        told = settings.read_text()
        assert "\n  use:\n    embed: true" in told
        with_path = f"\n  config:\n    path: {etcd}\n  use:\n    embed: true"
        settings.write_text(told.replace("\n  use:\n    embed: true", with_path, 1))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        environment = {
            **os.environ,
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": str(self._health_port),
            "MILVUS_RUN_DIR": str(self.folder / "run"),
            "LD_LIBRARY_PATH": str(self.folder / "bin"),
        }
        with (self.folder / "told").open("ab") as told:
            self._process = subprocess.Popen(
                [str(self.folder / "bin" / "milvus"), "run", "standalone"],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
            )
        until = time.monotonic() + STARTS_WITHIN_S
        while not self._healthy():
            if self._process.poll() is not None or time.monotonic() > until:
                told = (self.folder / "told").read_text(errors="replace").splitlines()
                raise RuntimeError("Milvus did not start: " + "\n".join(told[-15:]))
            time.sleep(ASKS_EVERY_S)

    def _healthy(self) -> bool:
        url = f"http://127.0.0.1:{self._health_port}/healthz"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return b"OK" in answer.read()
        except (OSError, urllib.error.URLError):
            return False

    def kill(self) -> None:
        """As by a machine that loses power."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def memory_bytes(self) -> int:
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        resident = next(line for line in fields if line.startswith("VmRSS"))
        return 1024 * int(resident.split()[1])

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _free_ports(count: int) -> list[int]:
    """Below those that the system gives to whoever asks for any, which others take meanwhile."""
    found: list[int] = []
    for port in random.sample(range(15_000, 32_000), 1000):
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            break
    return found


@functools.cache
def server() -> Server:
    """The server of this test process, or the test is skipped."""
    for package in ("milvus", "pymilvus"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"the package {package} is not installed")
    return Server()
