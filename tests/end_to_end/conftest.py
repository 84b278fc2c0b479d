"""Fixtures of the browser: Chromium, and archives of drawn footage made by the program."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import chromium
from browser_site import PASSWORD, Site, program, serving


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium; skips with the reason where it or Playwright is absent."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def demo(browser, tmp_path_factory) -> Path:
    """The folder `demo` of three people at three cameras, which nobody decided anything on yet."""
    folder = tmp_path_factory.mktemp("demo")
    program("demo", "--people", "3", cwd=folder)
    return folder / "demo"


@pytest.fixture
def site(browser, demo, tmp_path) -> Iterator[Site]:
    """A server on a copy of the demo archive, where Berta has an account of an analyst."""
    archive = tmp_path / "archive"
    shutil.copytree(demo / "archive", archive)
    account = ("account", "add", "berta", "--role", "analyst", "--password-stdin")
    program(*account, "-a", archive, given=f"{PASSWORD}\n")
    with serving(browser, archive) as site:
        yield site
