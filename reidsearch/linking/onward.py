"""Which camera people pass next, had all footage been there.

Confirmed journeys show which camera somebody was seen by next, which is another thing: where the
footage of the camera in between is missing, people seem to go straight past it. So each journey is
taken for what it may have been: direct, or by one or two cameras that did not show it, because
nothing of them was analysed then or because a passage was missed. How often each camera follows
each is what makes all journeys the likeliest (expectation maximisation).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.domain.analysed import Analysed, not_analysed_s
from reidsearch.domain.decisions import Presence
from reidsearch.domain.next_footage import MISSED
from reidsearch.domain.transit_times import ONE_WAY_S, TransitModel
from reidsearch.linking.transit_model import EARLIEST_S, Values, in_turn, usable

ROUNDS = 40
BELIEVED = 0.5
"""Journeys that every way with a transit time, and the way out, is believed to have had."""


@dataclass(frozen=True, slots=True)
class Onward:
    """How often each camera is followed by each; columns one more than rows: the last is away.

    Args:
        forwards: (cameras, cameras + 1) journeys from row to column.
        backwards: likewise what came before: from column to row.
    """

    forwards: Values
    backwards: Values


def unseen(follows: Values, hidden: Values) -> Values:
    """Return with which chance somebody who passes a camera is shown by none after it.

    Args:
        follows: (cameras, cameras + 1) as `Onward.forwards`.
        hidden: (cameras,) the chance that a camera would not show a passage.

    Returns:
        (cameras,)
    """
    share = follows / follows.sum(1, keepdims=True)
    count = len(share)
    left = np.eye(count) - share[:, :count] * hidden
    return np.asarray(np.linalg.solve(left, share[:, count]))


def hidden_at(looked: Analysed, cameras: Sequence[str], from_us: int, to_us: int) -> Values:
    """Return for each camera the chance that it would not have shown a passage in a time."""
    length_s = (to_us - from_us) / 1e6
    missing = [
        not_analysed_s(looked.get(camera, ()), from_us, to_us) / length_s if length_s > 0 else 0.0
        for camera in cameras
    ]
    return np.asarray(MISSED + (1 - MISSED) * np.array(missing))


@dataclass(frozen=True, slots=True)
class _Step:
    """What was seen next of somebody; `to` None: nothing, within `ONE_WAY_S`."""

    at: str
    to: str | None
    from_us: int
    to_us: int


def onward(
    people: Mapping[int, Sequence[Presence]], model: TransitModel, looked: Analysed
) -> Onward:
    """Return which cameras follow which.

    Args:
        people: confirmed sightings by identity, that the model was made of.
        looked: when each camera was analysed.
    """
    steps, steps_back = _steps(people)
    pairs = set(model.times)
    return Onward(
        _expected(steps, pairs, model.cameras, looked),
        _expected(steps_back, {(b, a) for a, b in pairs}, model.cameras, looked),
    )


def _steps(people: Mapping[int, Sequence[Presence]]) -> tuple[list[_Step], list[_Step]]:
    """Return what was seen after each stay, and what before."""
    after, before = [], []
    way_us = round(ONE_WAY_S * 1e6)
    for seen in people.values():
        kept, _ = usable(seen)
        if not kept:
            continue
        first = min(kept, key=lambda one: one.first_us or 0)
        last = max(kept, key=lambda one: one.last_us or 0)
        begins = [(first.camera or "", first.first_us or 0)]
        ends = []
        for one, next_, gap_s in in_turn(kept):
            here, there = one.camera or "", next_.camera or ""
            at_us = next_.first_us or 0
            from_us = at_us - round(gap_s * 1e6)
            if EARLIEST_S <= gap_s <= ONE_WAY_S:
                after.append(_Step(here, there, from_us, at_us))
                before.append(_Step(there, here, from_us, at_us))
            elif gap_s > ONE_WAY_S:
                ends.append((here, from_us))
                begins.append((there, at_us))
        ends.append((last.camera or "", last.last_us or 0))
        after += [_Step(camera, None, at_us, at_us + way_us) for camera, at_us in ends]
        before += [_Step(camera, None, at_us - way_us, at_us) for camera, at_us in begins]
    return after, before


def _expected(
    steps: Sequence[_Step],
    pairs: set[tuple[str, str]],
    cameras: Sequence[str],
    looked: Analysed,
) -> Values:
    count = len(cameras)
    number = {camera: place for place, camera in enumerate(cameras)}
    believed = np.zeros((count, count + 1))
    believed[:, count] = BELIEVED
    for one, other in pairs:
        believed[number[one], number[other]] = BELIEVED
    at = np.array([number[one.at] for one in steps])
    to = np.array([count if one.to is None else number[one.to] for one in steps])
    hidden = np.array([hidden_at(looked, cameras, one.from_us, one.to_us) for one in steps])
    # Nothing leads from the one to the other but what has no transit time: that is the way out.
    known = believed > 0
    found = believed + 1.0 * known
    for _ in range(ROUNDS):
        share = found / found.sum(1, keepdims=True)
        found = believed + _journeys(share, at, to, hidden)
    return found


def _journeys(
    share: Values, at: NDArray[np.int64], to: NDArray[np.int64], hidden: Values
) -> Values:
    """Return how often each camera was followed by each in all steps, given how often it is."""
    count = len(share)
    within = share[:, :count]
    # Of each step: to be at a camera after one and two hidden passages, and to end it from there.
    once = within[at] * hidden
    twice = (once @ within) * hidden
    end = share.T[to]
    end_or_on = end + (hidden * end) @ within.T
    direct = share[at, to]
    whole = direct + (once * end).sum(1) + (twice * end).sum(1)
    sure = np.where(whole > 0, 1 / np.maximum(whole, 1e-300), 0.0)[:, None]
    found = np.zeros_like(share)
    np.add.at(found, (at, to), direct * sure[:, 0])
    np.add.at(found[:, :count], at, once * end_or_on * sure)
    found[:, :count] += within * ((once * sure).T @ (hidden * end))
    last = (once + twice) * end * sure
    np.add.at(found.T, to, last)
    # What no known way explains went a way of its own: out.
    np.add.at(found[:, count], at[whole <= 0], 1.0)
    return found
