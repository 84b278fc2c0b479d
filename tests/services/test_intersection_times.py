"""Places at which nobody was seen, and times of the day that are empty or that clocks skip."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import unit_rows
from tracklets import Seen, write_footage

from reidsearch import Archive
from reidsearch.base.errors import NotFound, UsageError
from reidsearch.domain.intersection import Place

pytestmark = pytest.mark.full
BEGIN = dt.datetime(2024, 3, 31, 22, 30, tzinfo=dt.UTC)  # in Berlin 00:30 of 1 April
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Two people at the gate over midnight, nobody in the yard."""
    rows = unit_rows(2)
    people = [Seen(60 * n, 60 * n + 5, rows[n : n + 1], 100) for n in range(2)]
    write_footage(tmp_path / "a", "gate.mp4", "gate", people, start=BEGIN, seconds=7200)
    write_footage(tmp_path / "a", "yard.mp4", "yard", [], start=BEGIN, seconds=7200)
    with Archive.open(tmp_path / "a", offline=True) as opened:
        opened.timezone = "Europe/Berlin"
        yield opened


def test_nobody_at_a_place_makes_no_chain(archive: Archive) -> None:
    places = [Place(name, BEGIN, BEGIN + 10 * MINUTE) for name in ("gate", "yard")]
    for asked in (places, places[::-1]):
        found = archive.intersection(asked)
        assert sorted(one.people for one in found.statement.places) == [0, 2]
        assert found.chains == ()


def test_an_unknown_camera_is_told_with_those_that_may_be_seen(archive: Archive) -> None:
    places = [Place("gate", BEGIN, BEGIN + MINUTE), Place("door", BEGIN, BEGIN + MINUTE)]
    with pytest.raises(NotFound) as error:
        archive.intersection(places)
    assert error.value.hint == "cameras: gate, yard"
    with pytest.raises(NotFound) as error:
        archive.intersection(places, sight=archive.sight(["gate"]))
    assert error.value.hint == "cameras: gate"


def test_times_of_the_day_are_not_empty_and_the_day_before_does_not_matter(
    archive: Archive,
) -> None:
    yard = Place("yard", BEGIN, BEGIN + MINUTE)
    with pytest.raises(UsageError, match="from 01:00:00 to 01:00:00 is empty"):
        archive.intersection([Place("gate", dt.time(1), dt.time(1)), yard])
    # 02:10 did not exist on 31 March, the day before.
    at = Place("gate", dt.time(2, 10), dt.time(2, 20))
    found = archive.intersection([at, yard])
    assert found.statement.places[0].from_us == (BEGIN + 100 * MINUTE).timestamp() * 1e6
    over_midnight = Place("gate", dt.time(0, 20), dt.time(0, 40))
    assert archive.intersection([over_midnight, yard]).statement.places[0].people == 2
