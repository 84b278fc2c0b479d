"""Clocks told from the people of a made-up town: against its truth, accepted, on record."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path

import pytest
from archives import CommandLine, opened
from layouts import IMPRINT, require_apart

from reidsearch.base.errors import NotFound, UsageError
from reidsearch.base.timecode import to_us
from reidsearch.datasets.synthetic.town import Town, drawn_town
from reidsearch.datasets.synthetic.town_archive import BEGIN, Look, Written, write_town
from reidsearch.domain.clock_suggestion import WhyNoOffset
from reidsearch.domain.event_log import Event
from reidsearch.output.clock_picture import clock_picture

pytestmark = pytest.mark.full
OFFSETS_S = (0.0, 95.0, -140.0, 30.0)
TOWN = drawn_town(people=60, cameras=4, hours=3, offsets_s=OFFSETS_S, seed=3)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Written]]:
    """A town with clear embeddings, of which nobody is confirmed."""
    folder = tmp_path_factory.mktemp("town") / "archive"
    written = write_town(folder, TOWN, look=Look(own=0.6), views=1)
    return folder, written


@pytest.fixture
def folder(made: tuple[Path, list[Written]], tmp_path: Path) -> Path:
    return shutil.copytree(made[0], tmp_path / "a")


def fast_s(town: Town, camera: str) -> float:
    return next(one.offset_s for one in town.cameras if one.name == camera)


def test_offsets_are_found_with_intervals_that_hold_the_truth(folder: Path) -> None:
    with opened(folder) as archive:
        found = archive.clocks.suggest("entrance")
        assert (found.confirmed, found.matched > 100) == (0, True)
        assert [one.camera for one in found.cameras] == ["hall", "stairs", "yard"]
        for one in found.cameras:
            assert one.offset_s is not None
            assert one.interval_s is not None
            assert one.offset_s == pytest.approx(-fast_s(TOWN, one.camera), abs=12)
            assert one.interval_s[0] <= -fast_s(TOWN, one.camera) <= one.interval_s[1]
            assert (one.drift_ppm, one.sources) == (0, 3)
        assert not any(one.contradicts for one in (*found.pairs, *found.cycles))
        (entry,) = archive.log.entries(events=[Event.CLOCK_SUGGEST])
        assert entry.number == found.logged
        assert archive.footage.clock_changes() == []  # nothing was changed
        drawing = clock_picture(found, IMPRINT)
        require_apart(drawing)


@pytest.mark.slow
def test_confirmed_people_count_with_the_others(
    folder: Path, made: tuple[Path, list[Written]]
) -> None:
    of: dict[int, list[int]] = {}
    for one in made[1]:
        of.setdefault(one.sighting.person, []).append(one.crop_ids[0])
    with opened(folder) as archive:
        for person in range(10, 30):
            archive.identities.new(f"p{person}", of[person])
        found = archive.clocks.suggest("entrance")
        assert found.confirmed > 100
        assert found.matched > 50
        assert found.disagreeing == 0


def test_what_is_accepted_is_set_on_record_and_taken_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    run = CommandLine(monkeypatch, capfd, folder)
    done = run(
        "clock", "suggest", "--reference", "entrance", "--accept", "yard", "--format", "json"
    )
    assert done.code == 0, done.err
    told = json.loads(done.out)
    yard = next(one for one in told["cameras"] if one["camera"] == "yard")
    assert [one["accepted"] for one in told["cameras"]] == [False, False, True]
    with opened(folder) as archive:
        changes = archive.footage.clock_changes()
        assert len(changes) == 3
        assert all("against entrance" in one.why for one in changes)
        of_yard = [one for one in archive.footage.coverage() if one.facts.camera == "yard"]
        for number, one in enumerate(sorted(of_yard, key=lambda one: one.location)):
            at_us = one.facts.clock.at_us(Fraction(0))
            shown_us = to_us(BEGIN) + (number * 3600 - 140) * 1_000_000
            assert at_us == pytest.approx(shown_us + yard["offset_s"] * 1e6, abs=1e4)
            low, high = yard["interval_s"]
            assert one.facts.clock.uncertainty_s == pytest.approx((high - low) / 2 + 1, abs=0.01)
        again = archive.clocks.suggest("entrance")
        now = next(one for one in again.cameras if one.camera == "yard")
        assert now.offset_s == pytest.approx(0, abs=5)  # others are each other's best now
        archive.footage.undo_clock(changes[0])
        with pytest.raises(UsageError, match="since this was suggested"):
            archive.clocks.accept(again, ["yard"], "")  # it was told of the clocks before


def test_what_cannot_be_told_says_why(tmp_path: Path) -> None:
    town = drawn_town(people=4, cameras=3, hours=1, walks=1, couples=0, seed=2)
    write_town(tmp_path / "a", town, views=1)
    with opened(tmp_path / "a") as archive:
        found = archive.clocks.suggest("entrance")
        assert {one.why_not for one in found.cameras} <= {WhyNoOffset.NOBODY, WhyNoOffset.ONE_WAY}
        with pytest.raises(NotFound, match="no footage of a camera 'roof'"):
            archive.clocks.suggest("roof")
        with pytest.raises(UsageError, match="nothing is suggested for the clock of hall"):
            archive.clocks.accept(found, ["hall"], "")
