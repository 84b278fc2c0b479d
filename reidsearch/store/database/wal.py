"""Is SQLite's write-ahead log as it was written; asked before SQLite itself reads it.

A process that is killed leaves committed transactions in the log alone. SQLite takes from a log
what comes before the first frame whose checksum is wrong, and says nothing of the rest: it cannot
tell a frame that was being written from one in which a bit turned. So one bit takes back every
transaction behind it. Here what lies behind is looked at: a transaction that was being written is
the last thing in the log, so whole frames of the same log behind a bad one were committed before.

The format is https://www.sqlite.org/fileformat2.html#walformat: a header of 32 bytes, and frames of
24 bytes and a page. Checksums are sums modulo 2**32 in which each frame goes on from the one before
it, so they can be computed for many frames at once, and it can be told whether a single bit would
make a frame right.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Words: TypeAlias = NDArray[np.uint32]

HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24
MAGIC = 0x377F0682  # and one more when the checksums are big-endian
LEAST_PAGE_BYTES = 512
FRAMES_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Damage:
    """What of a log cannot be read.

    Args:
        transactions: so many that were committed.
        frame: the first one that is wrong, from 0; -1: the header.
    """

    transactions: int
    frame: int


@dataclass(frozen=True, slots=True)
class _Header:
    big_endian: bool
    page_bytes: int
    salts: tuple[int, int]
    checksum: tuple[int, int]

    @property
    def words(self) -> str:
        """Type of the words that checksums are of."""
        return ">u4" if self.big_endian else "<u4"


@dataclass(frozen=True, slots=True)
class _Frames:
    """Some frames that follow each other.

    Args:
        follows: the checksum goes on from the one that is stored before it.
        salted: it has the salts of the log's header.
        commits: it ends a transaction.
    """

    follows: NDArray[np.bool_]
    salted: NDArray[np.bool_]
    commits: NDArray[np.bool_]


def examine(path: Path) -> Damage | None:
    """Return what of a log cannot be read; None: all that was committed can."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(HEADER_BYTES)
    except FileNotFoundError:
        return None
    if len(start) < HEADER_BYTES or size < HEADER_BYTES + FRAME_HEADER_BYTES + LEAST_PAGE_BYTES:
        return None
    header = _read_header(start)
    if header is None:
        return _behind_header(path, start, size)
    frames = _frames(path, header, size)
    whole = frames.follows & frames.salted
    if whole.all():
        return None
    bad = int(np.argmin(whole))
    lost = _count(frames, bad + 1)
    if not lost:
        # The last frame may have been being written; but not if a single bit of it is wrong.
        lost = int(_one_bit_off(path, header, bad, commits=bool(frames.commits[bad])))
    return Damage(lost, bad) if lost else None


