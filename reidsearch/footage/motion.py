"""The motion gate: frames on which nothing moves need no detector.

A small grey picture is compared with a background that follows it slowly (sigma-delta, an
approximate running median: Manzanera and Richefeu 2007). Somebody who stands still thus stays
foreground for tens of seconds, and a lamp that is switched on becomes background. Whatever the
gate thinks, the detector looks every `IDLE_US`, so that nobody who moves too little to be noticed
is missed for longer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WIDTH_PX, HEIGHT_PX = 96, 54
# A grey level is one of 256. Sensor noise, averaged over the 400 pixels of a 1080p cell, stays
# below 2; a person in clothes of the wall's colour still differs by 10 somewhere.
DIFFERENT_LEVELS = 8
DIFFERENT_CELLS = 2  # one cell may be a leaf or a blinking lamp
SETTLE_US = 1_000_000  # looked at for so long after the last motion
IDLE_US = 2_000_000
FOLLOW_US = 200_000  # the background follows by one level in this time


@dataclass(frozen=True, slots=True)
class GateState:
    """All that the gate remembers; part of a checkpoint.

    Args:
        background: (54, 96) float32 grey levels.
        followed_us, moved_us, looked_us: media times of the background's last step, of the last
            motion, and of the last frame that was let through.
    """

    background: NDArray[np.float32]
    followed_us: int
    moved_us: int
    looked_us: int


def pass_gate(
    state: GateState | None, grey: NDArray[np.uint8], time_us: int
) -> tuple[bool, bool, GateState]:
    """Whether something moves, whether the detector should look, and the gate's next state.

    Args:
        grey: (54, 96) uint8.
        time_us: media time, increasing from call to call.

    Returns:
        Whether something moves or has moved a moment ago; whether to look, which is so too when
        nobody has looked for long; the next state.
    """
    now = grey.astype(np.float32)
    if state is None:
        return True, True, GateState(now, time_us, time_us, time_us)
    difference = now - state.background
    # Light that changes everywhere is no motion; exposure control does that all day.
    moving = np.abs(difference - np.median(difference)) > DIFFERENT_LEVELS
    moved_us = time_us if np.count_nonzero(moving) >= DIFFERENT_CELLS else state.moved_us
    active = time_us - moved_us <= SETTLE_US
    looked = active or time_us - state.looked_us >= IDLE_US
    steps = (time_us - state.followed_us) // FOLLOW_US
    followed_us = state.followed_us + steps * FOLLOW_US
    background = state.background + np.clip(difference, -steps, steps).astype(np.float32)
    looked_us = time_us if looked else state.looked_us
    return active, looked, GateState(background, followed_us, moved_us, looked_us)
