"""Filters by where people went and when, what was decided and indexed, against the truth of a town.

Three cameras on a Friday from 08:00 UTC on; feet stay at one height of the picture, and everybody
walks from one side to the other.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil

import pytest
from archives import NOON, fill, unit_rows
from json_schemas import require_valid
from tracklets import Seen, write_footage

from reidsearch import Archive
from reidsearch.base.errors import Kind, NotFound, UsageError
from reidsearch.base.weekdays import Weekdays
from reidsearch.datasets.synthetic.town import drawn_town
from reidsearch.datasets.synthetic.town_archive import FPS, write_town
from reidsearch.domain.answer_reading import read_answer
from reidsearch.domain.browsing import BrowseRequest
from reidsearch.domain.crops import Facts
from reidsearch.domain.places import Line, Region
from reidsearch.domain.request import Filters, Order, SearchRequest
from reidsearch.output.statement import brief

TOWN = drawn_town(people=14, cameras=3, hours=1, couples=2, walks=2)
CAMERA = TOWN.cameras[0].name
LOWER = Region(CAMERA, ((0, 0.75), (1, 0.75), (1, 1), (0, 1)))
MIDDLE = Line(CAMERA, ((0.5, 0), (0.5, 1)))  # in: towards the left of the picture

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "town"
    return folder, write_town(folder, TOWN)


@pytest.fixture
def town(made, tmp_path):
    with Archive.open(shutil.copytree(made[0], tmp_path / "town")) as archive:
        yield archive


@pytest.fixture(scope="module")
def written(made):
    return made[1]


def listed(archive, filters):
    page = archive.browse.page(BrowseRequest(filters, limit=500))
    require_valid(json.loads(json.dumps(page.to_json())))
    return {item.member.number for item in page.items}


def found(archive, filters, **asked):
    answer = archive.search(SearchRequest(1, k=1000, filters=filters, **asked))
    return {match.tracklet.tracklet_id for match in answer.matches} | (
        {1} & listed(archive, filters)  # the query's own crop is left out, not its tracklet
    )


def stay_s(one):
    """As it is written, frame by frame."""
    return (round(one.sighting.last_s * FPS) - round(one.sighting.first_s * FPS)) / FPS


def test_regions_lines_and_stays_let_through_whom_the_truth_says(town, written):
    """In a list and in a search alike; asking for k gives all who pass."""

    def true(condition):
        return {one.tracklet_id for one in written if condition(one)}

    def here(one):
        return one.sighting.camera == CAMERA

    def leftwards(one):
        return one.sighting.from_x > one.sighting.to_x

    for filters, expected in (
        (Filters(regions=(LOWER,)), true(lambda one: here(one) and one.sighting.feet >= 0.75)),
        (Filters(crossings=(MIDDLE,)), true(here)),
        (Filters(crossings=(MIDDLE,), direction="in"), true(lambda o: here(o) and leftwards(o))),
        (
            Filters(crossings=(MIDDLE,), direction="out", regions=(LOWER,)),
            true(lambda o: here(o) and not leftwards(o) and o.sighting.feet >= 0.75),
        ),
        (Filters(dwell_s=15), true(lambda one: stay_s(one) >= 15)),
        (
            Filters(regions=(LOWER,), dwell_s=15),
            true(lambda o: here(o) and o.sighting.feet >= 0.75 and stay_s(o) >= 15),
        ),
    ):
        assert 0 < len(expected) < len(written)
        assert listed(town, filters) == expected
        assert found(town, filters) == expected


def test_an_answer_says_what_it_was_filtered_by_and_can_be_read_and_replayed(town):
    town.places.add(Region(CAMERA, LOWER.points, "forecourt"))
    town.places.add(Line(CAMERA, MIDDLE.points, "sill"))
    filters = Filters(
        regions=("forecourt",),
        crossings=("sill",),
        direction="in",
        dwell_s=3,
        weekdays=Weekdays.read("mon-fri"),
        unreviewed=True,
        indexed_after_run=0,
    )
    answer = town.search(SearchRequest(1, k=3, filters=filters, order=Order.TIME, spread=2))
    told = " ".join(brief(answer.statement))
    for part in ("forecourt", "sill", " in;", "3.0 s or longer there", "mon to fri", "order of"):
        assert part in told
    document = answer.to_json()
    require_valid(json.loads(json.dumps(document)))
    assert read_answer(json.loads(json.dumps(document))).statement.filters == (
        answer.statement.filters
    )
    town.places.remove("forecourt")  # the answer has its points
    told = town.replay(answer.statement.logged.entry)
    assert told.identical
    with pytest.raises(NotFound) as refused:
        town.search(SearchRequest(1, filters=filters))
    assert refused.value.kind == Kind.PLACE_UNKNOWN


def test_matches_spread_over_cameras_and_stand_in_order_of_time(town):
    plain = town.search(SearchRequest(1, k=1000))
    most = {}
    for match in plain.matches:
        most.setdefault(match.crop.facts.camera, []).append(match.tracklet.tracklet_id)
    spread = town.search(SearchRequest(1, k=9, spread=3))
    shown = {}
    for match in spread.matches:
        shown.setdefault(match.crop.facts.camera, []).append(match.tracklet.tracklet_id)
    assert shown == {camera: ids[:3] for camera, ids in most.items()}  # 9 as asked for
    timed = town.search(SearchRequest(1, k=9, spread=3, order=Order.TIME))
    assert sorted(timed.matches, key=lambda one: one.rank) == list(spread.matches)
    times = [match.tracklet.first_time for match in timed.matches]
    assert times == sorted(times) != [match.tracklet.first_time for match in spread.matches]
    more_than_there_are = town.search(SearchRequest(1, k=100, spread=3))
    assert len(more_than_there_are.matches) == 9
    with pytest.raises(UsageError, match="best first"):
        SearchRequest(1, k=None, min_score=0.5, order=Order.TIME)


def test_what_was_reviewed_is_left_out_before_ranking(town):
    first = [match.crop.crop_id for match in town.search(SearchRequest(1, k=4)).matches]
    town.identities.new("anna")
    town.identities.confirm("anna", [first[0]])
    town.identities.reject("anna", [first[1]])
    for filters, left_out in (
        (Filters(unreviewed=True), first[:2]),
        (Filters(no_identity=True), first[:1]),
    ):
        answer = town.search(SearchRequest(1, k=4, filters=filters))
        shown = [match.crop.crop_id for match in answer.matches]
        assert len(shown) == 4
        assert shown[: 4 - len(left_out)] == [one for one in first if one not in left_out]
        members = {town.browse.crop(one).member.number for one in left_out}
        assert not members & listed(town, filters)
    with pytest.raises(UsageError, match="ask for one of both"):
        BrowseRequest(Filters(unreviewed=True), identity="anna")


def test_limited_accounts_learn_of_no_other_cameras_regions(town):
    town.places.add(Region(CAMERA, LOWER.points, "forecourt"))
    others = town.sight([one.name for one in TOWN.cameras[1:]])
    assert town.places.all(others) == []
    for filters in (Filters(regions=("forecourt",)), Filters(regions=("nowhere",))):
        with pytest.raises(NotFound) as refused:
            others.filters(filters)
        assert refused.value.kind == Kind.PLACE_UNKNOWN
    with pytest.raises(NotFound, match="no camera"):
        others.filters(Filters(crossings=(MIDDLE,)))
    with pytest.raises(NotFound):
        town.places.remove("forecourt", others)
    mine = town.sight([CAMERA]).filters(Filters(regions=("forecourt",)))
    assert mine.cameras == (CAMERA,)


@pytest.fixture
def week(tmp_path):
    """Tracklets by their crops' ids: Sunday 22:30 UTC (1), Monday 12:00 (2); pictures 3 and 4."""
    folder = tmp_path / "week"
    rows = unit_rows(4, seed=3)
    sunday = dt.datetime(2024, 3, 31, 22, 30, tzinfo=dt.UTC)  # 00:30 on Monday in Berlin
    write_footage(folder, "a.mp4", "gate", [Seen(0, 10, rows[:1])], start=sunday)
    write_footage(
        folder, "b.mp4", "gate", [Seen(0, 40, rows[1:2])], start=NOON.replace(month=4, day=1)
    )
    fill(folder, rows[2:], [Facts(camera="gate", time=NOON), Facts(camera="gate")], first=50)
    with Archive.open(folder) as archive:
        yield archive


