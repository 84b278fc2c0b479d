"""When one camera certainly shows two people."""

from __future__ import annotations

import pytest

from reidsearch.domain.decisions import Member, Presence
from reidsearch.domain.tracklets import SourceInterval
from reidsearch.store.footage.presence import at_once


def presence(
    source: int,
    first_s: float,
    last_s: float,
    camera: str | None,
    start_s: float | None = 0.0,
    uncertainty_s: float | None = 1.0,
) -> Presence:
    media = round(first_s * 1e6), round(last_s * 1e6)
    wall = (None, None) if start_s is None else tuple(round(start_s * 1e6) + one for one in media)
    return Presence(
        Member("tracklet", 1),
        camera,
        (SourceInterval(source, "", *media),),
        *wall,
        uncertainty_s,
        (1,),
    )


@pytest.mark.parametrize(
    ("a", "b", "two_people"),
    [
        (presence(1, 0, 5, "gate"), presence(1, 5, 9, "gate"), True),  # on one frame
        (presence(1, 0, 5, "gate"), presence(1, 5.1, 9, "gate"), False),
        (presence(1, 0, 5, None, None), presence(1, 4, 9, None, None), True),  # media time knows
        (presence(1, 0, 5, "gate"), presence(2, 0, 5, "yard"), False),  # views may overlap
        (presence(1, 0, 5, "gate"), presence(2, 0, 5, None), False),
        # Two recordings of one camera that overlap both show everybody who was there.
        (presence(1, 0, 9, "gate"), presence(2, 0, 9, "gate"), False),
        (presence(1, 0, 9, "gate"), presence(2, 0, 9, "gate", 0, None), False),
    ],
)
def test_when_two_people_are_certainly_seen(a, b, two_people):
    assert at_once(a, b) is two_people
    assert at_once(b, a) is two_people
