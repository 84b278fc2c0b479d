"""The page of 100 000 crops under load, and how soon an answer is painted.

50 clients ask `reidsearch serve`, each its next question as soon as it has an answer, for
`SECONDS`. The limit of the 95th percentile is 3 times what a fair queue would take: the time of
one question asked alone, times clients, by cores. Bare is that. Clients and server share the
machine's cores. Memory is the server's (its own and its threads', not those of the browser), early
in the load and at its end.

First paint is Chromium's own figure (first contentful paint) of the page of an answer, from the
start of the navigation, each time of another crop, after the first.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from big_archive import big_archive
from crowd import Crowd
from measuring import Figure, GeneratedEmbeddings, report

CROPS = 100_000
CLIENTS = 50
SECONDS = 180
ALONE = 40
PAINTED = 10
CORES = os.cpu_count() or 1
MB = 1e6


@contextlib.contextmanager
def serving(archive: Path) -> Iterator[tuple[int, str]]:
    """A server: its process, and the link that signs in."""
    command = [sys.executable, "-m", "reidsearch", "serve", "--port", "0", "--offline"]
    command += ["-a", str(archive)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None, "the server did not say its address"
        yield process.pid, found[0]
    finally:
        process.terminate()
        process.communicate(timeout=60)


def signed_in(link: str) -> dict[str, str]:
    """The headers of whoever opened the link, which works once."""
    at = urlsplit(link)
    connection = http.client.HTTPConnection(at.netloc)
    connection.request("GET", at.path)
    answer = connection.getresponse()
    answer.read()
    cookie = answer.getheader("Set-Cookie")
    assert cookie is not None, answer.status
    connection.close()
    return {"Cookie": cookie.split(";")[0]}


class Client:
    """Asks for the answer to one crop after another, over one connection."""

    def __init__(
        self, netloc: str, headers: dict[str, str], seed: int, place: str = "/api/v1/answers"
    ) -> None:
        self._place = place
        self.connection = http.client.HTTPConnection(netloc, timeout=120)
        self.headers, self.random = headers, random.Random(seed)
        self.took_s: list[float] = []
        self.errors = 0

    def ask(self) -> None:
        crop = self.random.randrange(1, CROPS + 1)
        began = time.perf_counter()
        self.connection.request("GET", f"{self._place}?crop={crop}", headers=self.headers)
        answer = self.connection.getresponse()
        answer.read()
        self.took_s.append(time.perf_counter() - began)
        self.errors += answer.status != 200

    def until(self, end: float) -> None:
        while time.monotonic() < end:
            try:
                self.ask()
            except (OSError, http.client.HTTPException):
                self.errors += 1
                self.connection.close()


def resident_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text("ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / MB


def under_load(process: int, link: str, headers: dict[str, str]) -> Iterator[Figure]:
    netloc = urlsplit(link).netloc
    alone = Client(netloc, headers, 0)
    for _ in range(ALONE + 5):
        alone.ask()
    one_s = statistics.median(alone.took_s[5:])
    clients = [Client(netloc, headers, seed) for seed in range(1, CLIENTS + 1)]
    end = time.monotonic() + SECONDS
    threads = [threading.Thread(target=one.until, args=(end,)) for one in clients]
    for thread in threads:
        thread.start()
    held = []
    while time.monotonic() < end:
        time.sleep(SECONDS / 60)
        held.append(resident_mb(process))
    for thread in threads:
        thread.join()
    took_s = np.concatenate([one.took_s for one in clients])
    fair_s = one_s * CLIENTS / CORES
    errors = alone.errors + sum(one.errors for one in clients)
    yield Figure("a question asked alone", "ms", [1000 * one for one in alone.took_s[5:]])
    yield Figure(f"errors of {len(took_s)} questions by {CLIENTS} clients", "", [errors], limit=0)
    late_s = float(np.quantile(took_s, 0.95))
    yield Figure("their 95th percentile", "ms", [1000 * late_s], [1000 * fair_s], limit=3)
    early = statistics.median(held[10:20])  # what is made once, as connections, is there by then
    name = "memory of the server, in the last minutes against the first"
    yield Figure(name, "MB", [statistics.median(held[-10:])], [early], limit=1.1)


def painted(link: str, headers: dict[str, str]) -> Figure:
    from playwright.sync_api import sync_playwright

    at = urlsplit(link)
    address = f"{at.scheme}://{at.netloc}"
    name, _, value = headers["Cookie"].partition("=")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        context.add_cookies([{"name": name, "value": value, "url": address}])
        page = context.new_page()
        took_ms = []
        for number in range(PAINTED + 1):
            page.goto(f"{address}/answer?crop={1 + number * CROPS // (PAINTED + 1)}")
            paints = "performance.getEntriesByName('first-contentful-paint').map(p => p.startTime)"
            while not (found := page.evaluate(paints)):
                page.wait_for_timeout(20)
            took_ms.append(found[0])
        browser.close()
    return Figure("first paint of an answer, 100 000 crops", "ms", took_ms[1:], limit=1000)


def measure(given: argparse.Namespace) -> Iterator[Figure]:
    made = big_archive(
        given.work / f"crowd-{CROPS}",
        CROPS,
        GeneratedEmbeddings.identity,
        vectors=Crowd(CROPS).chunks(),
    )
    archive = given.work / f"serve-{CROPS}"
    shutil.rmtree(archive, ignore_errors=True)
    shutil.copytree(made, archive)
    migrate = [sys.executable, "-m", "reidsearch", "migrate", "-a", str(archive)]
    subprocess.run(migrate, check=True, stdout=subprocess.DEVNULL)
    with serving(archive) as (process, link):
        headers = signed_in(link)
        yield painted(link, headers)
        yield from under_load(process, link, headers)
    shutil.rmtree(archive)


if __name__ == "__main__":
    report(measure)
