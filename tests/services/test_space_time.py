"""Place and time beside appearance: apart, combined when asked, recorded, replayed, refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from archives import CommandLine
from json_schemas import require_valid

from reidsearch import Archive
from reidsearch.base.errors import Kind, UsageError
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import write_town
from reidsearch.domain.replay import AsIt, DifferenceKind

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town") / "archive"
    drawn = drawn_town(people=20, cameras=3, hours=2, couples=0, seed=5)
    of_person: dict[int, list[int]] = {}
    for one in write_town(folder, drawn):
        of_person.setdefault(one.sighting.person, []).append(one.crop_ids[0])
    with Archive.open(folder) as archive:
        for person, crops in of_person.items():
            kept = [crop for place, crop in enumerate(crops) if person or place % 2]
            archive.identities.new(f"person {person}", kept, force=True)
        archive.calibration.from_identities()
        archive.cases.new("7")
    return folder


def test_told_apart_it_leaves_the_ranking_and_is_on_record(town: Path, run: CommandLine):
    base = ("query", "--identity", "person 0", "--new-only", "-a", town)
    plain = json.loads(run(*base, "--format", "json").out)
    ran = run(*base, "--space-time", "--format", "json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    require_valid(told)
    assert [(m["crop_id"], m["score"]) for m in told["matches"]] == [
        (m["crop_id"], m["score"]) for m in plain["matches"]
    ]
    assert "space_time" not in plain["statement"]
    assert "space_time" not in plain["matches"][0]
    by = told["statement"]["space_time"]
    assert by["people"] == 19  # the person's own way is no evidence for itself
    assert not by["combined"]
    read = [m["space_time"] for m in told["matches"] if m["space_time"]["log10_lr"] is not None]
    assert read
    assert all(
        low <= one["log10_lr"] <= high for one in read for low, high in [one["log10_lr_interval"]]
    )
    shown = run(*base, "--space-time")
    assert "place and time" in shown.out
    assert "other identities between" in " ".join(shown.out.split())
    entry = told["statement"]["logged"]["entry"]
    with Archive.open(town) as archive:
        assert archive.replay(entry).identical
        assert archive.replay(entry, AsIt.IS).identical


def test_combined_it_orders_by_the_sum_and_says_what_the_rank_was(town: Path, run: CommandLine):
    base = ("query", "--identity", "person 0", "--new-only", "-a", town, "-k", 5)
    told = json.loads(run(*base, "--combine", "--format", "json").out)
    require_valid(told)
    assert len(told["matches"]) == told["statement"]["k"] == 5
    sums = [m["space_time"]["combined_log10_lr"] for m in told["matches"]]
    assert sums == sorted(sums, reverse=True)
    for match in told["matches"]:
        both = match["reading"]["log10_lr"] + (match["space_time"]["log10_lr"] or 0.0)
        assert both == match["space_time"]["combined_log10_lr"]
    ranks = [m["space_time"]["rank_by_appearance"] for m in told["matches"]]
    assert [m["rank"] for m in told["matches"]] == [1, 2, 3, 4, 5]
    assert ranks != [1, 2, 3, 4, 5]
    timely = json.loads(run(*base, "--combine", "--order", "time", "--format", "json").out)
    times = [m["tracklet"]["first_time"] for m in timely["matches"]]
    assert times == sorted(times)
    assert {m["rank"]: m["crop_id"] for m in timely["matches"]} == {
        m["rank"]: m["crop_id"] for m in told["matches"]
    }
    assert run(*base, "--combine", "--spread", "2").code == UsageError.exit_code
    entry = told["statement"]["logged"]["entry"]
    with Archive.open(town) as archive:
        assert archive.replay(entry).identical
        assert archive.replay(timely["statement"]["logged"]["entry"]).identical
        archive.identities.reject("person 7", [told["matches"][0]["crop_id"]])
        removed = archive.identities.find("person 8").members[0]
        seen = archive.identities.seen([removed])[removed]
        archive.identities.reject("person 8", [seen.crop_ids[0]])
        assert archive.replay(entry).identical  # as it was, with the decisions of that time
        again = archive.replay(entry, AsIt.IS)
        assert {one.kind for one in again.compared.differences} <= {
            DifferenceKind.SPACE_TIME,
            DifferenceKind.ORDER,
        }
        archive.identities.undo()
        archive.identities.undo()


def test_to_rule_somebody_out_it_is_not_combined(town: Path, run: CommandLine):
    asked = ("query", "--identity", "person 0", "-a", town, "--case", "7", "--reason", "exclude: x")
    assert run(*asked, "--space-time").code == 0  # apart, whoever looks can judge
    refused = run(*asked, "--combine")
    assert refused.code == UsageError.exit_code
    assert "rule somebody out" in refused.err
    assert "--space-time without --combine" in refused.err


def test_what_makes_no_sense_is_refused(town: Path):
    with Archive.open(town) as archive:
        with pytest.raises(UsageError) as error:
            archive.search([1], space_time=True)
        assert error.value.kind is Kind.IDENTITY_NEEDED
        with pytest.raises(UsageError, match="all matches"):
            archive.search(identity="person 0", combined=True, k=None, min_score=0.5)
        every = archive.search(identity="person 0", space_time=True, k=None, min_score=0.3)
        assert any(match.space_time for match in every.matches)
