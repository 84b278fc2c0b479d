"""Filters against the obvious implementation."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib

import numpy as np
import pytest
from archives import MODEL, NOON, as_scored, fill, new_crop, unit_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from reidsearch.base.errors import NotFound, UsageError
from reidsearch.domain.crops import Facts
from reidsearch.domain.request import Filters, SearchRequest
from reidsearch.index.gallery import Gallery
from reidsearch.output.hints import advice
from reidsearch.search.engine import search
from reidsearch.search.query import Query
from reidsearch.store.crops.store import Store
from reidsearch.store.crops.writer import open_writer
from reidsearch.store.selection import select_crops

COUNT = 120
CAMERAS = [None, "gate", "Gate", "yard", "a%b_c", "ñ 門"]
HOURS = [None, 0, 1, 2, 3]
VECTORS = unit_rows(COUNT)


def facts(number: int) -> Facts:
    hour = HOURS[number // 6 % 5]
    time = None if hour is None else NOON + dt.timedelta(hours=hour)
    return Facts(CAMERAS[number % 6], time)


def location(number: int) -> str:
    return f"/foo%tage/Tape_{number // 40}/{number:03d}.jpg"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("selection") / "archive"
    Store.create(folder)
    with Store(folder) as store:
        with open_writer(store, MODEL) as writer:
            writer.begin_run(request="", command="", version="", runtime="")
            crops = [new_crop(n, VECTORS[n], facts(n), location(n)) for n in range(COUNT)]
            writer.commit(crops)
            writer.end_run({}, finished=True)
        yield store


@functools.cache
def gallery_of(store: Store) -> Gallery:
    return Gallery(store)


def sha256(number: int) -> str:
    return hashlib.sha256(b"source %d" % number).hexdigest()


def passes(n: int, f: Filters) -> dict[str, bool | None]:
    """What each part of the filter says of crop n + 1; None where it cannot know."""
    camera, time = facts(n).camera, facts(n).time
    by_camera = (
        None
        if camera is None
        else ((not f.cameras or camera in f.cameras) and camera not in f.not_cameras)
    )
    by_time = (
        None
        if time is None
        else ((f.after is None or time >= f.after) and (f.before is None or time < f.before))
    )
    other = n + 1 not in f.exclude_crops and (
        not f.sources
        or any(
            s.lower() in location(n).lower() or (len(s) >= 8 and sha256(n).startswith(s.lower()))
            for s in f.sources
        )
    )
    return {
        "camera": True if not (f.cameras or f.not_cameras) else by_camera,
        "time": True if not (f.after or f.before) else by_time,
        "other": other,
    }


some_cameras = st.lists(st.sampled_from(CAMERAS[1:]), max_size=3).map(tuple)
moments = st.none() | st.sampled_from([NOON + dt.timedelta(minutes=m) for m in range(-30, 240, 30)])
some_sources = st.lists(
    st.sampled_from(["Tape_1", "tape_2", "%", "_0/", "007.jpg", sha256(5)[:8], sha256(9).upper()]),
    max_size=2,
).map(tuple)
filters = st.builds(
    Filters,
    cameras=some_cameras,
    not_cameras=some_cameras,
    after=moments,
    before=moments,
    sources=some_sources,
    exclude_crops=st.lists(st.integers(1, COUNT + 3), max_size=5).map(tuple),
).filter(lambda f: not (f.after and f.before) or f.after < f.before)


@pytest.mark.full
@settings(max_examples=60, deadline=None)
@given(filters, st.integers(1, COUNT + 5), st.booleans())
def test_a_filtered_search_equals_the_oracle(store, chosen, k, adjusted):
    said = {n: passes(n, chosen) for n in range(COUNT)}
    expected = [n + 1 for n in range(COUNT) if all(said[n].values())]
    with store.read() as connection:
        selection = select_crops(connection, chosen)
    assert selection.ids.tolist() == expected
    assert selection.unknown.time == sum(
        v["time"] is None and bool(v["camera"]) and bool(v["other"]) for v in said.values()
    )
    assert selection.unknown.camera == sum(
        v["camera"] is None and bool(v["time"]) and bool(v["other"]) for v in said.values()
    )
    gallery = gallery_of(store)
    request = SearchRequest(k=k, filters=chosen, adjusted=adjusted)
    answer = search(store, gallery, Query(VECTORS[0], "", request), "")
    rows, query = VECTORS, VECTORS[0]
    if adjusted:
        rows = as_scored(gallery, VECTORS)
        query = gallery.adjustment().queries(VECTORS[0][None], [None])[0]
    order = sorted(expected, key=lambda i: -float(rows[i - 1] @ query))
    assert [match.crop.crop_id for match in answer.matches] == order[:k]
    assert [match.rank for match in answer.matches] == list(range(1, min(k, len(order)) + 1))
    assert answer.statement.crops_searched == len(expected)
    assert answer.statement.crops_stored == COUNT
    assert answer.statement.left_out_unknown_time == selection.unknown.time
    assert answer.statement.left_out_unknown_camera == selection.unknown.camera


@pytest.mark.full
@pytest.mark.parametrize(
    ("chosen", "said", "hint"),
    [
        (Filters(cameras=("gaet",)), "no camera 'gaet'", "did you mean gate"),
        (Filters(cameras=("gate", "GATE")), "no camera 'GATE'", ""),
        (Filters(not_cameras=("zzz",)), "no camera 'zzz'", "cameras: "),
        (Filters(sources=("nowhere",)), "no source matches 'nowhere'", "part of a location"),
        (Filters(sources=("Tape_1", "0" * 64)), "no source matches '0000", "SHA-256"),
    ],
)
def test_a_name_that_is_not_there_is_an_error_not_an_empty_answer(store, chosen, said, hint):
    with store.read() as connection, pytest.raises(NotFound) as error:
        select_crops(connection, chosen)
    assert said in error.value.message
    assert hint in advice(error.value)


@pytest.mark.full
def test_an_empty_time_range_is_an_error(store):
    with store.read() as connection, pytest.raises(UsageError, match="ends before it begins"):
        select_crops(connection, Filters(after=NOON, before=NOON))


@pytest.mark.full
def test_not_this_camera_does_not_let_unknown_cameras_through(store):
    """The crop of unknown camera might be of the one to leave out; the count says so."""
    with store.read() as connection:
        selection = select_crops(connection, Filters(not_cameras=("gate",)))
    unknown = [n + 1 for n in range(COUNT) if facts(n).camera is None]
    assert not np.isin(unknown, selection.ids).any()
    assert selection.unknown.camera == len(unknown)


def test_an_archive_without_cameras_says_so(tmp_path):
    fill(tmp_path / "a", VECTORS[:1])
    with (
        Store(tmp_path / "a") as bare,
        bare.read() as connection,
        pytest.raises(NotFound, match="no camera 'gate'"),
    ):
        select_crops(connection, Filters(cameras=("gate",)))
