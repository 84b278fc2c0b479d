"""The motion gate: frames on which nothing moves need no detector.

A small grey picture is compared with one of up to a second ago. Somebody who stands quite still is
no motion; but whatever the gate says, one frame every `IDLE_US` is analysed, and the tracker keeps
tracks for longer than that.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH_PX, HEIGHT_PX = 96, 54
# A grey level is one of 256. Sensor noise, averaged over the 400 pixels of a 1080p cell, stays
# below 2; a person in clothes of the wall's colour still differs by 10 somewhere.
DIFFERENT_LEVELS = 8
DIFFERENT_CELLS = 2  # one cell may be a leaf or a blinking lamp
SETTLE_US = 1_000_000  # analysed for so long after the last motion
IDLE_US = 2_000_000
COMPARED_US = 1_000_000  # slow motion shows over this time


@dataclass(frozen=True, slots=True)
class GateState:
    """All that the gate remembers; part of a checkpoint.

    Args:
        earlier: (54, 96) uint8, the picture to compare with.
        earlier_us, moved_us, analysed_us: media times of that picture, of the last motion, and of
            the last frame that was let through.
    """

    earlier: NDArray[np.uint8]
    earlier_us: int
    moved_us: int
    analysed_us: int


def pass_gate(
    state: GateState | None, grey: NDArray[np.uint8], time_us: int
) -> tuple[bool, bool, GateState]:
    """Decide whether something moves, and whether the detector runs.

    Args:
        grey: (54, 96) uint8.
        time_us: media time, increasing from call to call.

    Returns:
        Whether something moves or has moved a moment ago; whether to analyse the frame, also when
        none was for long; the next state.
    """
    if state is None:
        return True, True, GateState(grey, time_us, time_us, time_us)
    moving = changed_cells(state.earlier, grey, DIFFERENT_LEVELS)
    moved_us = time_us if np.count_nonzero(moving) >= DIFFERENT_CELLS else state.moved_us
    active = time_us - moved_us <= SETTLE_US
    analysed = active or time_us - state.analysed_us >= IDLE_US
    analysed_us = time_us if analysed else state.analysed_us
    if time_us - state.earlier_us < COMPARED_US:
        return active, analysed, GateState(state.earlier, state.earlier_us, moved_us, analysed_us)
    return active, analysed, GateState(grey, time_us, moved_us, analysed_us)


def changed_cells(
    before: NDArray[np.uint8], after: NDArray[np.uint8], levels: int
) -> NDArray[np.bool_]:
    """Return (h, w) which cells differ by more than `levels` from what most differ by.

    Light that changes everywhere is no motion; exposure control does that all day. The median is
    that of `np.median`, counted, since levels are whole numbers; twice of it is one too.
    """
    difference = after.astype(np.int16) - before + 255
    counts = cv2.calcHist([difference.view(np.uint16)], [0], None, [511], [0, 511])
    middle = (difference.size - 1) // 2, difference.size // 2
    twice_median = int(np.searchsorted(np.cumsum(counts), middle, side="right").sum())
    changed: NDArray[np.bool_] = np.abs(2 * difference - twice_median) > 2 * levels
    return changed
