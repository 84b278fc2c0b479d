"""A made-up town: who was at which camera and when, with the truth of everything.

Questions of time and place (company, transit, clocks, chance of being found) need hours of several
cameras, which nobody can draw as video within a test. So the town consists of sightings; `writing`
beside this module puts them into an archive as footage. What is found in it says how well a method
counts, nothing about how well people are recognised in real footage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from reidsearch.datasets.synthetic.people import PLACES

WALK_M_PER_S = 1.3
DETOUR = 0.15
"""Share of ways on which somebody stops or goes elsewhere before the next camera."""


@dataclass(frozen=True, slots=True)
class TownCamera:
    """One camera of the town.

    Args:
        x_m, y_m: where it stands.
        offset_s: by how much its clock is fast at the beginning.
        drift_ppm: how much it gets faster, parts per million.
    """

    name: str
    x_m: float
    y_m: float
    offset_s: float = 0.0
    drift_ppm: float = 0.0

    def shown_s(self, true_s: float) -> float:
        """Return what its clock shows at a true time, both in seconds from the beginning."""
        return true_s * (1 + self.drift_ppm / 1e6) + self.offset_s


@dataclass(frozen=True, slots=True)
class Sighting:
    """One person passing one camera; true times in seconds from the beginning.

    Args:
        person: number of the person, from 0.
        walk: number of the walk that it is a part of; those in company share it.
        from_x, to_x: where the person comes and goes, as shares of the picture's width.
        feet: where the feet are, as a share of the picture's height from the top.
    """

    person: int
    camera: str
    walk: int
    first_s: float
    last_s: float
    from_x: float
    to_x: float
    feet: float


@dataclass(frozen=True, slots=True)
class Town:
    """The cameras, who passed them, and what is true of it.

    Args:
        groups: people who walk together, each time; everybody else walks alone.
        sightings: in order of the first time.
        alike: (people,) int: people of one number wear the same kind of clothes.
    """

    seconds: float
    cameras: tuple[TownCamera, ...]
    people: int
    groups: tuple[tuple[int, ...], ...]
    sightings: tuple[Sighting, ...]
    alike: tuple[int, ...]
    ways_s: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """From camera to camera, the median seconds of a direct way."""

    def of_person(self, person: int) -> list[Sighting]:
        """Return the sightings of one person, in order of time."""
        return [one for one in self.sightings if one.person == person]

    def transits(self) -> Iterator[tuple[Sighting, Sighting]]:
        """Give the consecutive sightings of each walk of each person."""
        for person in range(self.people):
            for one, next_ in pairwise(self.of_person(person)):
                if one.walk == next_.walk:
                    yield one, next_


def drawn_town(
    *,
    people: int = 60,
    cameras: int = 5,
    hours: float = 4,
    couples: int = 5,
    walks: int = 3,
    offsets_s: Sequence[float] = (),
    drifts_ppm: Sequence[float] = (),
    seed: int = 1,
) -> Town:
    """Draw a town whose people walk from camera to camera, in both directions.

    Cameras stand on a line with bends, 60 to 150 m apart; a way takes its length at walking
    speed, with a spread of a quarter, and longer in 15 of 100 cases. People numbered `2 n` and
    `2 n + 1` below `couples` walk together. The same arguments give the same town.

    Args:
        walks: of each person (or couple), at random times of the hours.
        offsets_s, drifts_ppm: of the cameras' clocks, in order; what is missing is zero.
    """
    rng = np.random.default_rng((seed, 11))
    placed = _place(cameras, offsets_s, drifts_ppm, rng)
    ways = {(a.name, b.name): _way_s(a, b) for a in placed for b in placed if a is not b}
    groups = tuple((2 * n, 2 * n + 1) for n in range(couples))
    alone = [(person,) for person in range(2 * couples, people)]
    found: list[Sighting] = []
    number = 0
    for group in (*groups, *alone):
        for begin_s in _begins(walks, hours * 3600, rng):
            found += _walk(number, group, begin_s, placed, ways, hours * 3600, rng)
            number += 1
    return Town(
        seconds=hours * 3600,
        cameras=placed,
        people=people,
        groups=groups,
        sightings=tuple(sorted(found, key=lambda one: (one.first_s, one.person))),
        alike=tuple(int(look) for look in rng.integers(max(people // 4, 1), size=people)),
        ways_s=ways,
    )


def _place(
    count: int,
    offsets_s: Sequence[float],
    drifts_ppm: Sequence[float],
    rng: np.random.Generator,
) -> tuple[TownCamera, ...]:
    placed, x_m, y_m = [], 0.0, 0.0
    for index in range(count):
        round_, place = divmod(index, len(PLACES))
        name = PLACES[place] + (f"-{round_ + 1}" if round_ else "")
        offset_s = offsets_s[index] if index < len(offsets_s) else 0.0
        drift_ppm = drifts_ppm[index] if index < len(drifts_ppm) else 0.0
        placed.append(TownCamera(name, x_m, y_m, offset_s, drift_ppm))
        x_m, y_m = x_m + float(rng.uniform(60, 150)), y_m + float(rng.uniform(-40, 40))
    return tuple(placed)


def _way_s(a: TownCamera, b: TownCamera) -> float:
    return float(np.hypot(a.x_m - b.x_m, a.y_m - b.y_m)) / WALK_M_PER_S


def _begins(walks: int, seconds: float, rng: np.random.Generator) -> list[float]:
    """Give times apart enough that nobody begins a walk while on another."""
    share = seconds / walks
    return [n * share + float(rng.uniform(0, 0.4 * share)) for n in range(walks)]


def _walk(
    number: int,
    group: Sequence[int],
    begin_s: float,
    cameras: Sequence[TownCamera],
    ways: Mapping[tuple[str, str], float],
    end_s: float,
    rng: np.random.Generator,
) -> Iterator[Sighting]:
    """Give the sightings of one walk: from one camera to its neighbours, mostly onwards."""
    at = int(rng.integers(len(cameras)))
    onwards = 1 if at == 0 or (at < len(cameras) - 1 and rng.random() < 0.5) else -1
    now_s = begin_s
    for _ in range(int(rng.integers(3, 7))):
        camera = cameras[at]
        stay_s = float(np.clip(rng.lognormal(np.log(12), 0.4), 4, 60))
        if now_s + stay_s + 5 > end_s:
            return
        side = rng.random() < 0.5
        feet = float(rng.uniform(0.6, 0.95))
        for place, person in enumerate(group):
            late_s = place * float(rng.uniform(0.2, 1.5))
            yield Sighting(
                person,
                camera.name,
                number,
                now_s + late_s,
                now_s + late_s + stay_s,
                0.02 if side else 0.9,
                0.9 if side else 0.02,
                min(feet + 0.03 * place, 0.98),
            )
        if not 0 <= at + onwards < len(cameras) or rng.random() < 0.1:
            onwards = -onwards
        next_ = min(max(at + onwards, 0), len(cameras) - 1)
        if next_ == at:
            return
        way_s = ways[camera.name, cameras[next_].name] * float(rng.lognormal(0, 0.25))
        if rng.random() < DETOUR:
            way_s += float(rng.uniform(60, 600))
        now_s, at = now_s + stay_s + way_s, next_
