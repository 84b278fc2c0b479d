"""How far a file goes: what its container declares, and what was appended to it.

A container's reader stops where its index ends. What `cat` appended, a tail that nobody indexed and
an end that is missing show only when bytes are compared with the file.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNREAD_SHARE, UNREAD_BYTES = 0.01, 256 * 1024
"""Indexes and metadata at the end of a file may have both; more than that is unread footage."""
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_SEGMENT = b"\x18\x53\x80\x67"  # Matroska
_BEGINS = {"mov": (b"ftyp", 4), "flv": (b"FLV\x01", 0), "asf": (_ASF, 0), "avi": (b"RIFF", 0)}
"""What a container begins with, and how many bytes before that."""
_HEAD = 64 * 1024
_NOT_KNOWN = frozenset({0, 0xFFFFFFFF})
"""Lengths of a RIFF that was not closed."""
_FLV_SIZE = b"\x00\x08filesize\x00"
_FLV_TAG = 11
"""Bytes of a tag's header."""
_FLV_TAGS = frozenset({8, 9, 18})
"""Sound, pictures, data."""


def end_of_first(path: Path, container: str, start: int) -> int | None:
    """Return where the recording ends that begins at `start`, if another one follows at once.

    Only of containers that FFmpeg would read on in, into what is none of the first one's.
    """
    names, size = container.split(","), path.stat().st_size
    with mapped(path) as data:
        if "mov" in names:
            end = _end_of_boxes(data, start, size, up_to=b"ftyp")
            return end if data[end + 4 : end + 8] == b"ftyp" else None
        if "avi" in names:
            end = _end_of_riff(data, start, size)
            return end if data[end : end + 4] == b"RIFF" else None
    return None


def appended_at(path: Path, container: str, end: int) -> int | None:
    """Return where another recording begins at or after byte `end`; None: nowhere.

    Args:
        container: FFmpeg's names, separated by commas.
        end: of what was read as footage.
    """
    for name in container.split(","):
        if name in _BEGINS:
            begins, before = _BEGINS[name]
            with mapped(path) as data:
                at = data.find(begins, end)
            return at - before if at - before >= end else None
    return None


def unread_bytes(path: Path, container: str, start: int, end: int) -> int:
    """Return how many bytes of footage may lie after `end` that its index does not cover.

    Args:
        start: of the container in the file.
    """
    size = path.stat().st_size
    covered = max(end, _declared_end(path, container, start, size) or 0)
    left = size - min(covered, size)
    return left if left > max(UNREAD_BYTES, UNREAD_SHARE * size) else 0


def missing_bytes(path: Path, container: str, start: int) -> int:
    """Return by how many bytes a container says that it goes on beyond the end of the file."""
    size = path.stat().st_size
    return max(0, (_declared_end(path, container, start, size) or 0) - size)


def _declared_end(path: Path, container: str, start: int, size: int) -> int | None:
    """Return the byte at which a container says that it ends; None: it does not."""
    names = container.split(",")
    if size <= start:
        return None
    with mapped(path) as data:
        head = data[start : start + _HEAD]
        if "mov" in names:
            return _end_of_boxes(data, start, size)
        if "avi" in names:
            return _end_of_riff(data, start, size)
        if "asf" in names:
            at = head.find(_ASF_PROPERTIES)
            return start + _little(head[at + 40 : at + 48]) if at >= 0 else None
        if "matroska" in names:
            return _end_of_segment(head, start)
        if "flv" in names:
            return _end_of_tags(data, start, size)
    return None


def _end_of_boxes(data: mmap.mmap, start: int, size: int, up_to: bytes = b"") -> int:
    """Return where the chain of boxes from `start` on ends, breaks, or comes to one again."""
    at = start
    while at + 8 <= size:
        length, kind = _big(data[at : at + 4]), data[at + 4 : at + 8]
        if length == 1:
            length = _big(data[at + 8 : at + 16])
        elif length == 0:
            return size
        if length < 8 or not all(32 <= letter < 127 for letter in kind):
            break
        if kind == up_to and at > start:
            break
        at += length
    return at


def _end_of_riff(data: mmap.mmap, start: int, size: int) -> int:
    """Return where an AVI ends, with the parts of more than a gigabyte that it may have."""
    at = start
    while at + 12 <= size and data[at : at + 4] == b"RIFF":
        if at > start and data[at + 8 : at + 12] != b"AVIX":
            break
        length = _little(data[at + 4 : at + 8])
        if length in _NOT_KNOWN:  # nobody filled it in
            return size
        at += 8 + length + length % 2
    return at


def _end_of_tags(data: mmap.mmap, start: int, size: int) -> int:
    """Return where an FLV ends: as its metadata says, or where its last tag does."""
    head = data[start : start + _HEAD]
    told, at = 0.0, head.find(_FLV_SIZE)
    if at >= 0 and at + len(_FLV_SIZE) + 8 <= len(head):
        (told,) = struct.unpack_from(">d", head, at + len(_FLV_SIZE))
    declared = start + int(told) if 0 < told < 1 << 62 else 0
    last = _big(data[size - 4 : size])  # the length of the tag before it
    begin = size - 4 - last
    if begin > start and _FLV_TAG + _big(data[begin + 1 : begin + 4]) == last:
        return max(declared, size)
    at = start + _big(head[5:9]) + 4
    while at + _FLV_TAG <= size and data[at] & 0x1F in _FLV_TAGS:
        at += _FLV_TAG + _big(data[at + 1 : at + 4]) + 4
    return max(declared, at)


def _end_of_segment(head: bytes, start: int) -> int | None:
    """Return where a Matroska segment ends; None where its size is not known (live)."""
    at = head.find(_SEGMENT)
    if at < 0 or at + 12 > len(head):
        return None
    first = head[at + 4]
    count = 9 - first.bit_length()  # bytes of the number
    number = _big(head[at + 4 : at + 4 + count]) - (1 << (7 * count))
    unknown = number == (1 << (7 * count)) - 1
    return None if first == 0 or unknown else start + at + 4 + count + number


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


@contextmanager
def mapped(path: Path) -> Iterator[mmap.mmap]:
    """Give the bytes of a file that is not empty."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data:
            yield data
    finally:
        os.close(descriptor)
