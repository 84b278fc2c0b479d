"""`reidsearch camera region`, and lists filtered by what it keeps; in PostgreSQL too."""

from __future__ import annotations

import pytest
from archives import CommandLine, documents, fill, unit_rows
from json_schemas import require_valid
from tracklets import Seen, write_footage

from reidsearch.domain.crops import Facts

pytestmark = pytest.mark.full


def test_regions_are_kept_and_filter(run: CommandLine) -> None:
    """Two people stand at the gate, left for 20 s and right for 5 s; a picture has no track."""
    rows = unit_rows(3)
    left, right = Seen(0, 20, rows[:1], 10), Seen(0, 5, rows[1:2], 500)
    write_footage(run.archive, "a.mp4", "gate", [left, right])
    fill(run.archive, rows[2:], [Facts("gate")])

    def told(*words: object) -> dict:
        ran = run(*words, "--format", "json")
        assert ran.code == 0, ran.err
        (document,) = documents(ran.out)
        require_valid(document)
        return document

    half = "gate:0,0 0.5,0 0.5,1 0,1"
    assert told("camera", "region", "add", "left", half)["place"]["kind"] == "region"
    assert told("camera", "region", "add", "sill", "gate:0.5,0 0.5,1")["place"]["kind"] == "line"
    kept = run("camera", "region", "add", "left side", half).out
    assert kept.endswith("reidsearch query --region 'left side'.\n")
    assert told("camera", "region", "remove", "left side")["change"] == "remove"
    assert run("camera", "region", "add", "left", half).code == 2
    assert run("camera", "region", "add", "yard", "yard:0,0 1,0 1,1").code == 9
    kept = told("camera", "region", "list")["places"]
    assert [(one["name"], one["camera"]) for one in kept] == [("left", "gate"), ("sill", "gate")]
    for filters, crops, no_track in (
        (("--region", "left"), [1], 1),
        (("--region", "left", "--dwell", "30s"), [], 1),
        (("--dwell", "6s"), [1], 1),
        (("--crossing", "sill"), [], 1),
        (("--region", "gate:0.6,0 1,0 1,1 0.6,1", "--weekday", "fri"), [2], 0),
        (("--weekday", "sat,sun"), [], 0),
        (("--indexed-after", "1"), [3], 0),
    ):
        listed = told("query", *filters)
        assert [item["crop_id"] for item in listed["items"]] == crops
        assert listed["statement"]["left_out_unknown_track"] == no_track
    assert run("query", "--region", "sill").code == 9
    assert told("camera", "region", "remove", "sill")["change"] == "remove"
    assert "kind line, name sill" in run("log", "list", "--event", "place").out
