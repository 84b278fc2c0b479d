"""Lists without a query: filters, order and pages against plain Python, cursors, decisions."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from archives import NOON, fill, sql, unit_rows
from attribute_values import DRAWN, values
from hypothesis import given, settings
from hypothesis import strategies as st
from json_schemas import require_valid
from tracklets import Seen, write_footage

from reidsearch import Archive
from reidsearch.base.errors import NotFound, UsageError
from reidsearch.base.time_of_day import TimeOfDay, offsets
from reidsearch.base.timecode import from_us, to_us
from reidsearch.domain.attributes import PRESENT, WORN
from reidsearch.domain.browsing import BrowseItem, BrowseRequest, Sort
from reidsearch.domain.crops import Facts
from reidsearch.domain.request import Filters
from reidsearch.store.attributes import record
from reidsearch.store.crops.store import Store

BERLIN = ZoneInfo("Europe/Berlin")
# An hour before clocks are put back; tracklets 60 to 80 min after the start are in the hour that
# happens twice, or behind it.
AUTUMN = dt.datetime(2024, 10, 27, 0, 0, tzinfo=dt.UTC)
SOURCES = [
    ("gate.mp4", "gate", NOON),
    ("gate%.mp4", "gate", AUTUMN),
    ("yard.mp4", "yard", NOON + dt.timedelta(minutes=10)),
    ("lost.mp4", "yard", None),
    ("nobody.mp4", None, NOON + dt.timedelta(hours=11)),
    ("hall.mp4", "hall", dt.datetime(1969, 12, 31, 23, 30, tzinfo=dt.UTC)),
]
PICTURES = [
    Facts("gate", NOON),
    Facts(None, NOON + dt.timedelta(minutes=5)),
    Facts("yard", None),
    Facts("hall", AUTUMN + dt.timedelta(hours=1, minutes=30)),
    Facts(None, None),
]


def made(folder: Path) -> None:
    """Tracklets of six sources, five pictures, attributes of most, decisions on some."""
    rng, seed = np.random.default_rng(5), 0
    for name, camera, start in SOURCES:
        seen = []
        for _ in range(5):
            seed += 1
            begins = float(rng.integers(0, 400)) * 10
            lasts = float(rng.choice([0.5, 2, 30, 30, 900]))
            views = unit_rows(int(rng.integers(1, 4)), seed=seed)
            seen.append(Seen(begins, begins + lasts, views))
        write_footage(folder, name, camera, seen, start=start, seconds=6000)
    fill(folder, unit_rows(len(PICTURES), seed=99), PICTURES)
    sql(folder, "UPDATE footage SET offset_us = -2500000, drift_ppm = 120.5 WHERE source_id = 3")
    # One that goes on in the next file of its recording.
    columns = "first_us, last_us, detections, fragments, doubts, trace, sha256"
    sql(
        folder,
        f"INSERT INTO tracklet_part (source_id, tracklet_id, {columns})"
        f" SELECT 2, 1, {columns} FROM tracklet_part WHERE tracklet_id = 1",
    )
    # Best shots of several heights, two of them equal.
    sql(folder, "UPDATE crop SET y2 = y1 + 40 + (id * 37) % 90 WHERE id % 3 > 0")
    with Store(folder) as store:
        last = store.state().last_crop_id
        lacking = {1, 2, 3, last}
        rows = [(one, values(one)) for one in range(1, last + 1) if one not in lacking]
        record(store, DRAWN, len(rows), [rows])
    with Archive.open(folder) as archive:
        archive.timezone = "Europe/Berlin"
        archive.identities.new("anna", [archive.browse.tracklet(2).crop.crop_id])
        archive.identities.confirm("anna", [last - 1])
        archive.identities.new("bert", [archive.browse.tracklet(9).crop.crop_id])
        archive.identities.reject("anna", [archive.browse.tracklet(4).crop.crop_id])
        archive.identities.confirm("anna", [archive.browse.tracklet(12).crop.crop_id])
        archive.identities.undo()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("browse") / "a"
    made(folder)
    with Archive.open(folder) as opened:
        yield opened


class Items(list[BrowseItem]):
    """A list that a failure does not print."""

    def __repr__(self) -> str:
        return f"{len(self)} items"


@pytest.fixture(scope="module")
def every(archive: Archive) -> Items:
    """All items, looked up one by one."""
    numbers = [row[0] for row in sql(Path(archive.location), "SELECT id FROM tracklet")]
    alone = "SELECT id FROM crop WHERE id NOT IN (SELECT crop_id FROM moment)"
    crops = [row[0] for row in sql(Path(archive.location), alone)]
    found = [archive.browse.tracklet(int(str(one))) for one in numbers]
    return Items(found + [archive.browse.crop(int(str(one))) for one in crops])


def at_hours(item: BrowseItem, hours: TimeOfDay) -> bool:
    """Whether it was there at these hours of some day, by the clocks on the wall."""
    assert item.first_time is not None
    assert item.last_time is not None
    first, last = (
        time.astimezone(BERLIN).replace(tzinfo=None, fold=0)
        for time in (item.first_time, item.last_time)
    )
    day = dt.datetime.combine(first.date(), dt.time()) - dt.timedelta(days=2)
    while day <= max(first, last) + dt.timedelta(days=2):
        begins = day + dt.timedelta(minutes=hours.begins)
        ends = begins + dt.timedelta(microseconds=hours.length_us)
        if begins <= first < ends or first < begins <= last:
            return True
        day += dt.timedelta(days=1)
    return False


def said(item: BrowseItem, request: BrowseRequest) -> dict[str, bool | None]:
    """What each part of a request says of an item; None where it cannot know."""
    f, first, last = request.filters, item.first_time, item.last_time
    time: bool | None = True
    if f.after or f.before or f.time_of_day:
        time = None
        if first is not None and last is not None:
            time = (
                (f.after is None or last >= f.after)
                and (f.before is None or first < f.before)
                and (f.time_of_day is None or at_hours(item, f.time_of_day))
            )
    camera: bool | None = True
    if f.cameras or f.not_cameras:
        camera = None
        if item.camera is not None:
            camera = item.camera not in f.not_cameras
            camera = camera and (not f.cameras or item.camera in f.cameras)
    worn: bool | None = True
    if not f.attributes_empty:
        worn = None if item.attributes is None else meets(item, f)
    places = [part.location for part in item.tracklet.parts] if item.tracklet else []
    other = (
        (not f.sources or any(s in p for s in f.sources for p in [*places, item.crop.location]))
        and not set(f.exclude_crops) & set(item.crop_ids)
        and (request.least_s is None or item.duration_s >= request.least_s)
        and (request.most_s is None or item.duration_s <= request.most_s)
        and (
            request.identity is None
            or (item.identity is not None and item.identity.name == request.identity)
        )
        and not (request.unreviewed and item.reviewed)
    )
    return {"time": time, "camera": camera, "worn": worn, "other": other}


def meets(item: BrowseItem, f: Filters) -> bool:
    worn = item.attributes
    assert worn is not None
    return (
        all(worn.worn(text) for text in f.wearing)
        and all(worn.things[thing] >= PRESENT for thing in f.with_things)
        and all(worn.things[thing] < PRESENT for thing in f.without_things)
    )


def in_order(items: list[BrowseItem], request: BrowseRequest) -> list[str]:
    """The texts of the members, sorted as asked."""

    def key(item: BrowseItem) -> float | None:
        if request.order is Sort.TIME:
            return None if item.first_time is None else to_us(item.first_time)
        if request.order is Sort.SIZE:
            return item.height_px
        if request.order is Sort.DURATION:
            return round(item.duration_s * 1e6)
        assert item.attributes is not None
        return round(request.filters.attributes.confidence(item.attributes), 6)

    def place(item: BrowseItem) -> tuple[bool, float, bool, int]:
        value = key(item)
        signed = 0.0 if value is None else -value if request.descending else value
        return value is None, signed, item.member.kind == "crop", item.member.number

    return [item.member.text for item in sorted(items, key=place)]


NAMES = st.lists(st.sampled_from(["gate", "yard", "hall"]), max_size=2, unique=True)
MINUTES = st.integers(-30, 240).map(lambda m: NOON + dt.timedelta(minutes=m))
TIMES = st.none() | MINUTES | st.sampled_from([AUTUMN + dt.timedelta(minutes=70)])
CLOCKS = st.integers(0, 47).map(lambda half: half * 30)
HOURS = st.none() | st.tuples(CLOCKS, CLOCKS).filter(lambda t: t[0] != t[1]).map(
    lambda t: TimeOfDay(*t)
)
FILTERS = st.builds(
    Filters,
    cameras=st.just(()) | NAMES,
    not_cameras=st.just(()) | NAMES,
    after=TIMES,
    before=TIMES,
    sources=st.just(()) | st.lists(st.sampled_from(["gate", "%", "lost.mp4", "/0"]), max_size=2),
    exclude_crops=st.lists(st.integers(1, 80), max_size=3),
    wearing=st.just(()) | st.lists(st.sampled_from(["red", "upper:blue,grey"]), max_size=2),
    with_things=st.just(()) | st.lists(st.sampled_from(["bag", "hat"]), max_size=2),
    without_things=st.just(()) | st.lists(st.sampled_from(["backpack"]), max_size=1),
    time_of_day=HOURS,
).filter(lambda f: not (f.after and f.before) or f.after < f.before)


def possible(**given: object) -> BrowseRequest | None:
    try:
        return BrowseRequest(**given)  # type: ignore[arg-type]
    except UsageError:
        return None


REQUESTS = st.builds(
    possible,
    filters=FILTERS,
    least_s=st.none() | st.sampled_from([0, 2, 30]),
    most_s=st.none() | st.sampled_from([0, 2, 30.0]),
    identity=st.none() | st.none() | st.sampled_from(["anna", "bert"]),
    unreviewed=st.booleans(),
    sort=st.none() | st.sampled_from(list(Sort)),
    reverse=st.booleans(),
    limit=st.integers(3, 20),
).filter(lambda request: request is not None)


@pytest.mark.full
@settings(max_examples=60, deadline=None)
@given(request=REQUESTS)
def test_pages_and_counts_equal_plain_python(
    archive: Archive, every: Items, request: BrowseRequest
) -> None:
    told = [(item, said(item, request)) for item in every]
    passed = [item for item, parts in told if all(parts.values())]
    pages = list(archive.browse.pages(request))
    items = [item for page in pages for item in page.items]
    assert [item.member.text for item in items] == in_order(passed, request)
    assert [len(page.items) for page in pages[:-1]] == [request.limit] * (len(pages) - 1)
    assert pages[-1].items or len(pages) == 1
    statement = pages[-1].statement
    assert (statement.items_stored, statement.items_passed) == (len(every), len(passed))

    def left_out(name: str) -> int:
        return sum(
            parts[name] is None and all(v for k, v in parts.items() if k != name)
            for _, parts in told
        )

    assert statement.left_out_unknown_time == left_out("time")
    assert statement.left_out_unknown_camera == left_out("camera")
    assert statement.left_out_unknown_attributes == left_out("worn")
    require_valid(pages[0].to_json())


@pytest.mark.full
def test_the_archive_holds_every_case(every: Items) -> None:
    assert {item.member.kind for item in every} == {"tracklet", "crop"}
    assert any(item.first_time is None and item.camera for item in every)
    assert any(item.first_time and item.camera is None for item in every)
    assert any(item.attributes is None for item in every)
    assert any(item.tracklet is not None and len(item.tracklet.parts) > 1 for item in every)
    assert sum(item.identity is not None for item in every) == 3
    assert sum(item.reviewed for item in every) == 4
    hours = [at_hours(one, TimeOfDay(22 * 60, 3 * 60)) for one in every if one.first_time]
    assert True in hours
    assert False in hours


def test_items_say_how_many_of_their_crops_meet_a_filter(archive: Archive) -> None:
    page = archive.browse.page(BrowseRequest(Filters(wearing=("red",), with_things=("bag",))))
    assert page.items
    sure = [item.confidence for item in page.items]
    assert sure == sorted(sure, reverse=True)
    for item in page.items:
        assert item.attributes is not None
        assert item.confidence is not None
        assert item.confidence >= min(PRESENT, WORN)
        assert set(item.matched) == {"wearing red", "with bag"}
        assert all(0 <= number <= len(item.crop_ids) for number in item.matched.values())


@pytest.mark.full
def test_decisions_make_reviewed_and_undoing_takes_it_back(tmp_path: Path) -> None:
    write_footage(tmp_path / "a", "gate.mp4", "gate", [Seen(1, 5, unit_rows(2))])
    with Archive.open(tmp_path / "a") as archive:
        ask = BrowseRequest(unreviewed=True)
        assert archive.browse.page(ask).statement.items_passed == 1
        archive.identities.new("anna", [1])
        assert archive.browse.page(ask).items == ()
        assert archive.browse.page(BrowseRequest(identity="anna")).items[0].reviewed
        archive.identities.undo()
        assert archive.browse.page(ask).statement.items_passed == 1


@pytest.mark.full
def test_a_page_goes_on_behind_its_place_whatever_was_added(tmp_path: Path) -> None:
    def add(name: str, hours: int) -> None:
        start = NOON + dt.timedelta(hours=hours)
        write_footage(
            tmp_path / "a",
            name,
            "gate",
            [Seen(s, s + 1, unit_rows(1, s)) for s in (1, 5)],
            start=start,
        )

    add("b.mp4", 1)
    add("c.mp4", 2)
    with Archive.open(tmp_path / "a") as archive:
        page = archive.browse.page(BrowseRequest(limit=2))
    add("a.mp4", 0)  # before the first page
    add("d.mp4", 3)
    with Archive.open(tmp_path / "a") as archive:
        rest = archive.browse.page(BrowseRequest(limit=500, cursor=page.next))
        assert [item.member.number for item in page.items] == [1, 2]
        assert [item.member.number for item in rest.items] == [3, 4, 7, 8]
        assert rest.next is None
        assert rest.statement.items_passed == 8


@pytest.mark.parametrize("cursor", ["", "x", "bm9uZQ", "W10", "e30", "ÿ", "A" * 5000])
def test_a_cursor_that_is_none_is_refused(archive: Archive, cursor: str) -> None:
    with pytest.raises(UsageError, match="cursor"):
        archive.browse.page(BrowseRequest(cursor=cursor))


def test_a_cursor_of_another_list_is_refused(archive: Archive) -> None:
    cursor = archive.browse.page(BrowseRequest(limit=1)).next
    for other in (BrowseRequest(sort=Sort.SIZE), BrowseRequest(Filters(cameras=("gate",)))):
        with pytest.raises(UsageError, match="another list"):
            archive.browse.page(replace(other, cursor=cursor))
    assert archive.browse.page(BrowseRequest(limit=3, cursor=cursor, sort=Sort.TIME)).items


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"limit": 0}, "1 to 500"),
        ({"limit": 501}, "1 to 500"),
        ({"least_s": -1}, "shortest"),
        ({"most_s": float("nan")}, "longest"),
        ({"least_s": 3, "most_s": 2}, "longer than the longest"),
        ({"identity": " "}, "empty"),
        ({"identity": "anna", "unreviewed": True}, "reviewed"),
        ({"sort": "confidence"}, "no attribute"),
        ({"sort": "age"}, "nothing is sorted by 'age', but by time, size"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(given: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        BrowseRequest(**given)  # type: ignore[arg-type]


def test_what_is_not_there_is_an_error(archive: Archive) -> None:
    for filters in (Filters(cameras=("gaet",)), Filters(sources=("nowhere",))):
        with pytest.raises(NotFound):
            archive.browse.page(BrowseRequest(filters))
    for wrong in (BrowseRequest(identity="nobody"),):
        with pytest.raises(NotFound):
            archive.browse.page(wrong)
    for number in (0, -1, 999, 2**80):
        with pytest.raises(NotFound):
            archive.browse.tracklet(number)
        with pytest.raises(NotFound):
            archive.browse.crop(number)


def test_an_item_as_json_names_its_best_shot(archive: Archive) -> None:
    item = archive.browse.tracklet(2)
    told = json.loads(json.dumps(item.to_json()))
    assert told["crop_id"] == item.crop_ids[0] == told["tracklet"]["crop_ids"][0]
    assert told["identity"]["name"] == "anna"
    assert told["reviewed"] is True


@pytest.mark.full
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Africa/Casablanca", "UTC"])
def test_offsets_are_those_of_the_zone_all_year(zone: str) -> None:
    first, last = dt.datetime(2022, 1, 1, tzinfo=dt.UTC), dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    there = ZoneInfo(zone)
    steps = offsets(there, to_us(first), to_us(last))
    for hours in range(0, 3 * 365 * 24, 5):
        time = first + dt.timedelta(hours=hours, minutes=hours % 60)
        offset = [ahead for since, ahead in steps if since <= to_us(time)][-1]
        assert from_us(to_us(time) + offset).replace(tzinfo=None) == time.astimezone(there).replace(
            tzinfo=None
        )
