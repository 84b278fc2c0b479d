"""A JPEG less everything that is not its picture."""

from __future__ import annotations

import re

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_JFIF, _ADOBE = 0xE0, 0xEE
# Tables, restart interval and frame headers of what decoders of today read: baseline, extended
# and progressive, Huffman or arithmetic. Others (lossless, hierarchical) are not copied.
_DECODED = frozenset({0xC0, 0xC1, 0xC2, 0xC4, 0xC9, 0xCA, 0xCC, 0xDB, 0xDD})
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
# Within coded pixels FF is followed by 00 (a byte FF) or by a restart marker.
_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")


def coded_picture(data: bytes) -> bytes | None:
    """Return the segments of a JPEG that its pixels are decoded from, up to its end.

    Left out are EXIF, XMP, ICC profiles, comments and thumbnails wherever they stand, also between
    scans, and all that follows the end of the picture, such as a film or a second picture.

    Returns:
        None: it is built in a way that is not copied.
    """
    if data[:2] != b"\xff\xd8":
        return None
    kept = [data[:2]]
    at, frames, scans = 2, 0, 0
    while (found := _marker_at(data, at)) is not None:
        marker, begin = found
        if marker == _END:
            return b"".join([*kept, b"\xff\xd9"]) if scans else None
        end = begin + int.from_bytes(data[begin : begin + 2], "big")
        if end < begin + 2 or end > len(data):
            return None
        body = data[begin + 2 : end]
        frames += marker in _FRAMES
        if marker == _SCAN:
            scans += 1
            pixels = _MARKER.search(data, end)
            if pixels is None or not frames:
                return None
            end = pixels.start()
            kept.append(b"\xff\xda" + data[begin:end])
        elif marker in _DECODED:
            kept.append(bytes([0xFF, marker]) + data[begin:end])
        elif (told := _colours(marker, body)) is not None:
            kept.append(told)
        elif not (marker == 0xFE or 0xE0 <= marker <= 0xEF):
            return None
        if frames > 1:
            return None
        at = end
    return None


def _marker_at(data: bytes, at: int) -> tuple[int, int] | None:
    """Return the marker at a byte, and where its segment begins; None: there is none."""
    if data[at : at + 1] != b"\xff":
        return None
    while data[at : at + 1] == b"\xff":  # any number of them may stand before a marker
        at += 1
    return (data[at], at + 1) if at < len(data) else None


def _colours(marker: int, body: bytes) -> bytes | None:
    """Return what an application segment says of how colours are coded, and no more of it."""
    if marker == _JFIF and body[:5] == b"JFIF\0" and len(body) >= 14:
        return b"\xff\xe0\x00\x10" + body[:12] + b"\0\0"  # without its thumbnail
    if marker == _ADOBE and body[:5] == b"Adobe" and len(body) >= 12:
        return b"\xff\xee\x00\x0e" + body[:12]
    return None
