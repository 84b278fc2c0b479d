"""Tar archives, plain or compressed, as streams: nothing is unpacked to disk.

The standard library's reader keeps every member in memory, takes a damaged header in the middle
for the end, and reads extended headers of any size; all three matter for archives from elsewhere.
Format: POSIX.1-2017 pax and ustar; GNU long names and base-256 numbers.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO, Protocol

from reidsearch.errors import Refused
from reidsearch.footage.containers import Container
from reidsearch.footage.files import open_regular, require_bytes
from reidsearch.records import Offer, Rejected
from reidsearch.settings import PictureLimits

_BLOCK = 512
_MAX_EXTENDED_BYTES = 1024 * 1024
_CHUNK_BYTES = 1024 * 1024

_FILES = frozenset(b"07\0")
_LINKS = frozenset(b"12")
_DEVICES = frozenset(b"346")
_FOLDER, _SPARSE = ord("5"), ord("S")
_LONG_NAME, _LONG_LINK = ord("L"), ord("K")
_PAX, _PAX_SUN, _PAX_GLOBAL = ord("x"), ord("X"), ord("g")
_WITHOUT_DATA = _LINKS | _DEVICES | {_FOLDER}


class _Damaged(Exception):
    """The archive cannot be followed any further."""


@dataclass(slots=True)
class _Member:
    name: bytes
    kind: int
    size_bytes: int
    offset: int
    sparse: bool = False


class _Source(Protocol):
    """Bytes from front to back."""

    offset: int

    def read(self, size_bytes: int) -> bytes:
        """So many bytes, fewer only at the end."""
        ...

    def skip(self, size_bytes: int) -> None:
        """Pass over so many bytes; `_Damaged` when there are not so many."""
        ...


class _Plain:
    """An uncompressed tar: skipping is seeking."""

    def __init__(self, file: IO[bytes], container: Container) -> None:
        self._file = file
        self._end = container.size_bytes
        self.offset = 0

    def read(self, size_bytes: int) -> bytes:
        data = self._file.read(size_bytes)
        self.offset += len(data)
        return data

    def skip(self, size_bytes: int) -> None:
        if self.offset + size_bytes > self._end:
            raise _Damaged("it ends within a member")
        self.offset = self._file.seek(size_bytes, os.SEEK_CUR)


class _Packed:
    """A compressed tar: skipping is unpacking, and what comes out is held against what went in."""

    def __init__(self, packed: IO[bytes], unpacked: IO[bytes], container: Container) -> None:
        self._packed = packed
        self._unpacked = unpacked
        self._container = container
        self.offset = 0

    def read(self, size_bytes: int) -> bytes:
        parts = []
        while size_bytes:
            part = self._unpacked.read(min(size_bytes, _CHUNK_BYTES))
            if not part:
                break
            parts.append(part)
            size_bytes -= len(part)
            self._advance(len(part))
        return b"".join(parts)

    def skip(self, size_bytes: int) -> None:
        while size_bytes:
            passed = len(self._unpacked.read(min(size_bytes, _CHUNK_BYTES)))
            if not passed:
                raise _Damaged("it ends within a member")
            size_bytes -= passed
            self._advance(passed)

    def _advance(self, size_bytes: int) -> None:
        self.offset += size_bytes
        self._container.require_modest(self.offset, self._packed.tell())


def tar_offers(container: Container, limits: PictureLimits) -> Iterator[Offer | Rejected]:
    """The pictures in a tar archive, in its order.

    Members of a plain tar are read where they lie, when asked for. A compressed one cannot be
    entered in the middle: each of its offers holds its member's bytes (at most the limit), so
    whoever lists it should not hoard offers.
    """
    try:
        with os.fdopen(open_regular(container.path), "rb") as file:
            unpacked = _unpacker(file)
            if unpacked is None:
                yield from _plain_offers(_Plain(file, container), container, limits)
            else:
                with unpacked:
                    source = _Packed(file, unpacked, container)
                    yield from _packed_offers(source, container, limits)
    except Refused as refused:
        yield Rejected(container.location, refused)
    except (_Damaged, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
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


def _plain_offers(
    source: _Plain, container: Container, limits: PictureLimits
) -> Iterator[Offer | Rejected]:
    for member in _members(source):
        location = _screen(container, member)
        if isinstance(location, str):
            source.skip(member.size_bytes)  # proves that the member is whole
            read = partial(_read, container, limits, member.offset, member.size_bytes)
            yield container.offer(location, member.size_bytes, member.offset, read)
        elif location is not None:
            yield location


def _packed_offers(
    source: _Packed, container: Container, limits: PictureLimits
) -> Iterator[Offer | Rejected]:
    for member in _members(source):
        location = _screen(container, member)
        if isinstance(location, str):
            data = b""
            if member.size_bytes <= limits.max_bytes:
                data = source.read(member.size_bytes)
                if len(data) < member.size_bytes:
                    raise _Damaged("it ends within a member")
            read = partial(_held, data, member.size_bytes, limits)
            yield container.offer(location, member.size_bytes, member.offset, read)
        elif location is not None:
            yield location
    while source.read(_CHUNK_BYTES):  # to the end: only there stands the compression's checksum
        pass


def _read(container: Container, limits: PictureLimits, offset: int, size_bytes: int) -> bytes:
    require_bytes(size_bytes, limits)
    return container.pread(offset, size_bytes)


def _held(data: bytes, size_bytes: int, limits: PictureLimits) -> bytes:
    require_bytes(size_bytes, limits)
    return data


def _screen(container: Container, member: _Member) -> Rejected | str | None:
    odd = ""
    if member.kind in _LINKS:
        odd = "a link"
    elif member.kind in _DEVICES:
        odd = "a FIFO or device"
    elif member.sparse:
        odd = "a sparse file"
    elif member.kind not in _FILES:
        return None
    return container.screen(member.name.decode("utf-8", "backslashreplace"), odd)


def _members(source: _Source) -> Iterator[_Member]:
    """All members but folders; after each, the source stands behind its data.

    The caller may have read or skipped some of the data meanwhile.
    """
    extended: dict[bytes, bytes] = {}
    everywhere: dict[bytes, bytes] = {}
    while (header := _header(source)) is not None:
        kind, size_bytes = header[156], _number(header[124:136])
        if kind in {_LONG_NAME, _LONG_LINK, _PAX, _PAX_SUN, _PAX_GLOBAL}:
            data = _extended_data(source, size_bytes)
            if kind == _LONG_NAME:
                extended[b"path"] = data.rstrip(b"\0")
            elif kind == _PAX_GLOBAL:
                everywhere |= _pax_records(data)
            elif kind != _LONG_LINK:
                extended |= _pax_records(data)
            continue
        facts = everywhere | extended
        extended = {}
        name = facts.get(b"GNU.sparse.name") or facts.get(b"path") or _name(header)
        sparse = kind == _SPARSE or any(key.startswith(b"GNU.sparse") for key in facts)
        if kind == _SPARSE and header[482]:
            while _whole_block(source)[504]:
                pass
        if b"size" in facts:
            size_bytes = _decimal(facts[b"size"])
        if kind in _WITHOUT_DATA:
            size_bytes = 0
        start = source.offset
        if kind != _FOLDER and not name.endswith(b"/"):
            yield _Member(name, kind, size_bytes, start, sparse)
        padded = -(-size_bytes // _BLOCK) * _BLOCK
        source.skip(start + padded - source.offset)


def _header(source: _Source) -> bytes | None:
    """The next header; None at the archive's end mark."""
    block = _whole_block(source)
    if not any(block):
        return None
    # The checksum counts its own field as eight spaces.
    total = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    if total != _number(block[148:156]):
        raise _Damaged(f"the header at byte {source.offset - _BLOCK} is damaged")
    return block


