"""A real server process, and Chromium by Playwright; skipped with the reason where there is none.

The server is what `reidsearch serve` starts, and is signed in to by the link that it prints.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from browser import chromium

SIZE = {"width": 1280, "height": 720}


@pytest.fixture(scope="session", name="chromium")
def chromium_() -> Iterator[Any]:
    """A browser."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def archive(tmp_path: Path, two_cameras: Path) -> Path:
    """A copy of `two_cameras` of one's own."""
    return shutil.copytree(two_cameras, tmp_path / "archive")


@pytest.fixture
def link(archive: Path, shared: Path) -> Iterator[str]:
    """A server of `archive`, with the person detector; its link that signs in once."""
    command = [sys.executable, "-m", "reidsearch", "serve", "--port", "0", "--offline"]
    models = {"REIDSEARCH_MODELS": str(shared / "models")}
    with subprocess.Popen(
        [*command, "-a", str(archive)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **models, "PYTHONUNBUFFERED": "1"},
    ) as server:
        assert server.stdout is not None
        told = ""
        while "/sign-in/" not in told:
            line = server.stdout.readline()
            assert line, told
            told += line
        shown = re.search(r"http://\S+", told)
        assert shown is not None
        until(lambda: answers(shown[0]))
        yield shown[0]
        server.terminate()
        server.wait(20)


def answers(link: str) -> bool:
    """Whether something listens at an address."""
    parts = urlsplit(link)
    with socket.socket() as asking:
        return asking.connect_ex((parts.hostname, parts.port)) == 0


def until(true: Callable[[], Any], seconds: float = 20) -> None:
    """Wait for something; not inside the page, whose policy forbids what polling there needs."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


class Watched:
    """A page, with what it said that it should not: errors, and requests to other hosts."""

    def __init__(self, page: Any, base: str) -> None:
        self.page, self.base = page, base
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", self._said)
        page.on("request", self._asked)

    def open(self, path: str) -> Any:
        """Go to a page; return it."""
        self.page.goto(self.base + path)
        return self.page

    def until(self, expression: str) -> None:
        """Wait until something is true on the page."""
        until(lambda: self.page.evaluate(expression))

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.wrong.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.base, "data:", f"blob:{self.base}")):
            self.wrong.append(request.url)


@pytest.fixture
def people(chromium: Any, link: str) -> Iterator[Callable[[], Watched]]:
    """Give pages in browsers of their own, all signed in; they must have nothing to complain of."""
    base = link.partition("/sign-in/")[0]
    first = chromium.new_context(viewport=SIZE)
    first.new_page().goto(link)
    state = first.storage_state()
    contexts, watched = [first], []

    def somebody() -> Watched:
        context = chromium.new_context(viewport=SIZE, storage_state=state)
        contexts.append(context)
        watched.append(Watched(context.new_page(), base))
        return watched[-1]

    yield somebody
    for context in contexts:
        context.close()
    assert [wrong for one in watched for wrong in one.wrong] == []


@pytest.fixture
def one(people: Callable[[], Watched]) -> Watched:
    """A page."""
    return people()
