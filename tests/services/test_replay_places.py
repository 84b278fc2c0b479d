"""Questions about several places, asked again: identical, or every change named."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import sql

from reidsearch import Archive
from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import BEGIN, Look, write_town
from reidsearch.domain.event_log import Event
from reidsearch.domain.intersection import Intersection, Place
from reidsearch.domain.intersection_json import intersection_json
from reidsearch.domain.places import Region
from reidsearch.domain.replay import AsIt, Cause, DifferenceKind, Outcome

pytestmark = pytest.mark.full

HALF = dt.timedelta(minutes=30)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Place]]:
    """Two hours of three cameras, and two of the places of which is asked."""
    town = drawn_town(people=20, cameras=3, hours=1, couples=2, walks=2, seed=5)
    folder = tmp_path_factory.mktemp("made") / "archive"
    write_town(folder, town, look=Look(alike=0.3, own=1.0, visit=0.3), views=2)
    return folder, [Place(one.name, BEGIN, BEGIN + HALF) for one in town.cameras[:2]]


@pytest.fixture
def archive(made: tuple[Path, list[Place]], tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(shutil.copytree(made[0], tmp_path / "a"), offline=True) as opened:
        yield opened


@pytest.fixture
def asked(archive: Archive, made: tuple[Path, list[Place]]) -> Intersection:
    found = archive.intersection(made[1], k=5)
    assert len(found.chains) > 2
    return found


def entry_of(found: Intersection) -> int:
    assert found.statement.logged is not None
    assert found.statement.logged.entry is not None
    return found.statement.logged.entry


def test_it_is_identical_from_the_log_and_from_a_file(archive, asked, tmp_path) -> None:
    path = tmp_path / "answer.json"
    document = json.loads(json.dumps(intersection_json(asked)))
    path.write_text(json.dumps(document))
    for given in (entry_of(asked), path):
        for as_it in AsIt:
            told = archive.replay(given, as_it)
            assert told.identical
            assert told.compared.exact
            assert (told.of, told.matches_was) == (Event.INTERSECTION, len(asked.chains))
            assert not told.changes
    document["chains"][0]["seen"][0]["location"] = "elsewhere.mp4"
    path.write_text(json.dumps(document))
    told = archive.replay(path)
    assert not told.identical
    assert told.evidence.file_differs == (
        "what is told of a chain, beside its crops and its score",
    )
    document["statement"]["places"][0]["people"] += 1
    document["chains"][1]["score"] = 0.999
    path.write_text(json.dumps(document))
    differs = archive.replay(path).evidence.file_differs
    assert differs[0] == "places of the statement"
    assert differs[1].startswith("chain 2: crops")


def test_decisions_since_are_named_and_do_not_count_as_it_was(archive, asked) -> None:
    one, other = asked.chains[0].crop_ids
    archive.identities.new("anna", [one])
    archive.identities.new("bert", [other])
    was = archive.replay(entry_of(asked))
    assert was.identical
    assert [change.cause for change in was.changes] == [Cause.DECISIONS]
    now = archive.replay(entry_of(asked), AsIt.IS)
    assert now.compared.outcome is Outcome.DIFFERENT
    gone = now.compared.differences[0]
    assert (gone.kind, gone.crop_ids) == (DifferenceKind.MISSING, asked.chains[0].crop_ids)
    assert gone.causes == (Cause.DECISIONS,)


def test_what_was_deleted_and_what_came_since_is_named(archive, asked) -> None:
    gone = asked.chains[1].seen[0]
    archive.delete(archive.plan_delete(crop_ids=gone.crop_ids))
    told = archive.replay(entry_of(asked))
    causes = {one.crop_ids: one.causes for one in told.compared.differences}
    assert causes[asked.chains[1].crop_ids] == (Cause.ERASED,)
    assert Cause.ERASED in [one.cause for one in told.changes]
    assert any("deleted" in one for one in told.not_rebuilt)


def test_entries_that_cannot_be_asked_again_say_so(archive, asked) -> None:
    archive.nearby(asked.chains[0].seen[0].member)
    with pytest.raises(UsageError, match="nearby; such an entry says what was asked"):
        archive.replay(entry_of(asked) + 1)
    detail = '{"crops":[],"reason":null,"statement":{"places":[]}}'
    number = entry_of(asked)
    query = "UPDATE log_entry SET detail = :detail WHERE id = :number"
    sql(Path(archive.location), query, detail=detail, number=number)
    with pytest.raises(UsageError, match="earlier version") as error:
        archive.replay(number)
    assert error.value.kind == Kind.ANSWER_UNREADABLE


def test_a_region_counts_alone_and_is_asked_again_as_it_was_drawn(archive, made) -> None:
    gate, yard = made[1]
    whole = archive.intersection([gate, yard], k=5).statement.places[0].people
    half = Region(gate.camera, ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)), "left")
    archive.places.add(half)
    named = Place("left", gate.begins, gate.ends)
    found = archive.intersection([named, yard], k=5)
    place = found.statement.places[0]
    assert (place.camera, place.region) == (gate.camera, half)
    assert place.people <= whole
    given = Place(gate.camera, gate.begins, gate.ends, half)
    again = archive.intersection([given, yard], k=5)
    assert [one.crop_ids for one in again.chains] == [one.crop_ids for one in found.chains]
    archive.places.remove("left")
    with pytest.raises(NotFound, match="no camera or region 'left'"):
        archive.intersection([named, yard])
    assert archive.replay(entry_of(found)).identical


def test_what_changed_is_named_though_the_clock_went_back(archive, asked, monkeypatch) -> None:
    earlier = asked.statement.asked_at - dt.timedelta(days=1)
    monkeypatch.setattr("reidsearch.store.event_log.now", lambda: earlier)
    archive.timezone = "Europe/Berlin"
    told = archive.replay(entry_of(asked))
    assert [one.cause for one in told.changes] == [Cause.FACTS]


def test_a_file_that_nobody_answered_is_refused(archive, asked, tmp_path) -> None:
    document = json.loads(json.dumps(intersection_json(asked)))
    document["statement"]["logged"] = None
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(document))
    assert archive.replay(path).identical
    statement, chains = document["statement"], document["chains"]
    for part in (
        {"statement": {**statement, "places": statement["places"][:1]}},
        {"statement": {**statement, "newest_crop": 10**30}},
        {"statement": {**statement, "logged": {"entry": "5"}}},
        {"chains": [{**chains[0], "score": "nan"}, *chains[1:]]},
        {"chains": [*chains, chains[0]]},
    ):
        path.write_text(json.dumps({**document, **part}))
        with pytest.raises(UsageError, match="this is no"):
            archive.replay(path)
    with pytest.raises(NotFound, match="no entry"):
        archive.replay(10**30)
