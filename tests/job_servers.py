"""Real servers with jobs, as processes of their own, and clients that ask and listen."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import httpx2

ENDED = {"done", "failed", "cancelled", "interrupted"}


class Server:
    """`reidsearch serve` on an archive, until it is stopped or killed.

    Args:
        env: more environment variables.
    """

    def __init__(self, archive: Path, footage: Path, **env: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reidsearch", "serve", "-a", str(archive), "--port", "0",
             "--footage", str(footage), "--offline"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=os.environ | env,
        )  # fmt: skip
        link = None
        said = ""
        while link is None:
            line = self.process.stdout.readline()
            assert line, said
            said += line
            link = re.search(r"(http://[^/]+)(/sign-in/\S+)", line)
        self.client = httpx2.Client(base_url=link[1], timeout=60)
        self.client.get(link[2])

    def start(self, kind: str, **request: Any) -> int:
        """Queue a job; return its number."""
        answer = self.client.post("/api/v1/jobs", json={"kind": kind, "request": request})
        assert answer.status_code == 202, answer.text
        return int(answer.json()["job_id"])

    def job(self, job_id: int) -> dict[str, Any]:
        return dict(self.client.get(f"/api/v1/jobs/{job_id}").json())

    def post(self, path: str) -> httpx2.Response:
        return self.client.post(f"/api/v1{path}")

    def listen(self, path: str, **headers: str) -> Generator[tuple[str, dict[str, Any]]]:
        """Yield the events of a stream, (id, document), until the server ends it."""
        with self.client.stream("GET", f"/api/v1{path}", headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            event = ""
            for line in answer.iter_lines():
                if line.startswith("id: "):
                    event = line[4:]
                if line.startswith("data: "):
                    yield event, json.loads(line[6:])

    def wait(self, job_id: int, *states: str, share: float = 0.0) -> dict[str, Any]:
        """Wait until a job is in one of these states and has done so much."""
        with contextlib.closing(self.listen(f"/jobs/{job_id}/events")) as stream:
            for _, job in stream:
                if job["state"] in states and (job["progress"]["share"] or 0) >= share:
                    return job
                assert job["state"] not in ENDED, job
        raise AssertionError("the stream ended before")

    def first(self, path: str, **headers: str) -> tuple[str, dict[str, Any]]:
        """The first event of a stream."""
        with contextlib.closing(self.listen(path, **headers)) as stream:
            return next(stream)

    def stop(self) -> float:
        """Stop it as a service manager would; return how long that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)
        took_s = time.monotonic() - began
        self.client.close()
        return took_s

    def kill(self) -> None:
        self.client.close()
        self.process.kill()
        self.process.communicate(timeout=60)


@contextlib.contextmanager
def serving(archive: Path, footage: Path, **env: str) -> Iterator[Server]:
    """A server that is stopped at the end, if it runs yet."""
    server = Server(archive, footage, **env)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


def worker_of(server: Server) -> int:
    """The process that does a job of a server just now."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == server.process.pid and b"web.worker" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    [worker] = found
    return worker
