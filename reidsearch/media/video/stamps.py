"""The time stamps of all frames of a video, from its packets alone: which frame of the file is it.

Packets are read a hundred times as fast as frames are decoded, but not every packet becomes a frame
and not every frame keeps its packet's time stamp. Where that is possible nothing is returned, and
whoever asked decodes the file instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from reidsearch.domain.footage import Stamps
from reidsearch.media.video.frames import Damage

# Some of their packets hold pictures that are never shown.
HIDDEN_PICTURES = frozenset({"vp8", "vp9", "av1", "libdav1d", "libaom-av1"})


def stamps_of(packets: Iterable[Any], codec: str) -> Stamps | None:
    """Return the pts of all frames in the order in which they are shown; None: not certain.

    Args:
        packets: of the stream, or damage, to its end.
        codec: FFmpeg's name.
    """
    if codec in HIDDEN_PICTURES:
        return None
    found: list[int] = []
    for packet in packets:
        if isinstance(packet, Damage):
            return None
        if not packet.size:
            continue  # the picture before it is shown on, or the flush at the end
        if packet.pts is None:
            return None
        if not packet.is_discard:  # cut away by an edit list
            found.append(packet.pts)
    stamps = np.sort(np.array(found, np.int64))
    return None if len(stamps) == 0 or (np.diff(stamps) == 0).any() else stamps
