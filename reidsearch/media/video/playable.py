"""What browsers play: measured with Chromium, which plays what others play and little more.

H.264, VP8, VP9 and AV1 with colours at half resolution, in MP4, QuickTime, Matroska and WebM. It
plays no H.265, MPEG-4 part 2, MPEG-2 or JPEG, and no transport or program stream, AVI, FLV or
elementary stream.
"""

from __future__ import annotations

from reidsearch.domain.footage import VideoInfo
from reidsearch.domain.playback import Way
from reidsearch.media.video.streams import RAW

MP4 = "video/mp4"
_MEDIA_TYPES = {"mov": MP4, "mp4": MP4, "webm": "video/webm", "matroska": "video/webm"}
_CODECS = frozenset({"h264", "vp8", "vp9", "av1"})
_COLOURS = frozenset({"yuv420p", "yuvj420p", "yuv420p10le"})
COPIED = "h264"
"""The codec whose packets are put into another container: recorders write no other that plays."""


def way_of(info: VideoInfo, *, jumps: bool) -> Way:
    """Return which way a source gets to a browser.

    Args:
        jumps: its clock jumps, so that a player would count other times than the archive.
    """
    if info.kind != "video" or jumps or info.codec not in _CODECS:
        return Way.TRANSCODED
    if info.pixel_format not in _COLOURS or info.rotation:
        return Way.TRANSCODED
    if media_type_of(info) is not None:
        return Way.FILE
    timed = info.container not in RAW
    return Way.REMUXED if info.codec == COPIED and timed else Way.TRANSCODED


def media_type_of(info: VideoInfo) -> str | None:
    """Return the media type of a container that browsers play; None: they do not play it."""
    names = info.container.split(",")
    return next((_MEDIA_TYPES[name] for name in names if name in _MEDIA_TYPES), None)
