"""Where the bytes of a crop input lie, as plain data.

A locator can be pickled and read in another process: it holds paths and offsets, never a handle.
Only members of a compressed tar, which cannot be entered in the middle, carry their bytes.
"""

from __future__ import annotations

import bz2
import os
import struct
import zipfile
import zlib
from dataclasses import dataclass

from reidsearch.base.errors import Reason, Refused
from reidsearch.base.reading import open_regular, refusal
from reidsearch.base.settings import PictureLimits
from reidsearch.media.files.paths import read_regular, require_bytes

_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, ..., lengths of name and extra field
LOCAL_HEADER_BYTES = _LOCAL_HEADER.size


@dataclass(frozen=True, slots=True)
class FileBytes:
    """A whole file."""

    path: str

    @property
    def held_bytes(self) -> int:
        """Nothing is held in memory."""
        return 0

    def read(self, limits: PictureLimits) -> bytes:
        """Read the file.

        Raises:
            Refused: missing, unreadable, not-a-file, empty, too-many-bytes.
        """
        return read_regular(self.path, limits)


@dataclass(frozen=True, slots=True)
class ContainerFile:
    """A tar or zip file as it was when it was listed; another one is refused."""

    path: str
    size_bytes: int
    mtime_ns: int

    def pread(self, offset: int, size_bytes: int) -> bytes:
        """Read bytes at an offset, from any thread, without an open handle in between.

        Raises:
            Refused: unreadable (also when it changed since it was listed), truncated.
        """
        descriptor = open_regular(self.path)
        try:
            status = os.fstat(descriptor)
            if (status.st_size, status.st_mtime_ns) != (self.size_bytes, self.mtime_ns):
                raise Refused(
                    Reason.UNREADABLE, "its container changed while it was read", "run again"
                )
            data = os.pread(descriptor, size_bytes, offset)
            while 0 < len(data) < size_bytes:  # at most 2 GiB a call
                more = os.pread(descriptor, size_bytes - len(data), offset + len(data))
                if not more:
                    break
                data += more
        except OSError as error:
            raise refusal(error) from error
        finally:
            os.close(descriptor)
        if len(data) < size_bytes:
            raise Refused(Reason.TRUNCATED, "its container ends too early")
        return data


@dataclass(frozen=True, slots=True)
class TarMember:
    """A member of an uncompressed tar."""

    container: ContainerFile
    offset: int
    size_bytes: int

    @property
    def held_bytes(self) -> int:
        """Nothing is held in memory."""
        return 0

    def read(self, limits: PictureLimits) -> bytes:
        """Read the member where it lies.

        Raises:
            Refused: empty, too-many-bytes, truncated, unreadable.
        """
        require_bytes(self.size_bytes, limits)
        return self.container.pread(self.offset, self.size_bytes)


@dataclass(frozen=True, slots=True)
class ZipMember:
    """A member of a zip: stored, deflated or bzip2."""

    container: ContainerFile
    header_offset: int
    method: int
    packed_bytes: int
    size_bytes: int
    crc: int

    @property
    def held_bytes(self) -> int:
        """Nothing is held in memory."""
        return 0

    def read(self, limits: PictureLimits) -> bytes:
        """Read and unpack the member; declared and actual size are both held to the limit.

        Raises:
            Refused: empty, too-many-bytes, truncated, damaged, unreadable.
        """
        require_bytes(self.size_bytes, limits)
        require_bytes(self.packed_bytes, limits)
        header = self.container.pread(self.header_offset, _LOCAL_HEADER.size)
        signature, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
        if signature != b"PK\x03\x04":
            raise Refused(Reason.DAMAGED, "its entry in the zip archive is damaged")
        start = self.header_offset + _LOCAL_HEADER.size + name_bytes + extra_bytes
        data = self.container.pread(start, self.packed_bytes)
        try:
            if self.method == zipfile.ZIP_DEFLATED:
                data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, self.size_bytes + 1)
            elif self.method == zipfile.ZIP_BZIP2:
                data = bz2.BZ2Decompressor().decompress(data, self.size_bytes + 1)
        except (zlib.error, OSError, EOFError) as error:
            raise Refused(Reason.DAMAGED, f"it cannot be unpacked: {error}") from error
        if len(data) != self.size_bytes or zlib.crc32(data) != self.crc:
            raise Refused(Reason.DAMAGED, "its bytes do not have the size and checksum declared")
        return data
