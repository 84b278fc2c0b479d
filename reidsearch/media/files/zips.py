"""Zip archives as streams: members are read where they lie, nothing is unpacked to disk."""

from __future__ import annotations

import bz2
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import CropInput, Rejected
from reidsearch.media.files.containers import Container
from reidsearch.media.files.paths import kind_of, open_regular, require_bytes

_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, ..., lengths of name and extra field
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2}


def zip_offers(container: Container, limits: PictureLimits) -> Iterator[CropInput | Rejected]:
    """The pictures in a zip archive, in its directory's order.

    An encrypted or oddly compressed member, and a damaged or bomb-like archive, is `Rejected`.
    """
    try:
        with (
            os.fdopen(open_regular(container.path), "rb") as file,
            zipfile.ZipFile(file) as archive,
        ):
            infos = archive.infolist()
        _require_sound(container, infos)
    except Refused as refused:
        yield Rejected(container.location, refused)
        return
    except Exception as error:  # noqa: BLE001 - zipfile throws a dozen kinds at damaged files
        yield container.damaged(f"{error or type(error).__name__}; cut short?")
        return
    for info in infos:
        if info.is_dir():
            continue
        mode = info.external_attr >> 16
        location = container.screen(info.filename, "a link" if stat.S_ISLNK(mode) else "")
        if isinstance(location, Rejected):
            yield location
        elif location is None:
            continue
        elif info.flag_bits & 1:
            yield Rejected(location, Refused(Reason.UNREADABLE, "it is encrypted", "decrypt it"))
        elif info.compress_type not in _METHODS:
            yield Rejected(
                location,
                Refused(Reason.UNREADABLE, f"compressed by method {info.compress_type}"),
            )
        else:
            read = partial(
                _read,
                container,
                limits,
                info.header_offset,
                info.compress_type,
                info.compress_size,
                info.file_size,
                info.CRC,
            )
            yield container.offer(location, info.file_size, info.CRC, read)


def zip_pictures(path: str) -> int | None:
    """How many members have a picture's name; None when the archive cannot be read."""
    try:
        with os.fdopen(open_regular(path), "rb") as file, zipfile.ZipFile(file) as archive:
            names = (name.rpartition("/")[2] for name in archive.namelist())
            return sum(kind_of(name) == "picture" for name in names if name)
    except Exception:  # noqa: BLE001 - as above; `zip_offers` will tell
        return None


def _require_sound(container: Container, infos: list[zipfile.ZipInfo]) -> None:
    """Refuse archives whose members overlap, or are far larger than the archive.

    Overlapping members are how a small zip unpacks to petabytes without any nesting.
    """
    container.require_modest(sum(info.file_size for info in infos), container.size_bytes)
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise Refused(Reason.BOMB, f"its members overlap at {info.filename!r}")
        end = info.header_offset + _LOCAL_HEADER.size + info.compress_size


def _read(
    container: Container,
    limits: PictureLimits,
    header_offset: int,
    method: int,
    packed_bytes: int,
    size_bytes: int,
    crc: int,
) -> bytes:
    """One member's bytes; declared and actual size are both held to the limit.

    Raises:
        Refused: empty, too-many-bytes, truncated, damaged, unreadable.
    """
    require_bytes(size_bytes, limits)
    require_bytes(packed_bytes, limits)
    header = container.pread(header_offset, _LOCAL_HEADER.size)
    signature, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
    if signature != b"PK\x03\x04":
        raise Refused(Reason.DAMAGED, "its entry in the zip archive is damaged")
    start = header_offset + _LOCAL_HEADER.size + name_bytes + extra_bytes
    data = container.pread(start, packed_bytes)
    try:
        if method == zipfile.ZIP_DEFLATED:
            data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size_bytes + 1)
        elif method == zipfile.ZIP_BZIP2:
            data = bz2.BZ2Decompressor().decompress(data, size_bytes + 1)
    except (zlib.error, OSError, EOFError) as error:
        raise Refused(Reason.DAMAGED, f"it cannot be unpacked: {error}") from error
    if len(data) != size_bytes or zlib.crc32(data) != crc:
        raise Refused(Reason.DAMAGED, "its bytes do not have the size and checksum declared")
    return data
