"""Pieces of a walk are joined across an occlusion; two people never are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidsearch.base.boxes import Box
from reidsearch.domain.footage import BestShot, Trace
from reidsearch.vision.tracking.stitching import Stitcher, TrackletPiece

SECOND = 1_000_000
VIEW = BestShot(0, Box(0, 0, 60, 180), 640, 360, b"", 0.5, 0.9, 0.5)
ANNA = np.eye(8, dtype=np.float32)[0]
BERT = np.eye(8, dtype=np.float32)[1]


def like(who, cosine):
    """Somebody whose embedding has this cosine with another's."""
    other = np.eye(8, dtype=np.float32)[7]
    return (cosine * who + np.sqrt(1 - cosine**2) * other).astype(np.float32)


def piece(from_s, to_s, from_x, to_x, who=ANNA, *, views=1):
    """Somebody 180 px high walking, seen five times a second."""
    times = np.arange(round(from_s * SECOND), round(to_s * SECOND) + 1, SECOND // 5)
    x = np.interp(times, (times[0], times[-1]), (from_x, to_x))
    xyxy = np.stack([x, np.full(len(x), 100), x + 60, np.full(len(x), 280)], axis=1)
    trace = Trace(times // 1000, xyxy.astype(np.float32), np.full(len(times), 0.9, np.float32))
    return TrackletPiece(trace, times, (VIEW,) * views, np.tile(who, (views, 1)))


def joined(*pieces, gap_s=4.0):
    joiner = Stitcher(round(gap_s * SECOND))
    for one in pieces:
        joiner.add(one)
    return joiner.ready(10**12, ())


def test_behind_a_pillar_one_person_stays_one():
    (whole,) = joined(piece(0, 2, 0, 200), piece(3, 5, 300, 500, like(ANNA, 0.8)))
    assert whole.pieces == 2
    assert (whole.first_us, whole.last_us) == (0, 5 * SECOND)
    assert len(whole.trace) == len(whole.times_us)
    assert np.all(np.diff(whole.trace.pts) > 0)
    assert whole.tracklet(5).fragments == 2


def test_three_pieces_are_one_too():
    (whole,) = joined(piece(0, 2, 0, 200), piece(3, 4, 300, 400), piece(5, 6, 500, 600))
    assert whole.pieces == 3


@pytest.mark.parametrize(
    ("why", "after"),
    [
        ("looks different", piece(3, 5, 300, 500, BERT)),
        ("appears where nobody could have walked to", piece(2.6, 5, 1500, 1700)),
        ("comes too late", piece(9, 11, 300, 500)),
        ("was seen at the same time", piece(1.8, 5, 200, 500)),
        ("nothing is known of its looks", piece(3, 5, 300, 500, views=0)),
    ],
)
def test_what_is_not_one_person_stays_two(why, after):
    before = piece(0, 2, 0, 200)
    assert len(joined(before, after)) == 2, why


def test_near_in_time_and_place_less_likeness_is_enough():
    near, far = piece(2.4, 4, 240, 400, like(ANNA, 0.45)), piece(4, 6, 600, 800, like(ANNA, 0.45))
    assert len(joined(piece(0, 2, 0, 200), near)) == 1
    assert len(joined(piece(0, 2, 0, 200), far)) == 2


def test_between_two_who_look_alike_nobody_is_guessed():
    twins = piece(0, 2, 0, 200), piece(0, 2, 60, 260, like(ANNA, 0.99))
    assert len(joined(*twins, piece(3, 5, 320, 500))) == 3


def test_what_can_still_be_continued_is_held_back():
    joiner = Stitcher(4 * SECOND)
    joiner.add(piece(0, 2, 0, 200))
    assert joiner.ready(5 * SECOND, ()) == []
    assert joiner.ready(7 * SECOND, [3 * SECOND]) == [], "somebody who began in time is open"
    assert len(joiner.pending) == 1
    assert len(joiner.ready(7 * SECOND, [6_500_000])) == 1
    assert joiner.pending == []


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(st.integers(0, 100), st.integers(1, 30), st.integers(0, 600), st.integers(0, 2)),
        max_size=12,
    )
)
def test_nobody_is_ever_in_two_places(walks):
    """Whatever is joined: a tracklet's times increase, and no detection is lost or doubled."""
    pieces = sorted(
        (
            piece(start / 5, (start + length) / 5, x, x + 10, np.eye(8, dtype=np.float32)[who])
            for start, length, x, who in walks
        ),
        key=lambda one: one.last_us,
    )
    whole = joined(*pieces)
    assert sum(len(one.trace) for one in whole) == sum(len(one.trace) for one in pieces)
    assert sum(one.pieces for one in whole) == len(pieces)
    for one in whole:
        assert np.all(np.diff(one.times_us) > 0)
        assert np.all(np.diff(one.trace.pts) > 0)
