"""A damaged checkpoint costs the progress of its source: never the run, never what is committed."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
from archives import raw_sql, sql
from scenes import NOON, killed_after

from reidsearch.archive import Archive
from reidsearch.domain.reports import FootageReport
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.services.index import FootageOptions

pytestmark = pytest.mark.full  # indexes footage


def index(folder: Path, path: Path) -> FootageReport:
    options = FootageOptions(
        naming=SourceNaming(camera="gate", start=NOON), detections=path.with_suffix(".det.txt")
    )
    with Archive.open(folder, create=True, model="builtin") as archive:
        return archive.index([path], footage=options).footage


def held(folder: Path) -> set[tuple[object, ...]]:
    return set(sql(folder, "SELECT pts, x1, y1, x2, y2 FROM crop"))


@pytest.fixture(scope="module")
def killed(scene, tmp_path_factory):
    """An archive of the scene whose run died half-way."""
    folder = tmp_path_factory.mktemp("killed") / "archive"
    with killed_after(100):
        index(folder, scene[0])
    assert held(folder)
    return folder


def resealed(folder: Path) -> None:
    """A checkpoint that proves itself, and yet cannot be unpacked."""
    state = b"PK no archive of arrays"
    sha256 = hashlib.sha256(state).digest()
    sql(folder, "UPDATE checkpoint SET state = :state, sha256 = :sha", state=state, sha=sha256)


DAMAGE = {
    "its state": lambda f: raw_sql(f, "UPDATE checkpoint SET state = zeroblob(100)"),
    "its row": lambda f: raw_sql(f, "UPDATE checkpoint SET at_us = at_us + 1"),
    "its form": resealed,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_the_source_is_analysed_from_its_start_and_the_report_says_so(
    damage, killed, scene, tmp_path
):
    folder = Path(shutil.copytree(killed, tmp_path / "a"))
    before = set(sql(folder, "SELECT id, pts FROM crop"))
    damage(folder)
    report = index(folder, scene[0])
    assert (report.indexed, report.resumed, report.restarted) == (1, 0, 1)
    assert before <= set(sql(folder, "SELECT id, pts FROM crop"))  # with their ids
    index(tmp_path / "whole", scene[0])
    assert held(folder) == held(tmp_path / "whole")
    with Archive.open(folder) as archive:
        assert archive.check() == []
        assert archive.show().tracklets == 3
        assert archive.show().crops_deleted == 0


@pytest.mark.parametrize(
    "what",
    ["its state", pytest.param("its row", marks=pytest.mark.full)],
)
def test_check_names_it_and_repair_drops_it(what, killed, scene, tmp_path):
    folder = Path(shutil.copytree(killed, tmp_path / "a"))
    DAMAGE[what](folder)
    with Archive.open(folder) as archive:
        (finding,) = archive.check()
        assert (finding.code, finding.repairable) == ("row", True)
        assert "source_id 1" in finding.message
        assert "analysed again from its start" in finding.message
        assert archive.check(repair=True) == []
    report = index(folder, scene[0])
    assert (report.indexed, report.resumed) == (1, 0)
    index(tmp_path / "whole", scene[0])
    assert held(folder) == held(tmp_path / "whole")
