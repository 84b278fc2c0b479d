"""Where somebody may have been between confirmed sightings: made-up ways by known transit times.

From a confirmed sighting ways are drawn: to which camera next, or away, as often as journeys show
it; how long it takes, by the transit time; how long the stay. A way between two confirmed sightings
counts by how well its last step fits the second one. A way that passes analysed footage counts by
the share of passages that are missed, each time. What share of all ways passes through some footage
is the chance that it shows the person; that of every draw of what the journeys leave possible gives
its interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.next_footage import MISSED
from reidsearch.domain.transit_times import ONE_WAY_S, TransitModel
from reidsearch.linking.transit_model import Values, axis, seconds_at

WORLDS, WAYS, STEPS = 40, 250, 5
"""Draws of what journeys leave possible; ways in each; cameras that a way passes at most."""
SEED = 19
_HIGHEST = float(axis(ONE_WAY_S))
Places = NDArray[np.int64]
Stretches = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Passages:
    """Ways that were drawn, and how much each counts.

    Args:
        cameras: names by number.
        at: (WORLDS, WAYS, STEPS) number of the camera; -1: away.
        first_s, last_s: likewise, when the way passes it.
        weight: (WORLDS, WAYS, STEPS + 1), of the way up to that many steps.
    """

    cameras: tuple[str, ...]
    at: Places
    first_s: Values
    last_s: Values
    weight: Values

    def share(self, camera: str, from_s: float, to_s: float) -> Values:
        """Return the share of ways that pass a camera in a stretch of time: (WORLDS,)."""
        if camera not in self.cameras:
            return np.zeros(len(self.at))
        passing = (
            (self.at == self.cameras.index(camera)) & (self.first_s < to_s) & (self.last_s > from_s)
        )
        by = np.zeros(self.weight.shape, bool)
        by[..., 1:] = np.logical_or.accumulate(passing, axis=2)
        whole = self.weight.sum((1, 2))
        part = np.where(by, self.weight, 0.0).sum((1, 2))
        return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))


class Walks:
    """Draws ways by a model, forwards in time or backwards."""

    def __init__(self, model: TransitModel, follows: Values, *, backwards: bool = False) -> None:
        self.cameras, self._backwards = model.cameras, backwards
        # The same draws every time and everywhere: of this generator NumPy promises the stream.
        self._random = np.random.RandomState(SEED)
        count = len(model.cameras)
        number = {camera: place for place, camera in enumerate(model.cameras)}
        weight = np.zeros((count, count + 1))
        self._centre = np.zeros((WORLDS, count, count))
        self._spread = np.ones((WORLDS, count, count))
        self._detour = np.zeros((WORLDS, count, count))
        for (first, second), time in model.times.items():
            here, there = number[first], number[second]
            pair = (there, here) if backwards else (here, there)
            weight[pair] = follows[pair]
            for kept, drawn in (
                (self._centre, time.centre),
                (self._spread, time.spread),
                (self._detour, time.share),
            ):
                kept[:, pair[0], pair[1]] = drawn[:WORLDS]
        weight[:, count] = follows[:, count]
        drawn_weight = self._random.standard_gamma(
            np.maximum(weight, 1e-9), (WORLDS, *weight.shape)
        )
        drawn_weight[:, weight == 0] = 0.0
        self._next = drawn_weight / np.maximum(drawn_weight.sum(2, keepdims=True), 1e-300)
        self.reached = {camera for camera, place in number.items() if weight[:, place].any()}
        self.left = {camera for camera, place in number.items() if weight[place, :count].any()}
        self._stay = np.array([max(model.stays_s[camera], 1.0) for camera in model.cameras])

    def passages(
        self,
        camera: str,
        at_s: float,
        until: tuple[str, float] | None,
        analysed: Mapping[str, Stretches],
        until_s: float,
    ) -> Passages:
        """Return ways from a sighting that ends (backwards: begins) at a time.

        Args:
            until: the camera and the time of the next sighting; None: there is none.
            analysed: by camera what was analysed.
            until_s: ways end there.
        """
        shape = (WORLDS, WAYS)
        count, sign = len(self.cameras), -1.0 if self._backwards else 1.0
        worlds = np.arange(WORLDS)[:, None]
        here = np.full(shape, self.cameras.index(camera))
        now, weight = np.full(shape, at_s), np.ones(shape)
        visited = np.full((*shape, STEPS), -1)
        firsts, lasts = np.zeros((*shape, STEPS)), np.zeros((*shape, STEPS))
        weights = np.zeros((*shape, STEPS + 1))
        alive = np.ones(shape, bool)
        for step in range(STEPS):
            if until is not None:
                weights[..., step] = np.where(
                    alive, weight * self._ends(worlds, here, now, until), 0
                )
            reach = self._next[worlds, here].cumsum(2)
            there = (self._random.random_sample(shape)[..., None] > reach).sum(2)
            alive &= there < count
            there = np.where(alive, there, 0)
            begin = now + sign * self._gaps(worlds, here, there)
            end = begin + sign * self._stay[there]
            alive &= sign * begin < sign * until_s
            visited[..., step] = np.where(alive, there, -1)
            firsts[..., step], lasts[..., step] = np.minimum(begin, end), np.maximum(begin, end)
            seen = self._seen(visited[..., step], begin, analysed)
            weight = weight * np.where(seen, MISSED, 1.0)
            here, now = np.where(alive, there, here), np.where(alive, end, now)
        if until is None:
            weights[..., STEPS] = weight
        else:
            weights[..., STEPS] = np.where(alive, weight * self._ends(worlds, here, now, until), 0)
        return Passages(self.cameras, visited, firsts, lasts, weights)

    def _gaps(self, worlds: Places, here: Places, there: Places) -> Values:
        centre, spread, detour = (
            one[worlds, here, there] for one in (self._centre, self._spread, self._detour)
        )
        direct = centre + spread * self._random.standard_normal(here.shape)
        later = centre + (_HIGHEST - centre) * self._random.random_sample(here.shape)
        elsewhere = self._random.random_sample(here.shape) < detour
        return np.maximum(seconds_at(np.where(elsewhere, later, direct)), 0.0)

    def _ends(self, worlds: Places, here: Places, now: Values, until: tuple[str, float]) -> Values:
        """Return how well the next step fits the next sighting: a density a second."""
        camera, at_s = until
        there = self.cameras.index(camera)
        gap = at_s - now
        centre, spread, detour = (
            one[worlds, here, there] for one in (self._centre, self._spread, self._detour)
        )
        place = axis(gap)
        direct = np.exp(-0.5 * ((place - centre) / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
        later = ((place >= centre) & (place <= _HIGHEST)) / np.maximum(_HIGHEST - centre, 0.1)
        fits = ((1 - detour) * direct + detour * later) / np.hypot(gap, 5.0)
        return np.asarray(np.where(gap > 0, self._next[worlds, here, there] * fits, 0.0))

    def _seen(
        self, at: Places, begin: Values, analysed: Mapping[str, Stretches]
    ) -> NDArray[np.bool_]:
        found = np.zeros(at.shape, bool)
        for place, camera in enumerate(self.cameras):
            for first, last in analysed.get(camera, ()):
                found |= (at == place) & (begin >= first) & (begin <= last)
        return found
