"""`merge` end to end: real footage, folders and databases mixed, and kills in between."""

from __future__ import annotations

import csv
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from archives import CommandLine, draw_many, fill, start, unit_rows
from merged import content
from postgres import server

from reidsearch import Archive

pytestmark = pytest.mark.full


def indexed(run: CommandLine, footage: Path, archive: object, *videos: str) -> None:
    listed = ("--sources", footage / "sources.csv", "--model", "builtin", "-a", archive)
    ran = run("index", *(footage / one for one in videos), *listed)
    assert ran.code == 0, ran.err


def answer(run: CommandLine, archive: object, crop: int) -> list[tuple[str, float, str]]:
    ran = run("query", "--crop", crop, "-k", 20, "--format", "json", "-a", archive)
    assert ran.code == 0, ran.err
    matches = json.loads(ran.out)["matches"]
    return [(one["location"], one["score"], one["time"]) for one in matches]


def test_footage_of_two_machines_is_that_of_one(run, footage, tmp_path):
    gate, yard, both, merged = (tmp_path / name for name in ("gate", "yard", "both", "merged"))
    indexed(run, footage, gate, "gate.mp4")
    indexed(run, footage, yard, "yard.mp4")
    indexed(run, footage, both, "gate.mp4", "yard.mp4")
    assert run("identity", "new", "anna", 1, "-a", yard).code == 0
    map_ = tmp_path / "map.csv"
    ran = run("merge", gate, yard, merged, "-o", map_, "--format", "json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)["archives"]
    assert [one["new"]["sources"] for one in told] == [1, 1]
    assert content(merged) == content(both)
    assert run("check", "-a", merged).out == "No problems found.\n"
    assert run("log", "verify", "-a", merged).code == 0
    with map_.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["archive"] == str(yard)]
    new = {(row["kind"], row["old"]): int(row["new"]) for row in rows}
    assert answer(run, merged, new["crop", "1"]) == answer(run, both, new["crop", "1"])
    story = json.loads(run("identity", "show", "anna", "-a", merged, "--format", "json").out)
    assert new["tracklet", "1"] == story["members"][0]["member"]["number"]
    again = run("merge", gate, yard, merged)
    assert "nothing new" in again.out
    events = json.loads(run("log", "list", "-a", merged, "--format", "json").out)["entries"]
    ended = [json.loads(one["detail"]) for one in events if one["event"] == "merge-end"]
    assert [one["map_sha256"] for one in ended[:2]] == [one["map_sha256"] for one in told]
    assert [one["log_head"] for one in ended[:2]] == [one["log_head"] for one in told]


def test_folders_and_databases_are_merged_and_asked_together(run, footage, tmp_path):
    running = server()
    remote, both = running.new_archive(), running.new_archive()
    gate, single, back = tmp_path / "gate", tmp_path / "single", tmp_path / "back"
    try:
        indexed(run, footage, gate, "gate.mp4")
        indexed(run, footage, remote, "yard.mp4")
        indexed(run, footage, single, "gate.mp4", "yard.mp4")
        assert run("identity", "new", "anna", 1, "-a", remote).code == 0
        joint = run("query", "--crop", 1, "-a", gate, "-a", remote, "--format", "json", "-k", 9)
        assert joint.code == 0, joint.err
        found = {one["archive"] for one in json.loads(joint.out)["matches"]}
        assert found == {str(gate), str(remote)}
        for target in (both, back):
            ran = run("merge", gate, remote, target)
            assert ran.code == 0, ran.err
            assert content(target) == content(single)
            assert run("check", "-a", target).out == "No problems found.\n"
            assert "anna" in run("identity", "list", "-a", target).out
        # Numbers of the database's own counters go on after it.
        assert run("identity", "new", "bert", 2, "-a", both).code == 0
        draw_many(tmp_path / "crops", 2)
        assert run("index", tmp_path / "crops", "-a", both).code == 0
        assert run("check", "-a", both).out == "No problems found.\n"
    finally:
        running.drop(remote)
        running.drop(both)


def crops_in(folder: Path) -> int:
    """How many crops are committed, asked past the program."""
    try:
        with closing(
            sqlite3.connect(f"file:{folder / 'archive.db'}?mode=ro", uri=True)
        ) as database:
            return int(database.execute("SELECT count(*) FROM crop").fetchone()[0])
    except sqlite3.Error:
        return 0


def test_killed_in_between_it_goes_on(run, tmp_path):
    a, b, both, merged = (tmp_path / name for name in ("a", "b", "both", "merged"))
    rows = unit_rows(3000, seed=1)
    fill(a, rows[:2000])
    fill(b, rows[1500:], first=1500)
    fill(both, rows)
    with Archive.open(b) as archive:
        archive.identities.new("anna", [1, 501])
    kills = 0
    while True:
        before = crops_in(merged)
        process = start("merge", a, b, merged)
        while process.poll() is None and (crops_in(merged) - before < 200 or kills == 4):
            time.sleep(0.002)
        if process.poll() is not None:
            break
        process.kill()
        process.communicate()
        kills += 1
        assert crops_in(merged) % 100 == 0
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert kills >= 2
    assert content(merged) == content(both)
    assert run("check", "-a", merged).out == "No problems found.\n"
    with Archive.open(merged) as archive:
        assert len(archive.identities.show("anna").members) == 2
        assert len(archive.identities.decisions()) == 1


def test_what_is_missing_is_said_before_the_target_is_made(run, tmp_path):
    ran = run("merge", tmp_path / "nowhere", tmp_path / "target")
    assert ran.code != 0
    assert "nowhere" in ran.err
    assert not (tmp_path / "target").exists()
