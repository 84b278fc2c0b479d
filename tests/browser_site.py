"""A real server in a process of its own, and pages of a real browser that use it.

The program is `REIDSEARCH_COMMAND` where that is set, as it is for the installed wheel, and the
one of this checkout elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from browser import Told

PASSWORD = "correct horse battery"
LAPTOP = {"viewport": {"width": 1280, "height": 720}}
TABLET = {"viewport": {"width": 820, "height": 1180}, "has_touch": True}
COMMAND = shlex.split(os.environ.get("REIDSEARCH_COMMAND", ""))


def program(*arguments: object, given: str = "", cwd: Path | None = None) -> str:
    """Run a command of the program to its end; what it printed."""
    command = [*(COMMAND or [sys.executable, "-m", "reidsearch"]), *map(str, arguments)]
    done = subprocess.run(
        command, input=given, cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class Site:
    """`reidsearch serve` on an archive.

    Args:
        footage: a folder whose footage may be indexed from the page.
    """

    def __init__(self, browser: Any, archive: Path, footage: Path | None = None) -> None:
        self.browser, self.archive, self.footage = browser, archive, footage
        self.contexts: list[Any] = []
        self.told: list[Told] = []
        self.start()

    def start(self) -> None:
        command = [*(COMMAND or [sys.executable, "-m", "reidsearch"]), "serve", "--port", "0"]
        command += ["-a", str(self.archive), "--offline"]
        if self.footage is not None:
            command += ["--footage", str(self.footage)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = None
        while found is None:
            line = self.process.stdout.readline()
            if not line:
                self.stop()
                raise AssertionError("the server ended before it said its address")
            found = re.search(r"(http://\S+)/sign-in/\S+", line)
        self.link, self.address = found[0], found[1]

    def kill(self) -> None:
        """End the server as a failure of power would."""
        self.process.kill()
        self.process.communicate(timeout=60)

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=60)

    def page(self, but: tuple[str, ...] = (), **look: Any) -> Any:
        """A page of a browser of its own, which nobody is signed in with.

        Args:
            but: parts of messages of the console that are expected.
        """
        context = self.browser.new_context(**(LAPTOP | look))
        context.set_default_timeout(30_000)
        self.contexts.append(context)
        page = context.new_page()
        self.told.append(Told(page, self.address, but))
        return page

    def by_link(self, but: tuple[str, ...] = (), **look: Any) -> Any:
        """A page of whoever started the server."""
        page = self.page(but, **look)
        page.goto(self.link)
        return page

    def by_password(self, name: str, but: tuple[str, ...] = ()) -> Any:
        """A page of somebody with an account."""
        page = self.page(but)
        page.goto(f"{self.address}/sign-in")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{self.address}/")
        return page

    def api(self, page: Any, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the API as whoever is signed in with a page."""
        address = f"{self.address}/api/v1{path}"
        sent = {} if body is None else {"data": body, "headers": {"Origin": self.address}}
        answer = page.request.post(address, **sent) if sent else page.request.get(address)
        assert answer.ok, f"{path}: {answer.status} {answer.text()}"
        return answer.json()

    def require_quiet(self) -> None:
        """No page wrote an error to its console, or asked another host."""
        wrong = [one.wrong for one in self.told if one.wrong]
        assert wrong == [], wrong


@contextlib.contextmanager
def serving(browser: Any, archive: Path, footage: Path | None = None) -> Iterator[Site]:
    """A site that is stopped at the end; no page of it may have complained."""
    site = Site(browser, archive, footage)
    try:
        yield site
        site.require_quiet()
    finally:
        for context in site.contexts:
            context.close()
        if site.process.poll() is None:
            site.stop()


def matches_of(archive: Path, crop: int) -> list[int]:
    """The crops that a search with one finds: one of each other tracklet, best first."""
    told = json.loads(program("query", "--crop", crop, "-a", archive, "--format", "json"))
    return [one["crop_id"] for one in told["matches"] if not one["own"]]
