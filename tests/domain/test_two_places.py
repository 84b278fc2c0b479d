"""Who was seen by two cameras at one time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidsearch.domain.decisions import Member, Presence
from reidsearch.domain.tracklets import SourceInterval
from reidsearch.domain.two_places import two_places

SECOND_US = 1_000_000


def seen(
    number: int, camera: str | None, from_s: int, to_s: int, sure_s: float | None = 0.0
) -> Presence:
    return Presence(
        Member("tracklet", number),
        camera,
        (SourceInterval(number, "x", 0, 1),),
        from_s * SECOND_US,
        to_s * SECOND_US,
        sure_s,
        (number,),
    )


def test_one_camera_is_one_place() -> None:
    assert two_places([seen(1, "gate", 0, 10), seen(2, "gate", 5, 15)]) == ()


def test_an_overlap_within_the_clocks_doubt_is_not_certain() -> None:
    (one,) = two_places([seen(1, "gate", 0, 10, 3), seen(2, "yard", 5, 15, 3)])
    assert (one.overlap_s, one.certain) == (5, False)
    (one,) = two_places([seen(1, "gate", 0, 10, 2), seen(2, "yard", 5, 15, 2)])
    assert one.certain
    (one,) = two_places([seen(1, "gate", 0, 10, None), seen(2, "yard", 0, 10, 0)])
    assert not one.certain


@pytest.mark.full
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(0, 30), st.integers(0, 8)),
        max_size=12,
    )
)
def test_every_overlap_of_two_cameras_is_told_once(rows: list[tuple[str | None, int, int]]) -> None:
    presences = [
        seen(number, camera, first, first + long)
        for number, (camera, first, long) in enumerate(rows)
    ]
    expected = {
        frozenset({one.member.number, other.member.number})
        for one in presences
        for other in presences
        if one.camera and other.camera and one.camera != other.camera
        if min(one.last_us, other.last_us) > max(one.first_us, other.first_us)
    }
    told = [frozenset({one.first.number, one.second.number}) for one in two_places(presences)]
    assert len(told) == len(set(told))
    assert set(told) >= expected
    # What begins where something else lasts no time at all may be told with an overlap of nothing.
    extra = [one for one in two_places(presences) if one.overlap_s == 0]
    assert set(told) == expected | {frozenset({o.first.number, o.second.number}) for o in extra}
