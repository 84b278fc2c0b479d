"""A whole archive as version 0.1.0 made it: it answers the same, and its runs go on.

`data/archive-0.1.0.tar.gz` holds, made by that version at revision f2fd1a6: 104 labelled crops of
synthetic people, `gate.mp4` indexed whole, `yard.mp4` stopped half-way, attributes of all crops,
identities with a rejection and an undone confirmation, a calibration on the labels, the index and
the neighbour graph; and `yard.mp4` itself. `data/archive-0.1.0.json` is what that version answered.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
from archives import NOON, sql
from frozen import DATA

from reidsearch import Archive, migrate
from reidsearch.domain.event_log import Event
from reidsearch.domain.request import Filters
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.services.index import FootageOptions
from reidsearch.store.database import schema

EXPECTED = json.loads((DATA / "archive-0.1.0.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, migrated, with `yard.mp4` beside it."""
    folder = tmp_path_factory.mktemp("released")
    with tarfile.open(DATA / "archive-0.1.0.tar.gz") as tar:
        tar.extractall(folder, filter="data")
    assert migrate(folder / "archive") == ("0003", schema.REVISION)
    return folder


def test_the_log_of_a_migrated_archive_begins_with_that(released) -> None:
    with Archive.open(released / "archive") as archive:
        begin, migrated, *_ = archive.log.entries()
        assert (begin.event, migrated.event) == (Event.BEGIN, Event.MIGRATE)
        assert migrated.said == {"from": "0003", "to": schema.REVISION}


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores as that version had them: an archive of several cameras is camera-adjusted now."""
    monkeypatch.setattr("reidsearch.index.adjusting.LEAST_CAMERAS", 99)


def filters_of(asked: dict[str, Any]) -> Filters:
    given = {name: value for name, value in asked.items() if name != "after"}
    after = asked.get("after")
    return Filters(**given, after=dt.datetime.fromisoformat(after) if after else None)


@pytest.mark.full
@pytest.mark.parametrize("case", EXPECTED["answers"], ids=lambda case: str(case["asked"]))
def test_it_answers_as_it_did(released, case):
    options = dict(case["asked"])
    query, filters = options.pop("query"), filters_of(options.pop("filters", {}))
    with Archive.open(released / "archive") as archive:
        matches = archive.search(query, filters=filters, **options).matches
    assert [m.crop.crop_id for m in matches] == [row[0] for row in case["matches"]]
    for match, (_, score, tracklet_id, log10_lr) in zip(matches, case["matches"], strict=True):
        assert match.score == pytest.approx(score, abs=2e-5)
        assert (match.tracklet and match.tracklet.tracklet_id) == tracklet_id
        read = match.reading.log10_lr if match.reading else None
        assert read == (None if log10_lr is None else pytest.approx(log10_lr, abs=2e-4))


@pytest.mark.full
def test_all_that_it_holds_is_whole(released):
    with Archive.open(released / "archive") as archive:
        assert archive.check() == []
        assert len(archive) == 119
        sources = archive.footage.coverage()
        assert [source.state for source in sources] == ["finished", "interrupted"]
        assert [source.settings["sample_rate_hz"] for source in sources] == [4, 4]
        story = archive.identities.show("anna")
        assert [one.member.text for one in story.members] == ["tracklet 1"]
        assert [one.member.text for one in story.rejected] == ["tracklet 2"]
        assert [one.undone_by for one in story.decisions] == [None, None, 5, None]
        assert [one.note for one in story.decisions] == ["red jacket", "", "", ""]
        calibration = archive.calibration.in_force()
        assert calibration is not None
        assert calibration.provenance.people == 26
        worn = archive.attributes.of(105)
        assert worn is not None
        assert worn.colour("lower") == ("purple", 1.0)


@pytest.mark.full
def test_what_an_earlier_tracker_left_unfinished_is_analysed_from_its_start(released, tmp_path):
    folder = Path(shutil.copytree(released, tmp_path / "released"))
    options = FootageOptions(
        naming=SourceNaming(camera="yard", start=NOON + dt.timedelta(minutes=1)),
        detections=folder / "yard.det.txt",
    )
    sql(
        folder / "archive",
        "UPDATE run SET command = replace(command, :old, :new)",
        old="/tmp/footage",
        new=str(folder),
    )
    with Archive.open(folder / "archive", model="builtin") as archive:
        assert archive.show().unfinished_runs == 1
        report = archive.index([folder / "yard.mp4"], footage=options).footage
        assert (report.indexed, report.resumed, report.tracklets) == (1, 0, 2)
        assert archive.check() == []
        source = archive.footage.find("yard.mp4")
        assert archive.show().unfinished_runs == 0, "it has made up for the interrupted one"
    found = sql(
        folder / "archive",
        "SELECT pts, x1, y1, x2, y2 FROM crop WHERE source_id = :source ORDER BY id",
        source=source.source_id,
    )
    assert found == [tuple(row[1:]) for row in EXPECTED["finished"]]
