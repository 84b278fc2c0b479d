"""Tar archives, plain or compressed, as streams: nothing is unpacked to disk.

The standard library's `tarfile` reads the headers. What it lacks for archives from elsewhere is
added from outside: it remembers every member, takes a damaged header in the middle for the end,
reads headers of any size, and follows a negative size backwards without end.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import tarfile
import zlib
from collections.abc import Iterator
from typing import IO, Self

from reidsearch.base.errors import Refused
from reidsearch.base.reading import open_regular
from reidsearch.base.settings import PictureLimits
from reidsearch.domain.crops import CropInput, HeldBytes, Locator, Rejected
from reidsearch.media.files.containers import Container
from reidsearch.media.files.locators import TarMember

_MAX_HEADER_BYTES = 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_ERRORS = (
    *(tarfile.TarError, OSError, EOFError, ValueError, OverflowError, RecursionError),
    *(zlib.error, lzma.LZMAError),
)


class _Header(tarfile.TarInfo):
    """Only the end mark is the end; every other header that cannot be read is damage.

    After the mark another archive may follow, which `cat` or a tape appended.
    """

    @classmethod
    def fromtarfile(cls, tar: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tar)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # typeshed lacks it
            _source_of(tar).marked_end()
            raise
        except tarfile.HeaderError as error:
            if _source_of(tar).ended and isinstance(error, tarfile.EmptyHeaderError):  # type: ignore[attr-defined]
                raise
            raise tarfile.ReadError(f"the header at byte {tar.offset}: {error}") from error


class _Source:
    """What `tarfile` reads from, front to back; holds headers and unpacking to their limits.

    Args:
        file: the archive as it lies on disk.
        unpacked: what comes out of it when it is compressed, else None.
    """

    def __init__(self, file: IO[bytes], unpacked: IO[bytes] | None, container: Container) -> None:
        self.packed = unpacked is not None
        self.header_bytes = 0
        self.ended = False
        self._file = file
        self._stream = unpacked or file
        self._container = container
        self._offset = 0

    def marked_end(self) -> None:
        """Note that the end mark was read; what follows is another archive, or nothing."""
        self.ended, self.header_bytes = True, 0

    def tell(self) -> int:
        return self._offset

    @property
    def position_bytes(self) -> int:
        """Bytes of the file as it lies on disk that were passed."""
        return self._file.tell()

    def read(self, size_bytes: int) -> bytes:
        """For `tarfile`, which reads nothing but headers."""
        self.header_bytes += size_bytes
        if size_bytes < 0 or self.header_bytes > _MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"headers of one member of more than {_MAX_HEADER_BYTES} bytes")
        return self.take(size_bytes)

    def take(self, size_bytes: int) -> bytes:
        """So many bytes, fewer only at the end."""
        data = self._stream.read(size_bytes)
        self._offset += len(data)
        if self.packed:
            self._container.require_modest(self._offset, self._file.tell())
        return data

    def seek(self, offset: int) -> None:
        """Forward, in a compressed archive by unpacking; never beyond the end."""
        if not self.packed and offset <= self._container.file.size_bytes:
            self._offset = self._stream.seek(offset)
        while self._offset < offset:
            if not (self.packed and self.take(min(offset - self._offset, _CHUNK_BYTES))):
                raise tarfile.ReadError("it ends within a member")


def _source_of(tar: tarfile.TarFile) -> _Source:
    return tar.fileobj  # type: ignore[return-value]


def tar_crops(container: Container, limits: PictureLimits) -> Iterator[CropInput | Rejected]:
    """List the pictures of a tar archive in its order.

    Members of a plain tar are read where they lie, when asked for. A compressed one cannot be
    entered in the middle: each of its inputs holds its member's bytes (at most the limit), so
    whoever lists it should not hoard inputs.
    """
    try:
        with os.fdopen(open_regular(container.file.path), "rb") as file:
            unpacked = _unpacker(file)
            source = _Source(file, unpacked, container)
            for member in _members(source):
                location = _screen(container, member)
                if isinstance(location, str):
                    yield _crop_input(container, location, member, source, limits)
                elif location is not None:
                    yield location
            while unpacked and source.take(_CHUNK_BYTES):
                pass  # to the end: only there stands the compression's checksum
    except Refused as refused:
        yield Rejected(container.location, refused)
    except _ERRORS as error:
        yield container.damaged(str(error) or type(error).__name__)


def _unpacker(file: IO[bytes]) -> IO[bytes] | None:
    """By the first bytes, whatever the name says; None for a plain tar."""
    start = file.read(6)
    file.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    if start.startswith(b"BZh"):
        return bz2.BZ2File(file)
    if start == b"\xfd7zXZ\0":
        return lzma.LZMAFile(file)
    return None


def _members(source: _Source) -> Iterator[tarfile.TarInfo]:
    """All members but folders, none of them remembered."""
    tar = tarfile.TarFile(
        fileobj=source,  # type: ignore[arg-type]  # it is never written to
        tarinfo=_Header,
        encoding="utf-8",
        errors="surrogateescape",
        ignore_zeros=True,
    )
    reached = 0
    while (member := tar.next()) is not None:
        if member.size < 0 or tar.offset <= reached:
            raise tarfile.ReadError(f"the header at byte {reached} has a negative size")
        reached = tar.offset
        if not member.isdir():
            yield member
        source.header_bytes, source.ended = 0, False
        tar.members.clear()  # type: ignore[attr-defined]


def _screen(container: Container, member: tarfile.TarInfo) -> Rejected | str | None:
    odd = ""
    if member.issym() or member.islnk():
        odd = "a link"
    elif member.isdev():
        odd = "a FIFO or device"
    elif member.issparse():
        odd = "a sparse file"
    elif not member.isreg():
        return None
    return container.screen(member.name, odd)


def _crop_input(
    container: Container,
    location: str,
    member: tarfile.TarInfo,
    source: _Source,
    limits: PictureLimits,
) -> CropInput | Rejected:
    """Make the member's input, once it is certain that all of it is there."""
    offset, size_bytes = member.offset_data, member.size
    locator: Locator
    if source.packed:
        data = source.take(size_bytes) if size_bytes <= limits.max_bytes else b""
        locator = HeldBytes(data, size_bytes)
    else:
        locator = TarMember(container.file, offset, size_bytes)
    source.seek(offset + size_bytes)
    container.position_bytes = source.position_bytes
    return container.crop_input(location, size_bytes, offset, locator)
