"""The times of a recording: this machine's clock, and how a stream's time stamps lie on it."""

from __future__ import annotations

import threading
import time
from fractions import Fraction
from typing import Protocol

MOST_DRIFT_S = 0.25
"""So far a camera's clock may be off before the next segment is placed anew."""
JUMP_S = 5.0
"""Time stamps that go on by more than that, or back, are a jump: a new segment begins."""


class Clock(Protocol):
    """What a recorder takes time from."""

    def now_us(self) -> int:
        """Return microseconds since 1970, by this machine's clock."""

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Wait so long, or until it is to stop."""


class SystemClock:
    """The clock of this machine."""

    def now_us(self) -> int:
        """Return microseconds since 1970."""
        return time.time_ns() // 1000

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Wait so long, or until it is to stop."""
        stop.wait(seconds)


class Placed:
    """Where the time stamps of one connection lie on the wall clock.

    A packet arrives later than its picture was taken, sometimes by much and never earlier. So the
    earliest arrival, measured against the time stamps, places them: over the first segment for all
    that follow, and anew once a camera's clock has moved by more than `MOST_DRIFT_S`.
    """

    def __init__(self, time_base: Fraction) -> None:
        self._base = time_base
        self._zero_us: int | None = None  # when the time stamp 0 was, for closed segments
        self._least_us: int | None = None  # of the open one

    def arrived(self, pts: int, now_us: int) -> None:
        """Take note of a packet's arrival."""
        at_us = now_us - self._us(pts)
        self._least_us = at_us if self._least_us is None else min(self._least_us, at_us)

    def at_us(self, pts: int) -> int:
        """Return when a picture was taken, as is known now."""
        zero_us = self._zero_us if self._zero_us is not None else self._least_us
        return (zero_us or 0) + self._us(pts)

    def settle(self) -> float:
        """Take a segment for closed; return by how many seconds the clock has moved."""
        if self._least_us is None:
            return 0.0
        least_us, self._least_us = self._least_us, None
        drift_s = 0.0 if self._zero_us is None else (least_us - self._zero_us) / 1e6
        if self._zero_us is None or abs(drift_s) > MOST_DRIFT_S:
            self._zero_us = least_us
        return drift_s

    def _us(self, pts: int) -> int:
        return round(pts * self._base * 1_000_000)
