"""An archive of five tracklets and two pictures, for the tests of identities."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from archives import fill, unit_rows
from tracklets import Seen, write_footage


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tracklets 1 to 5 with crops 1 to 8, and crops 9 and 10 of no tracklet."""
    tmp_path = tmp_path_factory.mktemp("made")
    rows = unit_rows(10, seed=3)
    gate = [Seen(1, 5, rows[:2]), Seen(3, 8, rows[2:4]), Seen(60, 65, rows[4:5])]
    write_footage(tmp_path / "a", "gate.mp4", "gate", gate)
    write_footage(
        tmp_path / "a", "yard.mp4", "yard", [Seen(2, 6, rows[5:7]), Seen(9, 12, rows[7:8])]
    )
    fill(tmp_path / "a", rows[8:])
    return tmp_path / "a"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of `made` of one's own."""
    return shutil.copytree(made, tmp_path / "a")
