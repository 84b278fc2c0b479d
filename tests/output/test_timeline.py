"""The timeline: a broken axis, lanes of what was searched, marks that never meet."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import IMPRINT, require_apart, signed, words
from present_samples import NOON, answer, crop

from reidsearch.domain.answers import Answer, Match
from reidsearch.domain.footage import Clock, How, SourceCoverage, SourceFacts, Span, VideoInfo
from reidsearch.domain.request import Filters
from reidsearch.domain.tracklets import Moment, SourceInterval, TrackletSeen
from reidsearch.output.drawing import Drawing
from reidsearch.output.time_axis import CUT_PX, PART_PX, broken_axis
from reidsearch.output.time_lanes import (
    MOST_SUBLANES,
    Bar,
    Lane,
    Mark,
    axis_of,
    draw_lanes,
    sublanes,
)
from reidsearch.output.timeline import timeline

pytestmark = pytest.mark.full

INFO = VideoInfo("video", "mp4", "h264", "yuv420p", 640, 480, 0, Fraction(1, 1000), 0, 25.0, 60.0)
S = 1_000_000
DAY_S = 86_400


def source(
    number: int, camera: str | None = "gate", start_s: float | None = 0, length_s: int = 20
) -> SourceCoverage:
    start = None if start_s is None else NOON + dt.timedelta(seconds=start_s)
    facts = SourceFacts(camera, Clock(start, "name" if start else None, 1.0 if start else None))
    return SourceCoverage(
        number,
        f"{number:02x}" * 32,
        f"footage/{number}.mp4",
        INFO,
        facts,
        "finished",
        Fraction(length_s),
        25.0,
        {},
        {},
        (Span(0, length_s * S, How.DENSE),),
    )


def match(rank: int, of: SourceCoverage, first_s: float, last_s: float) -> Match:
    seen = TrackletSeen(
        rank,
        of.facts.camera,
        (SourceInterval(of.source_id, of.location, round(first_s * S), round(last_s * S)),),
        None,
        None,
        1.0,
        9,
        (rank,),
    )
    return Match(rank, 0.9, crop(rank, of.location, camera=of.facts.camera), seen)


def found(*matches: Match, filters: Filters = Filters()) -> Answer:
    return replace(answer(filters=filters), matches=matches)


def lanes(drawing: Drawing, *names: str) -> list[str]:
    """Which of these names stand in the column of the lanes."""
    return [box.text for box in drawing.texts if box.x == 20 and box.text in names]


def test_two_short_clips_on_two_days_are_both_seen() -> None:
    one, other = source(1), source(2, "door", 2 * DAY_S + 3600)
    layout = timeline([one, other], IMPRINT, found(match(1, one, 5, 8), match(2, other, 5, 8)))
    require_apart(layout)
    said = words(layout)
    assert "2 d 1 h" in said, "the cut says how much it takes out"
    assert "time cut out" in said
    assert "2024-05-31" in said
    assert "2024-06-02" in said
    numbers = {box.text: box for box in layout.texts if box.text in {"1", "2"}}
    assert numbers["2"].x - numbers["1"].x > 100


def test_an_axis_gives_the_width_to_what_is_of_interest() -> None:
    whole = 0, 7 * DAY_S * S
    focus = [(DAY_S * S, (DAY_S + 5) * S), (5 * DAY_S * S, (5 * DAY_S + 9) * S)]
    axis = broken_axis(whole, focus, [whole], 100, 1100)
    for first, last in focus:
        assert axis.x(last) - axis.x(first) > 50
    assert axis.x(0) == 100
    assert axis.x(whole[1]) == pytest.approx(1100)
    assert len(axis.cuts) == 3, "before, between and after"


intervals = st.tuples(st.integers(0, 10**13), st.integers(0, 10**11)).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)


@given(focus=st.lists(intervals, max_size=60), footage=st.lists(intervals, min_size=1, max_size=60))
def test_an_axis_keeps_order_and_loses_no_time(
    focus: list[tuple[int, int]], footage: list[tuple[int, int]]
) -> None:
    every = focus + footage
    whole = min(at for at, _ in every), max(*(at for _, at in every), 1)
    if whole[0] == whole[1]:
        whole = whole[0], whole[1] + 1
    axis = broken_axis(whole, focus, footage, 240, 1180)
    parts = axis.parts
    assert (parts[0].from_us, parts[-1].to_us) == whole
    assert (parts[0].left, round(parts[-1].right, 6)) == (240, 1180)
    for before, after in itertools.pairwise(parts):
        assert before.to_us == after.from_us
        assert before.right == pytest.approx(after.left)
        assert before.cut or after.cut
    for part in parts:
        wide = part.right - part.left
        assert abs(wide - CUT_PX) < 1e-6 if part.cut else wide > PART_PX - 1e-6
    times = sorted(at for pair in every for at in pair)
    assert [axis.x(at) for at in times] == sorted(axis.x(at) for at in times)


@given(
    units=st.lists(
        st.tuples(st.floats(0, 900), st.floats(1, 200)).map(lambda one: (one[0], one[0] + one[1])),
        max_size=100,
    )
)
def test_marks_of_one_sublane_never_meet(units: list[tuple[float, float]]) -> None:
    places = sublanes(units, MOST_SUBLANES)
    for number, (left, right) in enumerate(units):
        for other, (first, last) in enumerate(units[:number]):
            if places[number] is not None and places[number] == places[other]:
                assert right < first or last < left
    assert all(place is None or place < MOST_SUBLANES for place in places)
    assert not units or places[0] == 0


@settings(deadline=None, max_examples=40)
@given(
    names=st.lists(st.text(max_size=60), min_size=1, max_size=8),
    starts=st.lists(st.none() | st.floats(0, 3e8), min_size=1, max_size=12),
    marks=st.lists(st.tuples(st.integers(0, 11), st.floats(0, 18)), max_size=80),
)
def test_no_texts_meet_whatever_is_drawn(
    names: list[str], starts: list[float | None], marks: list[tuple[int, float]]
) -> None:
    sources = [
        source(number, names[number % len(names)], start, 1 + 997 * (number % 3))
        for number, start in enumerate(starts)
    ]
    matches = [
        match(rank, sources[of % len(sources)], at, at + 2)
        for rank, (of, at) in enumerate(marks, start=1)
    ]
    layout = timeline(sources, IMPRINT, found(*matches))
    require_apart(layout)
    assert signed(layout)
    require_apart(timeline(sources, IMPRINT))


@settings(deadline=None)
@given(
    starts=st.lists(st.integers(0, 10**8), min_size=1, max_size=40),
    lengths=st.lists(st.integers(0, 60), min_size=1, max_size=5),
)
def test_no_number_and_no_mark_lies_over_a_cut(starts: list[int], lengths: list[int]) -> None:
    marks = [
        Mark(1, start * S, (start + lengths[at % len(lengths)]) * S, 1000 + at, "#000000")
        for at, start in enumerate(starts)
    ]
    lane = Lane("gate", known=True, bars=[Bar(0, 10**8 * S, "#0000ff")], marks=marks)
    axis = axis_of([lane], 1200)
    layout = Drawing("a", IMPRINT, 1200)
    draw_lanes(layout, [lane], axis, 40, wall=True)
    numbers = {str(mark.number) for mark in marks}
    for box in layout.texts:
        if box.text in numbers:
            assert not any(box.x < cut.right and cut.left < box.x + box.width for cut in axis.cuts)


def test_matches_that_overlap_lie_apart() -> None:
    one = source(1)
    layout = timeline([one], IMPRINT, found(*(match(rank, one, 5, 9) for rank in range(1, 6))))
    rows = [box.y for box in layout.texts if box.text in "12345"]
    assert len(set(rows)) == 5


def test_marks_without_room_for_a_number_are_counted() -> None:
    one = source(1)
    layout = timeline([one], IMPRINT, found(*(match(rank, one, 5, 9) for rank in range(1, 41))))
    require_apart(layout)
    assert f"{40 - MOST_SUBLANES} without room for a number" in words(layout)


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        (Filters(), ["door", "gate", "yard"]),
        (Filters(cameras=("gate",)), ["gate"]),
        (Filters(not_cameras=("gate",)), ["door", "yard"]),
        (Filters(sources=("footage/2",)), ["door"]),
        (Filters(sources=("03" * 4,)), ["yard"]),
        (Filters(after=NOON + dt.timedelta(hours=1)), ["yard"]),
        (Filters(before=NOON + dt.timedelta(hours=1)), ["door", "gate"]),
    ],
)
def test_only_lanes_that_the_filters_let_through(filters: Filters, shown: list[str]) -> None:
    sources = [source(1, "gate"), source(2, "door"), source(3, "yard", 7200)]
    layout = timeline(sources, IMPRINT, found(filters=filters))
    assert lanes(layout, "door", "gate", "yard") == shown


def test_a_source_without_a_clock_has_a_lane_of_its_own() -> None:
    layout = timeline([source(1), source(2, None, None)], IMPRINT)
    require_apart(layout)
    assert "camera not known: 2.mp4" in words(layout)
    assert "from the start of each source" in words(layout)


def test_matches_in_pictures_are_said_not_to_be_drawn() -> None:
    layout = timeline([source(1)], IMPRINT, answer(crop(1), crop(2)))
    assert "Not drawn: 2 matches in pictures, which have no footage." in words(layout)


@pytest.mark.parametrize(
    ("sources", "said"), [(0, "No footage is held."), (1, "No footage passes")]
)
def test_nothing_to_draw_is_said(sources: int, said: str) -> None:
    held = [source(1)][:sources]
    assert said in words(timeline(held, IMPRINT, found(filters=Filters(cameras=("x",)))))


@pytest.mark.full
def test_a_thousand_cameras_and_matches_stay_drawable() -> None:
    held = [source(number, f"camera {number:04}", number * 500) for number in range(1100)]
    layout = timeline(held, IMPRINT, found(*(match(n + 1, held[n], 1, 3) for n in range(1000))))
    require_apart(layout)
    assert layout.height_px < 65_000
    assert "100 further lanes not drawn." in words(layout)


def test_footage_in_a_cut_is_told_with_its_date() -> None:
    between = [source(3, "yard", DAY_S), source(4, "yard", DAY_S + 7200)]
    one, other = source(1), source(2, "door", 2 * DAY_S + 3600)
    layout = timeline(
        [one, *between, other], IMPRINT, found(match(1, one, 5, 8), match(2, other, 5, 8))
    )
    require_apart(layout)
    assert "2024-06-01 12:03 +1" in words(layout)
    assert "when footage in it begins" in words(layout)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=12, unique=True), st.booleans())
def test_labels_of_cuts_stay_apart(days: list[int], blank: bool) -> None:
    seen = [source(2 * n, "gate", day * 10 * DAY_S) for n, day in enumerate(days)]
    rest = [source(2 * n + 1, "yard", (day * 10 + 5) * DAY_S) for n, day in enumerate(days)]
    matches = [match(rank, one, 5, 8) for rank, one in enumerate(seen, 1)]
    layout = timeline(seen if blank else [*seen, *rest], IMPRINT, found(*matches))
    require_apart(layout)


def test_crops_of_an_ungrouped_answer_are_drawn_at_their_moments() -> None:
    one = source(1)
    matches = [match(rank, one, 2, 18) for rank in (1, 2)]
    moments = [Moment(1, at_s * 1000, Fraction(at_s), 1.0, 0.9) for at_s in (3, 17)]
    matches = [
        replace(held, crop=replace(held.crop, moment=moment))
        for held, moment in zip(matches, moments, strict=True)
    ]
    whole = found(*matches)
    whole = replace(whole, statement=replace(whole.statement, grouped=True))
    single = replace(whole, statement=replace(whole.statement, grouped=False))
    assert longest_run(timeline([one], IMPRINT, whole)) > 500
    assert longest_run(timeline([one], IMPRINT, single)) < 30, "two short marks"


def longest_run(drawing: Drawing) -> int:
    """Pixels of the longest horizontal line in the colour of matches."""
    dark = np.all(np.asarray(drawing.render()) == (0x11, 0x18, 0x27), axis=2)
    return max(
        sum(group) for row in dark for value, group in itertools.groupby(row.tolist()) if value
    )
