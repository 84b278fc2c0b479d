"""A real browser against a real server: Chromium by Playwright, where both can be had."""

from __future__ import annotations

import atexit
import contextlib
import functools
import shutil
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from reidsearch.web.app import make_app
from reidsearch.web.state import State

# Software decoding only, and no sandbox where tests run as root.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio"]


@contextlib.contextmanager
def served_at_a_port(state: State) -> Iterator[str]:
    """The application behind uvicorn, in a thread; its address."""
    import uvicorn

    config = uvicorn.Config(
        make_app(state), port=0, http="h11", ws="none", lifespan="off", log_level="error"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """A browser; skips with the reason where there is none."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium is installed")
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    browser = _playwright().chromium.launch(executable_path=path, args=FLAGS)
    try:
        yield browser
    finally:
        browser.close()


@functools.cache
def _playwright() -> Any:
    """Playwright, started once: it refuses to run twice in a process."""
    from playwright.sync_api import sync_playwright

    started = sync_playwright().start()
    atexit.register(started.stop)
    return started


class Told:
    """What a page said that it should not: errors, and requests to other hosts."""

    def __init__(self, page: Any, address: str, but: tuple[str, ...] = ()) -> None:
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda message: self._said(message, but))
        page.on("request", lambda request: self._asked(request.url, address))

    def _said(self, message: Any, but: tuple[str, ...]) -> None:
        if message.type in {"error", "warning"} and not any(one in message.text for one in but):
            self.wrong.append(message.text)

    def _asked(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:", f"blob:{address}")):
            self.wrong.append(url)


def until(page: Any, expression: str, seconds: float = 20) -> Any:
    """Ask a page from here until something is true: polling inside breaks on a strict policy."""
    end = time.monotonic() + seconds
    while not (value := page.evaluate(expression)):
        assert time.monotonic() < end, f"{expression} is still {value!r}"
        page.wait_for_timeout(50)
    return value


def unreadable(page: Any) -> list[str]:
    """What keeps somebody from reading a page, as axe finds it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += axe.Axe().run(page).response["violations"]
    return [each["id"] for each in found if each["impact"] in {"serious", "critical"}]
