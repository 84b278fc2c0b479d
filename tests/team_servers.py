"""Several `reidsearch serve` of one archive, as on several machines behind a proxy."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
from archives import start
from signing import PASSWORD

NAME = "cctv.example"
ENDED = {"done", "failed", "cancelled", "interrupted"}


class Machine:
    """A server with folders of its own: caches, data and temporary files."""

    def __init__(self, archive: object, home: Path, options: Sequence[object], **env: str) -> None:
        self.home = home
        folders = {name: home / name for name in ("cache", "data", "tmp")}
        for folder in folders.values():
            folder.mkdir(parents=True)
        own = {
            "REIDSEARCH_CACHE": str(folders["cache"]),
            "REIDSEARCH_DATA": str(folders["data"]),
            "TMPDIR": str(folders["tmp"]),
        }
        given = [str(one) for one in options]
        self.process = start(
            "serve", "-a", str(archive), "--port", "0", "--offline", "--behind-proxy",
            "--name", NAME, *given, env=os.environ | own | env,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r":(\d+)$", line.strip())
        assert found, self.process.communicate(timeout=20)
        self.address = f"http://127.0.0.1:{found[1]}"

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            _, said = self.process.communicate(timeout=60)
            assert "Traceback" not in said, said

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=60)


class Browser:
    """Somebody whose requests go to the machines in turn, as a proxy without memory sends them.

    Args:
        address: where they are, as the proxy says it.
    """

    def __init__(self, machines: Sequence[Machine], address: str = "192.0.2.1") -> None:
        self.machines = machines
        self._turn = itertools.cycle(range(len(machines)))
        self._address = address
        self.cookies: dict[str, str] = {}

    def ask(
        self, method: str, path: str, at: int | None = None, headers: Any = None, **more: Any
    ) -> httpx2.Response:
        """Ask the next machine, or the one with this number."""
        machine = self.machines[next(self._turn) if at is None else at]
        sent = {
            "Host": NAME,
            "X-Forwarded-For": self._address,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **(headers or {}),
        }
        answer = httpx2.request(method, machine.address + path, headers=sent, timeout=60, **more)
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
            if "Max-Age=0" in line:
                del self.cookies[name]
        return answer

    def get(self, path: str, **more: Any) -> httpx2.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx2.Response:
        return self.ask("POST", path, **more)

    def sign_in(self, name: str, password: str = PASSWORD, **more: Any) -> int:
        """Sign in by name and password; return the status."""
        given = {"name": name, "password": password}
        return self.post("/api/v1/session", json=given, **more).status_code

    def done(self, job_id: int) -> dict[str, Any]:
        """Wait until a job has ended, and return it."""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            job = dict(self.get(f"/api/v1/jobs/{job_id}").json())
            if job["state"] in ENDED:
                return job
            time.sleep(0.2)
        raise AssertionError(f"job {job_id} does not end")


@contextlib.contextmanager
def machines(
    archive: object, folder: Path, *options: object, count: int = 2, **env: str
) -> Iterator[list[Machine]]:
    """So many machines that serve an archive; they have to end cleanly."""
    made: list[Machine] = []
    try:
        for number in range(count):
            made.append(Machine(archive, folder / f"machine{number}", options, **env))
        yield made
    finally:
        for one in made:
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.stop()
