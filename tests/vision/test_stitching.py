"""Pieces of a walk are joined across an occlusion; two people never are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidsearch.base.boxes import Box
from reidsearch.domain.tracklets import BestShot, Trace
from reidsearch.vision.tracking.stitching import Stitcher, TrackletPiece, divided

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
    near, far = piece(2.4, 4, 240, 400, like(ANNA, 0.6)), piece(4, 6, 600, 800, like(ANNA, 0.6))
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


@pytest.mark.full
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


def shown(*people, every_s=1.0):
    """One piece of the tracker that shows these people, one shot each, in this order."""
    whole = piece(0, every_s * len(people), 0, 100)
    pts = [round((number + 0.5) * every_s * 1000) for number in range(len(people))]
    shots = tuple(replace(VIEW, pts=each) for each in pts)
    return replace(whole, shots=shots, vectors=np.stack(people))


def test_a_piece_that_shows_two_people_is_divided():
    one, other = divided(shown(ANNA, ANNA, ANNA, BERT, BERT))
    assert (one.first_us, other.last_us) == (0, 5 * SECOND)
    assert one.last_us < other.first_us
    assert len(one.trace) + len(other.trace) == len(piece(0, 5, 0, 100).trace)
    assert (len(one.shots), len(other.shots)) == (3, 2)
    assert [len(each.shots) for each in divided(shown(ANNA, ANNA, BERT, BERT, ANNA))] == [2, 2, 1]
    assert len(divided(shown(ANNA, ANNA, BERT, BERT, ANNA, ANNA))) == 3


def test_a_piece_is_divided_where_it_was_lost_longest():
    whole = shown(ANNA, ANNA, BERT, BERT)
    times = whole.times_us.copy()
    times[times > 1.7 * SECOND] += SECOND
    one, _ = divided(replace(whole, times_us=times))
    assert one.last_us == pytest.approx(1.6 * SECOND, abs=0.21 * SECOND)


def test_one_person_is_never_divided():
    turned = like(ANNA, 0.6)
    for people in ((ANNA,), (ANNA, ANNA), (ANNA, turned, ANNA, turned), (ANNA, BERT, ANNA)):
        assert len(divided(shown(*people))) == 1
    half_a_body = replace(shown(ANNA, ANNA, BERT), shots=shown(ANNA, ANNA, BERT).shots)
    shots = (*half_a_body.shots[:2], replace(half_a_body.shots[2], quality=0.1))
    assert len(divided(replace(half_a_body, shots=shots))) == 1


def test_two_people_of_one_piece_are_two_tracklets():
    one, other = joined(shown(ANNA, ANNA, BERT, BERT))
    assert one.tracklet(5).vector @ ANNA > 0.99
    assert other.tracklet(5).vector @ BERT > 0.99


def test_nothing_is_stitched_across_a_break_of_the_recording():
    before, after = piece(0, 2, 0, 200), piece(2.2, 4, 220, 400)
    assert len(joined(before, after)) == 1
    assert len(joined(before, replace(after, stretch=1))) == 2


def test_in_slow_footage_pieces_are_stitched_across_some_frames():
    before, after = piece(0, 0, 0, 0), piece(10, 10, 30, 30)
    assert len(joined(before, after)) == 2
    slow = [replace(each, interval_us=5 * SECOND) for each in (before, after)]
    assert len(joined(*slow)) == 1


def test_of_many_pieces_no_more_shots_are_kept_than_of_one():
    pieces = []
    for number in range(6):
        whole = piece(2.2 * number, 2.2 * number + 2, 0, 0)
        pts = [int(whole.trace.pts[row]) for row in (1, 4, 8)]
        shots = tuple(replace(VIEW, pts=each, quality=0.1 * n) for n, each in enumerate(pts, 1))
        pieces.append(replace(whole, shots=shots, vectors=np.tile(ANNA, (3, 1))))
    (together,) = joined(*pieces)
    assert together.pieces == 6
    assert 4 <= len(together.shots) == len(together.vectors) <= 8
    assert max(shot.quality for shot in together.shots) == pytest.approx(0.3)
    assert sum(shot.quality < 0.25 for shot in together.shots) <= 3
