"""The made-up town: what is written is what was drawn, and the archive takes it for footage."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from reidsearch import Archive
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import BEGIN, write_town

pytestmark = pytest.mark.full


def test_a_town_is_footage_with_known_people_and_clocks(tmp_path: Path) -> None:
    town = drawn_town(people=12, cameras=3, hours=2, couples=2, offsets_s=(0, 40), seed=4)
    assert town == drawn_town(people=12, cameras=3, hours=2, couples=2, offsets_s=(0, 40), seed=4)
    written = write_town(tmp_path / "archive", town, without=[("yard", 1)])
    left_out = [s for s in town.sightings if s.camera == "yard" and s.first_s >= 3600]
    assert left_out
    assert len(written) == len(town.sightings) - len(left_out)
    with Archive.open(tmp_path / "archive") as archive:
        assert archive.check() == []
        for one in written:
            seen = archive.footage.tracklet(one.tracklet_id)
            assert (seen.camera, set(seen.crop_ids)) == (one.sighting.camera, set(one.crop_ids))
            fast = 40 if seen.camera == "hall" else 0
            true = BEGIN + dt.timedelta(seconds=one.sighting.first_s + fast)
            assert seen.first_time is not None
            assert abs((seen.first_time - true).total_seconds()) < 0.25


def test_who_walks_together_is_seen_together() -> None:
    town = drawn_town(people=10, cameras=4, couples=2)
    for one, other in town.groups:
        first, second = town.of_person(one), town.of_person(other)
        assert [s.camera for s in first] == [s.camera for s in second]
        assert all(abs(a.first_s - b.first_s) < 2 for a, b in zip(first, second, strict=True))
    for before, after in town.transits():
        assert after.first_s > before.last_s
