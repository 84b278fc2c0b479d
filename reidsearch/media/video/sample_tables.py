"""How many samples an MP4 or QuickTime file declares, before FFmpeg makes a list of them.

The list takes some 70 bytes a sample, and a table of a few bytes can declare billions: samples of
one size have no table, fragments may give only their number, each edit repeats the samples.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reidsearch.base.errors import Reason, Refused
from reidsearch.media.video.extent import mapped

MOST_SAMPLES = 20_000_000
"""Of all tracks of a file: nine days of pictures at 25 a second."""
_FILE_KINDS = frozenset({b"ftyp", b"moov", b"moof", b"mdat", b"wide", b"free", b"skip", b"pnot",
                         b"styp", b"sidx", b"uuid"})  # fmt: skip
_FOLDERS = frozenset({b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl", b"moof", b"traf",
                      b"mvex", b"dinf", b"gmhd", b"udta", b"tref", b"wave", b"sinf", b"schi",
                      b"ipro", b"iprp", b"ipco", b"strd", b"tapt"})  # fmt: skip
_AT_ONCE = 1024  # samples of uncompressed sound that are one entry of the list
_MOST_BOXES = 2_000_000  # fragments of a second have them after four days


def require_few_samples(path: Path) -> None:
    """Refuse a file whose tables declare more samples than memory has room for.

    Files of other containers are passed over.

    Raises:
        Refused: bomb.
    """
    if path.stat().st_size < 16:
        return
    with mapped(path) as data:
        if data[4:8] not in _FILE_KINDS:
            return
        declared = _declared(data)
    if declared > MOST_SAMPLES:
        raise Refused(
            Reason.BOMB, f"its tables declare {declared:,} samples, the limit is {MOST_SAMPLES:,}"
        )


@dataclass(slots=True)
class _Track:
    """What the tables of a track declare."""

    samples: int = 0
    edits: int = 1
    chunks: int = 0
    largest_chunk: int = 0

    def declared(self) -> int:
        sound = self.chunks * (self.largest_chunk // _AT_ONCE)
        return max(self.samples, sound) * self.edits


def _declared(data: mmap.mmap) -> int:
    tracks, fragments = [_Track()], 0
    for kind, begin, end in _boxes(data):
        track = tracks[-1]
        if kind == b"trak":
            tracks.append(_Track())
        elif kind == b"elst":
            track.edits = max(track.edits, _number(data, begin + 4))
        elif kind in {b"stsz", b"stz2"}:
            track.samples = max(track.samples, _number(data, begin + 8))
        elif kind in {b"stco", b"co64"}:
            track.chunks = max(track.chunks, _number(data, begin + 4))
        elif kind == b"stsc":
            rows = min(_number(data, begin + 4), (end - begin - 8) // 12)
            counts = (_number(data, begin + 12 + 12 * row) for row in range(rows))
            track.largest_chunk = max(counts, default=0)
        elif kind == b"trun":
            fragments += _number(data, begin + 4)
        elif kind == b"cmov":
            raise Refused(Reason.NO_VIDEO, "its header is compressed, which is not read")
    return fragments + sum(track.declared() for track in tracks)


def _boxes(data: mmap.mmap) -> Iterator[tuple[bytes, int, int]]:
    """Every box with its kind and the bytes of its content; of folders what they hold follows.

    Raises:
        Refused: bomb: there are too many.
    """
    waiting, seen = [(0, len(data))], 0
    while waiting:
        at, stop = waiting.pop()
        if at + 8 > stop:
            continue
        seen += 1
        if seen > _MOST_BOXES:
            raise Refused(Reason.BOMB, f"it has more than {_MOST_BOXES:,} boxes")
        length, kind, begin = _number(data, at), data[at + 4 : at + 8], at + 8
        if length == 1:
            length, begin = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        following = stop if length == 0 else min(at + length, stop)
        if following < begin:
            continue
        yield kind, begin, following
        waiting.append((following, stop))
        if kind in _FOLDERS:
            waiting.append((begin, following))


def _number(data: mmap.mmap, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")
