"""An audit of a made-up town: a camera whose embeddings are worse is named, and nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from archives import CommandLine, opened
from layouts import IMPRINT, require_apart

from reidsearch import Archive
from reidsearch.datasets.synthetic import town_archive
from reidsearch.datasets.synthetic.town import Sighting, drawn_town
from reidsearch.datasets.synthetic.town_archive import write_town
from reidsearch.domain.audit import Changed
from reidsearch.domain.crops import Vectors
from reidsearch.domain.request import Filters
from reidsearch.output.audit_picture import audit_picture

pytestmark = pytest.mark.full
WORSE = "hall"
TOWN = drawn_town(people=60, cameras=3, hours=3, couples=28, walks=4, seed=3)


class _Worse(town_archive._Vectors):
    """Embeddings of a camera that mostly shows the same thing: its lens is fogged, say."""

    def of(self, one: Sighting, views: int) -> Vectors:
        rows = super().of(one, views)
        if one.camera != WORSE:
            return rows
        fog = town_archive._directions(np.random.default_rng(int(one.first_s) // 20), 1)
        return town_archive._unit(0.5 * rows + 0.8 * fog)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Calibrated by what was confirmed at the other cameras; the yard's last hour is dark."""
    folder = tmp_path_factory.mktemp("town") / "archive"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(town_archive, "_Vectors", _Worse)
        written = write_town(folder, TOWN, views=1, brightness={("yard", 2): 25})
    with opened(folder) as archive:
        for person in range(24):
            crops = [
                one.crop_ids[0]
                for one in written
                if one.sighting.person == person and one.sighting.camera != WORSE
            ]
            archive.identities.new(f"p{person}", crops, force=True)
        archive.calibration.from_identities()
    return folder


@pytest.fixture
def archive(made: Path) -> Iterator[Archive]:
    with opened(made) as archive:
        yield archive


def test_the_worse_and_the_dark_camera_are_named_and_no_other(archive: Archive) -> None:
    found = archive.audit()
    assert [one.camera for one in found.refused] == [WORSE]
    low, _ = found.refused[0].alarms.interval
    assert low > 3 * found.refused[0].threshold.at_most
    assert all(one.pairs >= 100 for one in found.cameras)
    assert all(one.pairs + one.doubled <= one.together for one in found.cameras)
    (dark,) = found.changes
    assert (dark.camera, dark.changed, f"{dark.at:%H}") == ("yard", Changed.DARK, "10")
    require_apart(audit_picture(found, IMPRINT))


def test_an_answer_gives_no_probability_there_and_says_why(archive: Archive) -> None:
    shown = archive.footage.tracklets(archive.footage.find(f"{WORSE}-000").source_id)[0]
    answer = archive.search(shown.crop_ids[0], k=30)
    read = {match.crop.facts.camera: match.reading is not None for match in answer.matches}
    assert read[WORSE] is False
    assert any(reads for camera, reads in read.items() if camera != WORSE)
    (told,) = [one for one in answer.statement.warnings if "does not hold" in one]
    assert told.startswith(f"calibration does not hold at {WORSE}: of ")
    assert "is promised: its matches have no probability" in told
    others = archive.search(shown.crop_ids[0], k=5, filters=Filters(cameras=("yard",)))
    assert all(match.reading for match in others.matches)
    assert not any("does not hold" in one for one in others.statement.warnings)


def test_doctor_tells_it_and_prints_the_figures(
    made: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    run = CommandLine(monkeypatch, capfd, made)
    told = json.loads(run("doctor", "--audit", "--format", "json").out)
    assert {one["camera"]: one["holds"] for one in told["cameras"]} == {
        "entrance": True,
        WORSE: False,
        "yard": True,
    }
    whole = next(one for one in told["rows"] if one["by"] == "camera" and one["camera"] == WORSE)
    hours = [one for one in told["rows"] if one["by"] == "hour" and one["camera"] == WORSE]
    assert sum(one["alarms"][0]["pairs"] for one in hours) == whole["alarms"][0]["pairs"]
    checks = run("doctor", "--format", "json")
    named = [one for one in json.loads(checks.out)["checks"] if one["status"] == "warn"]
    details = " ".join(one["detail"] for one in named)
    assert f"calibration does not hold at {WORSE}" in details
    assert "yard has gone dark at 2024-05-31 10:" in details
    assert "yard:" not in details.replace("yard has", "")
