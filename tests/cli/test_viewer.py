"""`query --open`: with a viewer, without one, and with one that fails."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a viewer is a program here")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def viewer(folder: Path, monkeypatch, script: str) -> None:
    """Let the only program in reach be a viewer that runs this script."""
    folder.mkdir()
    for name in ("xdg-open", "open"):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_without_a_viewer_nothing_is_searched_or_written(held, here, monkeypatch):
    monkeypatch.setenv("PATH", str(here))
    ran = held("query", "--crop", 1, "--open")
    assert (ran.code, ran.out) == (2, "")
    assert "nothing here opens pictures" in ran.err
    assert "-o FILE" in ran.err
    assert not list(here.iterdir())


@pytest.mark.full
@pytest.mark.parametrize("kept", [False, True])
def test_a_viewer_that_fails_is_told_without_its_noise(held, here, tmp_path, monkeypatch, kept):
    viewer(tmp_path / "bin", monkeypatch, "echo noise; echo noise >&2; exit 3")
    named = ["-o", here / "sheet.png"] if kept else []
    ran = held("query", "--crop", 1, "--open", *named)
    assert ran.code == 1
    assert "noise" not in ran.out + ran.err
    assert "could not be opened" in ran.err
    assert "ended with code 3" in ran.err
    assert "of 9 crops" in ran.out
    assert ("sheet.png" in ran.err) == kept
    assert [path.name for path in here.iterdir()] == (["sheet.png"] if kept else [])


@pytest.mark.full
def test_a_viewer_gets_the_whole_sheet(held, here, tmp_path, monkeypatch):
    viewer(tmp_path / "bin", monkeypatch, f'cp "$1" {tmp_path}/seen.png; echo noise >&2')
    ran = held("query", "--crop", 1, "--open")
    assert ran.code == 0, ran.err
    assert "noise" not in ran.err
    (sheet,) = here.iterdir()
    assert sheet.name in ran.err
    assert (tmp_path / "seen.png").read_bytes() == sheet.read_bytes()


@pytest.mark.full
def test_a_viewer_that_stays_open_is_not_waited_for(held, here, tmp_path, monkeypatch):
    monkeypatch.setattr("reidsearch.cli.viewer.SOON_S", 0.2)
    viewer(tmp_path / "bin", monkeypatch, "sleep 2; exit 1")
    assert held("query", "--crop", 1, "--open").code == 0
    assert list(here.iterdir())