def _whole_block(source: _Source) -> bytes:
    block = source.read(_BLOCK)
    if len(block) < _BLOCK:
        raise _Damaged("it ends without an end mark; cut short?")
    return block


def _extended_data(source: _Source, size_bytes: int) -> bytes:
    if size_bytes > _MAX_EXTENDED_BYTES:
        raise _Damaged(f"an extended header of {size_bytes} bytes")
    data = source.read(-(-size_bytes // _BLOCK) * _BLOCK)
    if len(data) < size_bytes:
        raise _Damaged("it ends within an extended header")
    return data[:size_bytes]


def _name(header: bytes) -> bytes:
    name = header[:100].split(b"\0", 1)[0]
    prefix = header[345:500].split(b"\0", 1)[0]
    return prefix + b"/" + name if prefix and header[257:263] == b"ustar\0" else name


def _number(field: bytes) -> int:
    """Octal digits, or GNU's base 256 for what does not fit."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0") or b"0"
    if not digits.isdigit():
        raise _Damaged("a number in a header is damaged")
    return int(digits, 8)


def _decimal(text: bytes) -> int:
    if not text.isdigit() or len(text) > 20:
        raise _Damaged("a number in an extended header is damaged")
    return int(text)


def _pax_records(data: bytes) -> dict[bytes, bytes]:
    """Records of the form `LENGTH KEY=VALUE\\n`, LENGTH counting itself."""
    records = {}
    at = 0
    while at < len(data) and data[at]:
        digits = data[at : at + 8].split(b" ", 1)[0]
        end = at + _decimal(digits)
        key, equals, value = data[at + len(digits) + 1 : end - 1].partition(b"=")
        if not equals or end > len(data):
            raise _Damaged("an extended header is damaged")
        records[key] = value
        at = end
    return records
