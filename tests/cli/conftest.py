"""Archives for the tests of commands, made once: of nine drawn crops, and of two drawn videos."""

from __future__ import annotations

import shutil

import pytest
from archives import CommandLine, draw, opened
from scenes import write_yard

from reidsearch import Archive
from reidsearch.media.naming.patterns import Naming, compile_pattern
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.naming.source_list import read_source_list
from reidsearch.services.index import FootageOptions

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


@pytest.fixture(scope="module")
def footage(tmp_path_factory, scene):
    """`gate.mp4` from noon and `yard.mp4` from a minute later, with the truth as detections."""
    folder = tmp_path_factory.mktemp("footage")
    shutil.copy(scene[0], folder)
    shutil.copy(scene[0].with_suffix(".det.txt"), folder)
    write_yard(folder / "yard.mp4")
    (folder / "sources.csv").write_text(
        "path,camera,start,detections\n"
        "gate.mp4,gate,2024-05-31T12:00:00Z,gate.det.txt\n"
        "yard.mp4,yard,2024-05-31T12:01:00Z,yard.det.txt\n"
    )
    return folder


@pytest.fixture(scope="module")
def footage_once(tmp_path_factory, footage):
    folder = tmp_path_factory.mktemp("once") / "archive"
    naming = SourceNaming(listed=read_source_list(footage / "sources.csv"))
    with Archive.open(folder, create=True, model="builtin") as archive:
        videos = [footage / "gate.mp4", footage / "yard.mp4"]
        report = archive.index(videos, footage=FootageOptions(naming=naming)).footage
        assert (report.indexed, report.tracklets) == (2, 5)
    return folder