def test_days_are_those_of_the_zone(week):
    """And what has no known time is counted, not taken."""
    for zone, days, crops in (
        ("UTC", "sun", {1}),
        ("Europe/Berlin", "sun", set()),
        ("Europe/Berlin", "mon", {1, 2}),
        ("UTC", "fri", {3}),
        ("UTC", "tue-sun", {1, 3}),
    ):
        filters = Filters(weekdays=Weekdays.read(days, zone))
        answer = week.preview_search(SearchRequest(1, filters=filters))
        assert (answer.plan.candidates, answer.left_out_unknown_time) == (len(crops), 1)
        page = week.browse.page(BrowseRequest(filters))
        assert {item.crop.crop_id for item in page.items} == crops
        assert page.statement.left_out_unknown_time == 1


def test_only_what_later_runs_brought(week):
    after = week.browse.page(BrowseRequest(Filters(indexed_after_run=1)))
    assert {item.crop.crop_id for item in after.items} == {2, 3, 4}
    at = week.crop(2).indexed_at
    since = week.preview_search(SearchRequest(1, filters=Filters(indexed_after=at)))
    assert since.plan.candidates == 2
    with pytest.raises(NotFound, match="the newest is 3"):
        week.preview_search(SearchRequest(1, filters=Filters(indexed_after_run=4)))


def test_what_has_no_track_is_counted(week):
    everywhere = Region("gate", ((0, 0), (1, 0), (1, 1), (0, 1)))
    for filters in (Filters(regions=(everywhere,)), Filters(dwell_s=5)):
        seen = week.preview_search(SearchRequest(1, filters=filters))
        assert (seen.plan.candidates, seen.left_out_unknown_track) == (2, 2)
        page = week.browse.page(BrowseRequest(filters))
        assert (page.statement.items_passed, page.statement.left_out_unknown_track) == (2, 2)
    with pytest.raises(UsageError, match="no camera in common"):
        week.preview_search(
            SearchRequest(1, filters=Filters(cameras=("yard",), regions=(everywhere,)))
        )
