"""What an H.264 or H.265 packet carries: its parameter sets, and whether it can be what it says.

Cameras change their picture size while they send; a file has one. And what a bad line makes of a
packet reaches us as units of kinds that do not exist.
"""

from __future__ import annotations

import io
from typing import Any

import av
import av.error

_START = b"\0\0\1"
_SETS = {"h264": frozenset({7, 8}), "hevc": frozenset({32, 33, 34})}
_RAW = {"h264": "h264", "hevc": "hevc"}


def units(data: bytes) -> list[bytes]:
    """Return the units of an Annex B packet; empty where it is written in another way."""
    found, at = [], data.find(_START)
    if at not in (0, 1):
        return []
    while at >= 0:
        begin = at + len(_START)
        at = data.find(_START, begin)
        unit = data[begin:at] if at >= 0 else data[begin:]
        found.append(unit.rstrip(b"\0") if at >= 0 else unit)
    return [unit for unit in found if unit]


def kind_of(unit: bytes, codec: str) -> int:
    """Return the kind of a unit by its header."""
    return unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63


def is_damaged(packet: Any, codec: str) -> bool:
    """Tell whether a packet cannot be what a camera has sent."""
    if packet.is_corrupt:
        return True
    if codec not in _SETS:
        return False
    for unit in units(bytes(packet)):
        kind = kind_of(unit, codec)
        if unit[0] & 0x80 or (codec == "h264" and not 1 <= kind <= 23) or kind > 47:
            return True
    return False


def parameter_sets(packet: Any, codec: str) -> bytes:
    """Return the parameter sets that a packet carries, as Annex B; empty: none."""
    kinds = _SETS.get(codec, frozenset())
    found = {unit for unit in units(bytes(packet)) if kind_of(unit, codec) in kinds}
    return b"".join(b"\0" + _START + unit for unit in sorted(found))


def stream_of(packet: Any, codec: str) -> tuple[Any, Any] | None:
    """Return PyAV's container and stream of one key frame that carries its parameter sets.

    The stream tells size and parameter sets of this very packet, where the connection's tells those
    that it began with. None: the packet cannot be read alone. The caller closes the container.
    """
    try:
        container = av.open(io.BytesIO(bytes(packet)), format=_RAW[codec])
    except (av.error.FFmpegError, ValueError, KeyError):
        return None
    if container.streams.video and container.streams.video[0].codec_context.width:
        return container, container.streams.video[0]
    container.close()
    return None
