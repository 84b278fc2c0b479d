"""An axis of time that is broken where nothing is: parts to scale, and cuts between them.

Two clips on two days would be a pixel each on an unbroken axis. So what is of interest gets the
width, every part at a scale of its own, and the time between is pressed into a narrow strip that
is marked as a cut. Nothing vanishes: what lies in a cut is drawn in its strip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]
"""From and to, microseconds."""

CUT_PX = 18
PART_PX = 116  # a part is at least so wide: room for a tick with its date
MOST_PARTS = 7
SHORT_PX = 8  # what would be narrower is worth a cut elsewhere
SHARE = 0.05  # of the time shown, that a cut takes away at least
BLANK_SHARE = 0.25  # the same, where no footage is in the cut
SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of time and of the axis; within it, both run evenly.

    Args:
        cut: it is not to scale, and marked so.
    """

    from_us: int
    to_us: int
    left: float
    right: float
    cut: bool

    def x(self, at_us: int) -> float:
        """Where a time of this part lies."""
        share = (at_us - self.from_us) / max(1, self.to_us - self.from_us)
        return self.left + share * (self.right - self.left)


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Parts in order of time, without gaps between them."""

    parts: tuple[Part, ...]

    def x(self, at_us: int) -> float:
        """Where a time lies; before the first and after the last part, at the ends."""
        part = self.part(at_us)
        return part.x(min(max(at_us, part.from_us), part.to_us))

    def part(self, at_us: int) -> Part:
        """The part that a time lies in; where two meet, the one that is to scale."""
        for part in self.parts:
            if at_us < part.to_us or (at_us == part.to_us and not part.cut):
                return part
        return self.parts[-1]

    @property
    def shown(self) -> list[Part]:
        """The parts that are to scale."""
        return [part for part in self.parts if not part.cut]

    @property
    def cuts(self) -> list[Part]:
        """The others."""
        return [part for part in self.parts if part.cut]


def broken_axis(
    whole: Interval, focus: Sequence[Interval], footage: Sequence[Interval], left: int, right: int
) -> TimeAxis:
    """Break an axis where that gives more room to what is of interest.

    Args:
        whole: first and last time of the axis.
        focus: what is of interest, such as matches.
        footage: where there is any; a cut without footage costs nothing.
        left, right: its ends, pixels.
    """
    cuts = _cuts(whole, _windows(whole, focus), joined(footage), right - left)
    ends: list[tuple[int, int, bool]] = []
    at = whole[0]
    for first, last in cuts:
        if first > at:
            ends.append((at, first, False))
        ends.append((first, last, True))
        at = last
    if at < whole[1]:
        ends.append((at, whole[1], False))
    return TimeAxis(tuple(_placed(ends, left, right)))


def joined(intervals: Sequence[Interval]) -> list[Interval]:
    """Intervals in order, those that touch as one."""
    found: list[Interval] = []
    for first, last in sorted(intervals):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def _windows(whole: Interval, focus: Sequence[Interval]) -> list[Interval]:
    """What is of interest, with some time around it."""
    padded = []
    for first, last in focus:
        around = max(5 * SECOND_US, (last - first) // 4)
        padded.append((max(whole[0], first - around), min(whole[1], last + around)))
    return joined([one for one in padded if one[0] < one[1]])


def _cuts(
    whole: Interval, windows: Sequence[Interval], footage: Sequence[Interval], width_px: int
) -> list[Interval]:
    """The gaps between windows that are cut out, longest first while it is worth it."""
    if not windows:
        return []
    ends = [whole[0], *(at for window in windows for at in window), whole[1]]
    gaps = [(ends[i], ends[i + 1]) for i in range(0, len(ends), 2) if ends[i] < ends[i + 1]]
    shortest = min(last - first for first, last in windows)
    cuts: list[Interval] = []
    left_us = whole[1] - whole[0]
    for gap in sorted(gaps, key=lambda gap: gap[0] - gap[1]):
        length = gap[1] - gap[0]
        needed = shortest / left_us * width_px < SHORT_PX and length >= SHARE * left_us
        blank = length >= BLANK_SHARE * left_us and not any(
            first < gap[1] and gap[0] < last for first, last in footage
        )
        if (needed or blank) and len(cuts) < MOST_PARTS - 1:
            cuts.append(gap)
            left_us -= length
    return sorted(cuts)


def _placed(ends: Sequence[tuple[int, int, bool]], left: int, right: int) -> list[Part]:
    """Give each part its width: a cut a fixed one, the others by their length, none too narrow."""
    room = right - left - CUT_PX * sum(cut for _, _, cut in ends)
    widths = _widths([last - first for first, last, cut in ends if not cut], room)
    parts: list[Part] = []
    x = float(left)
    for first, last, cut in ends:
        wide = CUT_PX if cut else widths.pop(0)
        parts.append(Part(first, last, x, x + wide, cut))
        x += wide
    return parts


def _widths(lengths: Sequence[int], room: float) -> list[float]:
    """Shares of the room by length, none below `PART_PX`."""
    narrow: set[int] = set()
    while True:
        wide = [at for at in range(len(lengths)) if at not in narrow]
        total = sum(lengths[at] for at in wide)
        rest = room - PART_PX * len(narrow)
        below = {at for at in wide if lengths[at] / total * rest < PART_PX}
        if not below:
            return [
                PART_PX if at in narrow else lengths[at] / total * rest
                for at in range(len(lengths))
            ]
        narrow |= below
        if len(narrow) == len(lengths):
            return [room / len(lengths)] * len(lengths)
