"""Decisions keep the crops by which a member was named, and show them."""

from __future__ import annotations

import json

import pytest
from archives import opened, sql


@pytest.mark.full
def test_what_was_given_is_shown_beside_what_it_stands_for(folder, run):
    run.archive = folder
    assert "crop 2 (tracklet 1)" in run("identity", "new", "anna", 2, 9).out
    assert "crop 7 (tracklet 4)" in run("confirm", 7, "--as", "anna").out
    run("confirm", 6, 7, "--as", "anna")  # changes nothing, so names nothing either
    assert "crop 4 (tracklet 2)" in run("reject", 4, "--as", "anna").out
    shown = run("identity", "show", "anna")
    rows = {line.split()[1]: line for line in shown.out.splitlines() if "tracklet " in line[:9]}
    assert rows["1"].split()[-2] == "2"
    assert rows["4"].split()[-2] == "7"
    assert rows["2"].split()[-2] == "4"
    document = json.loads(run("identity", "show", "anna", "--format", "json").out)
    given = {one["member"]["number"]: one["named_by"] for one in document["members"]}
    assert given == {1: [2], 4: [7], 9: [9]}
    assert [one["named_by"] for one in document["rejected"]] == [[4]]
    assert "crop 2 (tracklet 1)" in run("identity", "list", "--decisions").out
    assert (
        "crop 8 (tracklet 5) does not belong"
        in run("identity", "split", "anna", 8, "--as", "b").err
    )
    # What was undone names nothing any more, and what was done again does.
    run("undo")
    run("confirm", 3, "--as", "anna", "--ignore-conflicts")
    document = json.loads(run("journey", "anna", "--format", "json").out)
    told = {one["member"]["number"]: one["named_by"] for one in document["stops"]}
    assert told == {1: [2], 2: [3], 4: [7], 9: [9]}


def test_a_log_from_before_crops_were_kept_is_read(folder):
    with opened(folder) as archive:
        archive.identities.new("anna", [2])
    ((changes,),) = sql(folder, "SELECT changes FROM decision")
    former = [{k: v for k, v in one.items() if k != "crops"} for one in json.loads(changes)]
    sql(folder, "UPDATE decision SET changes = :changes", changes=json.dumps(former))
    with opened(folder) as archive:
        (seen,) = archive.identities.show("anna").members
        assert (seen.named_by, seen.crop_ids) == ((), (1, 2))
        assert archive.identities.undo().what == "undo"
