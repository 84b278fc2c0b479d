"""Reading from the middle: what comes after a seek is proven before it is believed.

Containers seek past what was asked for, into the middle of a group of pictures, or nowhere; flags
that say "key frame" may lie; and some decoders show grey pictures rather than none when they begin
in the middle. So a reading counts only when two that begin at different key pictures agree: every
picture from the later start up to the wanted time, stamps and pixels. Both began at a picture that
the decoder itself calls complete, with a time stamp of its own. Where no two agree, the caller
reads from the start of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeAlias

from reidsearch.domain.footage import VideoInfo
from reidsearch.media.video.frames import Damage, Frame, Item, Skipped
from reidsearch.media.video.order import Picture

SEEK_BACK_S = (0, 1, 2, 4, 7, 11, 16, 25, 40, 60, 120, 300)
"""How long before the wanted time to begin, one after the other."""
# Decoders that give no picture before one that nothing before it is needed for, where that is not
# an intra picture: a stream of these may renew itself bit by bit, without any key picture.
WAITS_FOR_WHOLE = frozenset({"h264"})

Reading: TypeAlias = Generator[Item, None, None]


@dataclass(slots=True)
class _Begun:
    """One reading that has come to the wanted time.

    Args:
        first_pts: of the picture that it began with.
        shown: the last frame that is not later than the wanted time.
        seen: digests by pts, of every frame up to there.
        rest: what comes after.
    """

    reading: Reading
    first_pts: int
    shown: Frame
    rest: Iterator[Item]
    seen: dict[int, bytes] = field(default_factory=dict)

    def agrees(self, later: _Begun) -> bool:
        """Whether one that began later saw the same."""
        seen = {pts: digest for pts, digest in self.seen.items() if pts >= later.first_pts}
        return seen == later.seen


def read_from_middle(
    wanted: int, info: VideoInfo, read: Callable[[int], Reading], *, once: bool
) -> Iterator[Item] | None:
    """Return the frame that is shown at a pts and all that follows, as a linear reading gives it.

    Args:
        read: everything from the first whole picture on that a seek to a pts finds.
        once: one reading is enough: every picture is coded for itself, or the caller knows what
            it should show.

    Returns:
        None: nothing could be proven; read from the start.
    """
    found: list[_Begun] = []  # each began earlier than the one before it
    try:
        for begins in _starts(wanted, info, found):
            begun = _begin(read(begins), wanted)
            if begun is None:
                continue
            if found and begun.first_pts >= found[-1].first_pts:
                begun.reading.close()
                continue
            found.append(begun)
            if once or (len(found) > 1 and begun.agrees(found[-2])):
                return chain((begun.shown,), found.pop().rest)
    finally:
        for begun in found:
            begun.reading.close()
    return None


def _starts(wanted: int, info: VideoInfo, found: Sequence[_Begun]) -> Iterator[int]:
    """Where to begin: ever earlier, and just before the key picture that was found last."""
    for back_s in SEEK_BACK_S:
        begins = wanted - int(back_s / info.time_base)
        if begins <= info.first_pts:
            return
        yield begins
        if found and found[-1].first_pts - 1 < begins:
            begins = found[-1].first_pts - 1
            if begins <= info.first_pts:
                return
            yield begins


def _begin(reading: Reading, wanted: int) -> _Begun | None:
    """Read up to a pts; None where no frame is found at or before it."""
    first_pts: int | None = None
    shown: Frame | None = None
    seen: dict[int, bytes] = {}
    rest: Iterator[Item] = reading
    damaged = False
    for item in reading:
        if _later(item, wanted):
            rest = chain((item,), reading)
            break
        if isinstance(item, Frame):
            if damaged and not item.key:
                continue
            damaged = False
            first_pts = item.pts if first_pts is None else first_pts
            shown = item
            seen[item.pts] = item.digest()
        elif isinstance(item, Damage):
            # What was seen before it proves nothing for what comes after.
            damaged, first_pts, shown, seen = True, None, None, {}
    if shown is None or first_pts is None:
        reading.close()
        return None
    return _Begun(reading, first_pts, shown, rest, seen)


def _later(item: Item, wanted: int) -> bool:
    if isinstance(item, Frame):
        return item.pts > wanted
    return isinstance(item, Skipped) and item.to_pts > wanted


def from_first_whole(
    decoded: Iterator[Picture | Damage | Skipped], codec: str
) -> Iterator[Picture | Damage | Skipped]:
    """Leave out what a decoder shows before the first picture that is whole by itself."""
    whole = False
    for item in decoded:
        if isinstance(item, Picture) and not whole:
            picture = item.picture
            whole = picture.pts is not None and (picture.key_frame or codec in WAITS_FOR_WHOLE)
        if whole or isinstance(item, Damage):
            yield item


def from_first_key(packets: Iterator[Any]) -> Iterator[Any]:
    """Leave out the packets before the first that is said to be a key frame."""
    begun = False
    for packet in packets:
        begun = begun or isinstance(packet, Damage) or packet.is_keyframe
        if begun:
            yield packet