def _behind_header(path: Path, start: bytes, size: int) -> Damage | None:
    """Look behind a header that is wrong; it was being written unless a single bit of it is."""
    for bit in range(HEADER_BYTES * 8):
        turned = bytearray(start)
        turned[bit // 8] ^= 1 << bit % 8
        header = _read_header(bytes(turned))
        if header is not None:
            frames = _frames(path, header, size)
            if len(frames.follows) and frames.follows[0] and frames.salted[0]:
                return Damage(_count(frames, 0), -1)
    return None


def _count(frames: _Frames, start: int) -> int:
    """Return how many transactions end in whole frames of this log from `start` on."""
    return int(np.count_nonzero((frames.follows & frames.salted & frames.commits)[start:]))


def _read_header(start: bytes) -> _Header | None:
    magic, _, page_bytes, _, *salts, first, second = struct.unpack(">8I", start)
    if magic | 1 != MAGIC | 1 or page_bytes < LEAST_PAGE_BYTES or page_bytes & (page_bytes - 1):
        return None
    header = _Header(bool(magic & 1), page_bytes, (salts[0], salts[1]), (first, second))
    words = np.frombuffer(start[:24], header.words).astype(np.uint32)
    sums = _contributions(words[None, :])[0]
    return header if (int(sums[0]), int(sums[1])) == header.checksum else None


def _frames(path: Path, header: _Header, size: int) -> _Frames:
    found: list[_Frames] = []
    before = np.array(header.checksum, np.uint32)
    for block in _blocks(path, header, size):
        fields = block[:, :FRAME_HEADER_BYTES].copy().view(">u4").astype(np.uint32)
        stored = fields[:, 4:6]
        previous = np.vstack([before, stored[:-1]])
        right = _carried(previous, header) + _contributions(_words(block, header))
        found.append(
            _Frames(
                (right == stored).all(axis=1),
                (fields[:, 2:4] == np.array(header.salts, np.uint32)).all(axis=1),
                fields[:, 1] != 0,
            )
        )
        before = stored[-1]
    if not found:
        empty = np.zeros(0, np.bool_)
        return _Frames(empty, empty, empty)
    return _Frames(
        np.concatenate([one.follows for one in found]),
        np.concatenate([one.salted for one in found]),
        np.concatenate([one.commits for one in found]),
    )


def _blocks(path: Path, header: _Header, size: int) -> Iterator[NDArray[np.uint8]]:
    """Some whole frames at a time, a row each."""
    frame_bytes = FRAME_HEADER_BYTES + header.page_bytes
    left = (size - HEADER_BYTES) // frame_bytes
    with path.open("rb") as file:
        file.seek(HEADER_BYTES)
        while left > 0:
            data = file.read(min(left, FRAMES_AT_ONCE) * frame_bytes)
            count = len(data) // frame_bytes
            if not count:
                return
            yield np.frombuffer(data, np.uint8, count * frame_bytes).reshape(count, frame_bytes)
            left -= count


def _words(block: NDArray[np.uint8], header: _Header) -> Words:
    """What the checksum of a frame is of: its first 8 bytes and its page."""
    summed = np.concatenate([block[:, :8], block[:, FRAME_HEADER_BYTES:]], axis=1)
    return summed.view(header.words).astype(np.uint32)


# A step of the checksum takes two words: s0 += x0 + s1, then s1 += x1 + s0. That is linear, with
# the matrix A = [[1, 1], [1, 2]] on the sums and B = [[1, 0], [1, 1]] on the words; so after n
# steps the sums are A^n s + the total of A^(n-1-k) B x_k.


@cache
def _weights(words: int) -> Words:
    """(2, words): how much each word adds to each sum in the end."""
    columns: list[tuple[int, int]] = []
    power = (1, 0, 0, 1)
    for _ in range(words // 2):
        a, b, c, d = power
        columns += [(b, d), (a + b, c + d)]  # of the second word and the first, last pair first
        power = ((a + b) % 2**32, (a + 2 * b) % 2**32, (c + d) % 2**32, (c + 2 * d) % 2**32)
    made = np.array(columns[::-1], np.uint64) % 2**32
    return made.T.astype(np.uint32)


@cache
def _power(steps: int) -> tuple[int, int, int, int]:
    """A to the power of `steps`."""
    a, b, c, d = 1, 0, 0, 1
    for _ in range(steps):
        a, b, c, d = (a + b) % 2**32, (a + 2 * b) % 2**32, (c + d) % 2**32, (c + 2 * d) % 2**32
    return a, b, c, d


def _contributions(words: Words) -> Words:
    """(n, 2): what the words of each frame add to the sums that it goes on from."""
    weights = _weights(words.shape[1])
    sums = [(words * weight).sum(axis=1, dtype=np.uint32) for weight in weights]
    return np.stack(sums, axis=1)


def _carried(previous: Words, header: _Header) -> Words:
    """(n, 2): what is left in the end of the sums that frames go on from."""
    a, b, c, d = (np.uint32(one) for one in _power((8 + header.page_bytes) // 8))
    first, second = previous[:, 0], previous[:, 1]
    return np.stack([a * first + b * second, c * first + d * second], axis=1)


def _one_bit_off(path: Path, header: _Header, number: int, *, commits: bool) -> bool:
    """Tell whether a frame would end a transaction, and be whole, but for a single bit.

    Which bit cannot always be told: the checksum is the same for some that turn.
    """
    frame_bytes = FRAME_HEADER_BYTES + header.page_bytes
    at = HEADER_BYTES + number * frame_bytes
    with path.open("rb") as file:
        file.seek(at - 8 if number == 0 else at - frame_bytes + 16)
        before = np.frombuffer(file.read(8), ">u4").astype(np.uint32)
        file.seek(at)
        frame = np.frombuffer(file.read(frame_bytes), np.uint8)[None, :]
    fields = frame[0, :FRAME_HEADER_BYTES].copy().view(">u4").astype(np.uint32)
    words = _words(frame, header)
    right = (_carried(before[None, :], header) + _contributions(words))[0]
    told = np.concatenate([np.array(header.salts, np.uint32), right])
    apart = [int(one).bit_count() for one in told ^ fields[2:6]]
    if commits and sum(apart) == 1:
        return True  # in its salts or its checksum
    if any(apart[:2]):
        return False
    # In what the checksum is of: a bit that turned changed both sums by its word's weights.
    bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
    added = np.where(words[0][:, None] & bits, -bits, bits)  # by turning it back
    lacking = fields[4:6] - right
    weights = _weights(words.shape[1])
    fits = (added * weights[0][:, None] == lacking[0]) & (added * weights[1][:, None] == lacking[1])
    return bool(fits.any() if commits else fits[1].any())  # the second word tells of the commit
