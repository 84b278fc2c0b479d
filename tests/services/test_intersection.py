"""Who may have been at several places at given times, in a made-up town."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from archives import CommandLine

from reidsearch import Archive
from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.datasets.synthetic.town import Town, drawn_town
from reidsearch.datasets.synthetic.town_archive import BEGIN, Look, Written, write_town
from reidsearch.domain.cases import Needed
from reidsearch.domain.event_log import Event
from reidsearch.domain.intersection import Place, best_chains, share_reaching

HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Made:
    folder: Path
    town: Town
    written: list[Written]

    def person(self, tracklet_id: int) -> int:
        return self.written[tracklet_id - 1].sighting.person


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Two hours of three cameras, from 08:00 UTC."""
    town = drawn_town(people=30, cameras=3, hours=2, couples=3, walks=2, seed=5)
    folder = tmp_path_factory.mktemp("made") / "archive"
    look = Look(alike=0.3, own=1.0, visit=0.3)
    return Made(folder, town, write_town(folder, town, look=look, views=2))


@pytest.fixture
def archive(made: Made, tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(shutil.copytree(made.folder, tmp_path / "a"), offline=True) as opened:
        yield opened


def places(made: Made) -> list[Place]:
    names = [camera.name for camera in made.town.cameras[:2]]
    return [Place(name, BEGIN, BEGIN + HOUR / 2) for name in names]


@pytest.mark.full
def test_who_was_at_both_comes_first_with_the_chance_of_an_accident(archive, made):
    found = archive.intersection(places(made), k=5)
    assert [one.people > 3 for one in found.statement.places] == [True, True]
    assert (found.statement.read_by, found.statement.whole) == ("impostors", True)
    best = found.chains[0]
    assert len({made.person(one.member.number) for one in best.seen}) == 1
    assert [one.camera for one in best.seen] == [place.camera for place in places(made)]
    (link,) = best.links
    # None of the some 100 pairs of people seen at once is so alike: that only bounds the chance.
    assert (link.accidental.low, link.accidental.expected) == (0, 0)
    assert link.accidental.high > 0
    scores = [one.weakest.score for one in found.chains]
    assert scores == sorted(scores, reverse=True)
    members = [one.member for chain in found.chains for one in chain.seen]
    assert len(members) == len(set(members))


@pytest.mark.full
def test_decisions_and_what_one_recording_shows_at_once_count(archive, made):
    best = archive.intersection(places(made), k=1).chains[0]
    one, other = (seen.crop_ids[0] for seen in best.seen)
    archive.identities.new("anna", [one])
    archive.identities.new("bert", [other])
    again = archive.intersection(places(made), k=1).chains[0]
    assert {seen.crop_ids[0] for seen in again.seen} != {one, other}
    camera = places(made)[0].camera
    with pytest.raises(UsageError, match=f"1 and 2 are both camera '{camera}'"):
        archive.intersection([Place(camera, BEGIN, BEGIN + HOUR)] * 2)
    halves = [(BEGIN, BEGIN + HOUR / 2), (BEGIN + HOUR / 2, BEGIN + HOUR)]
    for chain in archive.intersection([Place(camera, *half) for half in halves], k=20).chains:
        first, second = chain.seen
        apart = first.first_us > second.last_us or second.first_us > first.last_us
        assert first.member == second.member or apart


@pytest.mark.full
def test_times_of_the_day_need_one_day_and_what_may_not_be_seen_is_not_there(archive, made):
    (gate, yard, *_) = (camera.name for camera in made.town.cameras)
    nine = Place(gate, dt.time(8), dt.time(8, 30))
    zone_free = archive.intersection([Place(gate, BEGIN, dt.time(8, 30)), places(made)[1]], k=1)
    archive.timezone = "UTC"
    found = archive.intersection([nine, places(made)[1]], k=1)
    assert found.statement.places[0].from_us == zone_free.statement.places[0].from_us
    with pytest.raises(UsageError, match="no footage of"):
        archive.intersection([Place(gate, dt.time(13), dt.time(14)), nine], k=1)
    with pytest.raises(UsageError, match="two places"):
        archive.intersection([nine], k=1)
    with pytest.raises(NotFound):
        archive.intersection([nine, Place(yard, BEGIN, BEGIN + HOUR)], sight=archive.sight([gate]))
    archive.cases.require(Needed.CASE)
    with pytest.raises(UsageError) as error:
        archive.intersection(places(made))
    assert error.value.kind == Kind.CASE_REQUIRED


@pytest.mark.full
def test_where_nobody_was_seen_there_is_no_chain(archive, made):
    (somebody, other) = places(made)
    nobody = Place(other.camera, BEGIN - HOUR, BEGIN - HOUR / 2)
    found = archive.intersection([somebody, nobody])
    assert found.chains == ()
    assert [bool(one.people) for one in found.statement.places] == [True, False]
    assert archive.replay(found.statement.logged.entry).identical


@pytest.mark.full
def test_a_time_of_several_days_is_refused_with_the_days(tmp_path):
    town = drawn_town(people=4, cameras=2, hours=50, couples=0, walks=2, seed=2)
    write_town(tmp_path / "a", town, views=1, segment_s=36_000)
    with Archive.open(tmp_path / "a", offline=True) as archive:
        archive.timezone = "UTC"
        gate, yard = (camera.name for camera in town.cameras)
        at = [Place(name, dt.time(9), dt.time(9, 30)) for name in (gate, yard)]
        with pytest.raises(UsageError, match="2024-05-31, 2024-06-01, 2024-06-02"):
            archive.intersection(at)


@pytest.mark.full
def test_the_command_as_json_table_and_sheet(made, run: CommandLine, tmp_path):
    shutil.copytree(made.folder, run.archive)
    (gate, yard, *_) = (camera.name for camera in made.town.cameras)
    at = ["--at", f"{gate}@2024-05-31T08:00Z..2024-05-31T08:30Z"]
    at += ["--at", f"{yard}@2024-05-31T08:00Z..2024-05-31T08:30Z"]
    told = json.loads(run("query", *at, "-k", "3", "--format", "json").out)
    assert 1 <= len(told["chains"]) <= 3
    log = json.loads(run("log", "list", "--last", "1", "--format", "json").out)
    (entry,) = log["entries"]
    assert entry["event"] == Event.INTERSECTION
    sheet = tmp_path / "both.html"
    ran = run("query", *at, "-o", sheet)
    assert "whether or not anybody was at all of the places" in ran.out
    assert "Chain 1" in sheet.read_text()
    assert "unknown pairs" not in sheet.read_text()
    for odd in (["--at", "gate"], [*at, "--camera", gate], [*at, "-k", "all"], at[:2]):
        assert run("query", *odd).code == 2


@pytest.mark.full
def test_reports_and_evidence_of_a_case_hold_the_question_and_its_answer(made, run, tmp_path):
    shutil.copytree(made.folder, run.archive)
    (gate, yard, *_) = (camera.name for camera in made.town.cameras)
    at = ["--at", f"{gate}@2024-05-31T08:00Z..2024-05-31T08:30Z"]
    at += ["--at", f"{yard}@2024-05-31T08:00Z..2024-05-31T08:30Z"]
    assert run("case", "new", "2026-17").code == 0
    told = json.loads(run("query", *at, "--case", "2026-17", "--format", "json").out)
    number, first = told["statement"]["logged"]["entry"], told["chains"][0]
    ran = run("report", "case", "2026-17", "-o", tmp_path / "r.json")
    assert ran.code == 0, ran.err
    report = (tmp_path / "r.json").read_text("utf-8")
    assert f"Who was at several places, entry {number}" in report
    assert f"{first['score']:.3f}" in report
    (held,) = json.loads(report)["data"]["places_asked"]
    assert held["said"]["chains"][0]["crops"] == [one["crop_ids"][0] for one in first["seen"]]
    crop = first["seen"][0]["crop_ids"][0]
    given = ("--case", "2026-17", "--sources", "none", "-o", tmp_path / "bundle")
    ran = run("export", "evidence", crop, *given)  # 1: the drawn town has no footage to put in
    assert ran.code in {0, 1}, ran.err
    answer = json.loads((tmp_path / "bundle" / "answers" / f"entry-{number}.json").read_text())
    assert answer["chains"] == held["said"]["chains"]
    assert run("export", "verify", tmp_path / "bundle").code == 0


def test_the_best_chain_has_the_strongest_weakest_link() -> None:
    def scores(rows: list[list[float]]) -> np.ndarray:
        return np.array(rows, np.float32)

    none = scores([[0.0]])
    one_two = scores([[0.9, 0.5], [0.4, 0.6]])
    one_three = scores([[0.1, 0.7], [0.6, 0.2]])
    two_three = scores([[0.8, 0.3], [0.5, 0.6]])
    found, whole = best_chains(
        [[none, one_two, one_three], [none, none, two_three], [none, none, none]], 5
    )
    # 0-1-1 holds at 0.5; of what is left only 1-0-0, at 0.4. 0-0-1 would hold at 0.3.
    assert (found, whole) == ([(0, 1, 1), (1, 0, 0)], True)
    never = scores([[-2.0]])
    assert best_chains([[none, never], [never, none]], 5) == ([], True)


def test_a_share_has_the_interval_that_so_many_pairs_give() -> None:
    scores = np.linspace(0, 1, 101)
    share, low, high = share_reaching(scores, 0.9)
    assert share == pytest.approx(11 / 101)
    assert (low, high) == (pytest.approx(0.062, abs=0.001), pytest.approx(0.184, abs=0.001))
    assert share_reaching(scores, 1.5) == (0.0, 0.0, pytest.approx(0.0366, abs=0.001))
