"""Decoding by hardware, where somebody asked for it: never otherwise, and never something else.

A decoder of hardware gives the pictures that one of software gives, since H.264, HEVC, VP9 and AV1
leave nothing open; but it lays their colours out in another way, and what converts them to BGR
would round otherwise. `laid_out` brings them into the layout of the decoders of software, without
touching a value.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import av
import av.error
from av.codec.hwaccel import HWAccel, hwdevices_available

from reidsearch.base.errors import Kind, UsageError

NONE = "none"
"""The name of decoding by software."""
_CODECS = ("h264", "hevc", "av1", "vp9", "mjpeg", "mpeg4", "mpeg2video", "vc1")
_FULL_RANGE = 2  # of FFmpeg's AVColorRange
_LAYOUTS = {"nv12": "yuv420p", "nv16": "yuv422p", "nv24": "yuv444p", "p010le": "yuv420p10le"}
_FULL_LAYOUTS = {"yuv420p": "yuvj420p", "yuv422p": "yuvj422p", "yuv444p": "yuvj444p"}


def acceleration(decoder: str | None) -> HWAccel | None:
    """Return what a container is opened with so that its pictures are decoded there, or not at all.

    Args:
        decoder: FFmpeg's name of a kind of device, such as `cuda`; None: software decodes.
    """
    return HWAccel(decoder, allow_software_fallback=False) if decoder else None


@cache
def decoders() -> dict[str, str]:
    """Return the kinds of devices that FFmpeg was built for -> why one is of no use here; or ''."""
    return {name: _why_not(name) for name in hwdevices_available()}


def require_decoder(decoder: str | None) -> None:
    """Refuse a kind of device that cannot decode here.

    Raises:
        UsageError: it is not known, or cannot be opened; the message names those that can.
    """
    if decoder is None:
        return
    # Its names are asked for first: PyAV takes the first device there is for a name that is none.
    why_not = decoders().get(decoder, "FFmpeg was not built for it")
    if why_not:
        usable = [name for name, fault in decoders().items() if not fault]
        raise UsageError(
            f"nothing can be decoded by {decoder!r} here: {why_not}; there are "
            f"{', '.join([*usable, NONE])}",
            kind=Kind.DECODER_UNKNOWN,
        )


def laid_out(picture: av.VideoFrame) -> av.VideoFrame:
    """Return a picture in the layout that decoders of software give, every value as it was."""
    layout = _LAYOUTS.get(picture.format.name)
    if layout is None:
        return picture
    if picture.color_range == _FULL_RANGE:
        layout = _FULL_LAYOUTS.get(layout, layout)
    return picture.reformat(format=layout)


def is_by_hardware(context: Any) -> bool:
    """Tell whether the decoder of a stream is that of a device."""
    return bool(context is not None and context.is_hwaccel)


def _why_not(name: str) -> str:
    for codec in _CODECS:
        try:
            HWAccel(name, allow_software_fallback=False).create(av.Codec(codec, "r"))
        except (NotImplementedError, ValueError):  # nothing of this codec, or no such codec
            continue
        except (av.error.FFmpegError, OSError) as error:
            return f"no such device can be opened ({error.strerror or error})"
        return ""
    return "this build of FFmpeg decodes nothing by it"
