"""Whether whoever wrote a video file has closed it, by what its container says of itself."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

from reidsearch.base.reading import open_regular

BOXES_AT_MOST = 200_000
"""Of an MP4; a fragmented one has two for each fragment."""
_FIRST_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"pnot")
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"


def has_ended(path: str | os.PathLike[str]) -> bool | None:
    """Tell whether a file has the end that its writer puts there last.

    Returns:
        True: it was closed. False: it is still written, or was never closed. None: its container
        does not tell (MPEG transport streams and the like).

    Raises:
        OSError: it cannot be read.
        Refused: it is not there, or no regular file.
    """
    with os.fdopen(open_regular(os.fspath(path)), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(12)
        if head[4:8] in _FIRST_BOXES:
            return _boxes_complete(file, size)
        if head[:4] == _EBML:
            return _segment_complete(file, size)
        if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
            declared = int.from_bytes(head[4:8], "little")
            return declared > 0 and 8 + declared <= size
    return None


def _boxes_complete(file: BinaryIO, size: int) -> bool:
    """Every box of an MP4 is whole, and its index is there."""
    at, indexed = 0, False
    for _ in range(BOXES_AT_MOST):
        if at == size:
            return indexed
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return False
        length, name = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:
            length = int.from_bytes(head[8:], "big")
        elif length == 0:  # to the end of the file
            length = size - at
        if length < 8 or at + length > size:
            return indexed and not name.isalnum()  # something else was put behind it
        indexed |= name == b"moov"
        at += length
    return indexed


def _segment_complete(file: BinaryIO, size: int) -> bool | None:
    """The one segment of a Matroska file is as long as it says; live ones say nothing."""
    file.seek(4)
    header = _number(file)
    if header is None:
        return False
    file.seek(header, os.SEEK_CUR)
    if file.read(4) != _SEGMENT:
        return False
    length = _number(file)
    return None if length is None else file.tell() + length <= size


def _number(file: BinaryIO) -> int | None:
    """Read an element's size; None: it says that it is not known, or is none."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    rest = file.read(more)
    if len(rest) < more:
        return None
    mask = (1 << (7 - more)) - 1
    value = int.from_bytes(bytes([first[0] & mask]) + rest, "big")
    return None if value == (1 << 7 * (more + 1)) - 1 else value
