"""An archive of nine drawn crops, made once, for the tests of commands."""

from __future__ import annotations

import shutil

import pytest
from archives import CommandLine, draw, opened

from reidsearch.media.naming.patterns import Naming, compile_pattern

PATTERN = r"(?P<camera>[^/_]+)_(?P<time>\d{8}T\d{2}Z)"


@pytest.fixture(scope="session")
def crops(tmp_path_factory):
    """Eight crops of two cameras, two of them without a time; and one more of neither."""
    folder = tmp_path_factory.mktemp("crops") / "crops"
    for number in range(8):
        camera = ("gate", "door")[number % 2]
        draw(folder / f"{camera}_20240531T{10 + number}Z.png", number)
    draw(folder / "unknown.png", 8)
    return folder


@pytest.fixture(scope="session")
def made_once(tmp_path_factory, crops):
    folder = tmp_path_factory.mktemp("once") / "archive"
    naming = Naming(pattern=compile_pattern(PATTERN), time_format="%Y%m%dT%H%z")
    with opened(folder) as archive:
        report = archive.index([crops], naming=naming)
        assert (report.indexed, report.failed) == (9, 0)
    return folder


@pytest.fixture
def held(run: CommandLine, made_once) -> CommandLine:
    """The command line on an archive of those nine crops, by name: doors 1-4, gates 5-8, 9."""
    shutil.copytree(made_once, run.archive)
    return run
