"""How often two people would be seen at one place and time by chance."""

from __future__ import annotations

import numpy as np
import pytest

from reidsearch.domain.chance import MOST_PLACEMENTS, Chance, Stay, chance, occasions

US = 1_000_000


def stay(camera: str, first_s: float, last_s: float) -> Stay:
    return Stay(camera, round(first_s * US), round(last_s * US))


def at(**cameras: list[float]) -> dict[str, np.ndarray]:
    return {name: np.array(times, np.int64) * US for name, times in cameras.items()}


def test_occasions_are_divided_where_nobody_saw_the_person_for_long() -> None:
    walk = [stay("gate", 0, 10), stay("yard", 100, 500), stay("gate", 1400, 1410)]
    later = [stay("gate", 2311, 2320)]
    assert occasions([*later, *reversed(walk)]) == [walk, later]
    assert occasions([]) == []


def test_chance_is_the_share_of_the_moments_at_which_they_would_have_met() -> None:
    # Of nine others at the gate two came within 10 s of the stay; the meeting is the tenth.
    found = chance(
        [stay("gate", 100, 110)],
        [stay("gate", 105, 115)],
        at(gate=[0, 50, 85, 120, 200, 300, 400, 500, 600]),
        within_s=10,
    )
    assert (found.observed, found.p, found.placements) == (1, pytest.approx(0.3), 9)
    assert found.expected == pytest.approx(2 / 9)
    assert (found.low, found.high) == (0, 1)


def test_a_walk_is_moved_as_a_whole_and_occasions_apart() -> None:
    person = [stay("gate", 0, 10), stay("yard", 60, 70), stay("gate", 5000, 5010)]
    other = list(person)
    others = at(gate=[2000 + 100 * n for n in range(18)] + [2, 5003], yard=[])
    found = chance(person, other, others, within_s=5)
    # The walk meets twice or not at all (or once, where it begins with the third); so the three
    # are met in 2 of 21 x 3 of 21 cases, not by the chance of each sighting.
    assert found.observed == 3
    assert found.p == pytest.approx(2 / 21 * 3 / 21)


def test_without_anybody_to_compare_with_nothing_is_unlikely() -> None:
    found = chance([stay("gate", 0, 1)], [stay("gate", 0, 1)], {}, within_s=1)
    assert found == Chance(observed=1, expected=None, low=1, high=1, p=1.0, placements=0)
    nobody = chance([stay("gate", 0, 1)], [], {}, within_s=1)
    assert (nobody.observed, nobody.p, nobody.placements) == (0, 1.0, 0)


def test_of_very_many_moments_some_are_taken_evenly() -> None:
    many = {"gate": np.arange(50_000, dtype=np.int64) * US}
    found = chance([stay("gate", 100, 110)], [stay("gate", 100, 110)], many, within_s=240)
    assert found.placements == MOST_PLACEMENTS
    assert found.expected == pytest.approx(360 / 50_000, rel=0.1)


def test_people_who_have_nothing_to_do_with_each_other_are_rarely_told_to() -> None:
    """Of independent walks p is at most 0.1 in about a tenth of the cases, hardly more."""
    rng = np.random.default_rng(5)
    low = 0
    for _ in range(150):
        pool = {"gate": np.sort(rng.uniform(0, 36_000, 80) * US).astype(np.int64)}
        walks = [
            [stay("gate", begin, begin + 10) for begin in rng.uniform(0, 36_000, 8)]
            for _ in range(2)
        ]
        low += chance(*walks, pool, within_s=300).p <= 0.1
    assert low <= 24
