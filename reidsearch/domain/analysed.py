"""When each camera's footage was analysed, and what of an interval was not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from reidsearch.domain.footage import UNSEEN, SourceCoverage

Analysed: TypeAlias = Mapping[str, Sequence[tuple[int, int]]]
"""By camera the stretches of the wall clock (microseconds) that were analysed, merged, in order."""


def analysed(sources: Iterable[SourceCoverage]) -> Analysed:
    """Return when each camera with a known clock was analysed."""
    found: dict[str, list[tuple[int, int]]] = {}
    for one in sources:
        camera, clock = one.facts.camera, one.facts.clock
        if camera is None or clock.start is None:
            continue
        found.setdefault(camera, [])
        for span in one.spans:
            first = clock.at_media_us(span.from_us)
            last = clock.at_media_us(span.to_us)
            if span.how not in UNSEEN and first is not None and last is not None:
                found[camera].append((first, last))
    return {camera: merged(found[camera]) for camera in sorted(found)}


def merged(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what some stretches cover, in order, none of them touching another."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(stretches):
        if joined and first <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined


def not_analysed_s(stretches: Sequence[tuple[int, int]], from_us: int, to_us: int) -> float:
    """Return how many seconds of an interval lie in none of these stretches."""
    seen_us = sum(max(0, min(last, to_us) - max(first, from_us)) for first, last in stretches)
    return (to_us - from_us - seen_us) / 1_000_000
