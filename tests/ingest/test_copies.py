"""Copies of one picture: one crop, whose facts are clear."""

from __future__ import annotations

import shutil

import pytest
from archives import draw, opened

from reidsearch.media.naming.patterns import Naming, compile_pattern

BY_FOLDER = Naming(pattern=compile_pattern(r"/(?P<camera>[^/]+)/[^/]+$"))


@pytest.fixture
def gate(tmp_path):
    """One picture in a folder named after its camera."""
    return draw(tmp_path / "footage" / "gate" / "a.png", 1)


def index(tmp_path, naming=BY_FOLDER):
    with opened(tmp_path / "archive") as archive:
        report = archive.index([tmp_path / "footage"], naming=naming)
        return report, archive.crop(1).facts.camera


@pytest.mark.full
def test_a_copy_with_other_facts_is_told_of_and_the_first_facts_stay(tmp_path, gate):
    index(tmp_path)
    copy = tmp_path / "footage" / "yard" / "a.png"
    copy.parent.mkdir()
    shutil.copy(gate, copy)
    report, camera = index(tmp_path)
    assert (report.duplicates, report.conflicting, camera) == (1, 1, "gate")
    report, camera = index(tmp_path)
    assert (report.unchanged, report.conflicting, camera) == (2, 0, "gate")


@pytest.mark.full
def test_a_copy_with_the_same_facts_is_no_conflict(tmp_path, gate):
    shutil.copy(gate, gate.with_name("b.png"))
    report, camera = index(tmp_path)
    assert (report.indexed, report.duplicates, report.conflicting) == (1, 1, 0)
    assert camera == "gate"


@pytest.mark.full
def test_facts_corrected_where_a_renamed_file_lies_now_are_taken_over(tmp_path, gate):
    index(tmp_path)
    moved = tmp_path / "footage" / "gate" / "renamed.png"
    gate.rename(moved)
    report, camera = index(tmp_path)
    assert (report.duplicates, report.conflicting, camera) == (1, 0, "gate")
    report, camera = index(tmp_path, Naming(camera="north gate"))
    assert (report.updated, camera) == (1, "north gate")
    report, camera = index(tmp_path, Naming(camera="north gate"))
    assert (report.unchanged, camera) == (1, "north gate")


@pytest.mark.full
def test_running_again_with_less_known_forgets_nothing(tmp_path, gate):
    index(tmp_path)
    report, camera = index(tmp_path, Naming())
    assert (report.updated, report.unchanged, camera) == (0, 1, "gate")


@pytest.mark.full
def test_a_copy_that_tells_nothing_is_no_conflict(tmp_path, gate):
    index(tmp_path)
    shutil.copy(gate, tmp_path / "copy.png")
    with opened(tmp_path / "archive") as archive:
        report = archive.index([tmp_path / "copy.png"])
        assert (report.duplicates, report.conflicting) == (1, 0)
        assert archive.crop(1).facts.camera == "gate"
