"""Frames in the order in which they come, with time stamps that strictly increase."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av

from reidsearch.domain.footage import DISCONTINUITY, VideoInfo
from reidsearch.media.video.frames import Damage, Frame, Item, Jump, Skipped
from reidsearch.media.video.orientation import orientation_of

BACK_A_LITTLE_S = 1  # re-ordered or doubled frames, not a jump of the clock
GAP_S = 2
AHEAD_S = 30 * 86_400
"""No recording pauses for longer within one file: its clock jumped, or its bytes are damaged."""
PAUSE_S = 3600
"""Longer pauses may as well be a jump of the clock: media time goes on, how much passed is not
known."""
ENDS_EARLY_S = 2


@dataclass(frozen=True, slots=True)
class Picture:
    """As it comes out of the decoder."""

    picture: av.VideoFrame


def is_jump(seconds: Fraction) -> bool:
    """Whether time stamps that go on by so much (negative: back) are a jump of the clock."""
    return not -BACK_A_LITTLE_S <= seconds <= AHEAD_S


class Order:
    """Makes pts strictly increase, and tells of gaps, jumps and an early end.

    Args:
        counted: time stamps are not to be trusted; frames are counted.
        pace_s: usual time between pictures, whatever the container declares; 0: not known.
        from_start: what comes first is the first of the file, not of a stretch in the middle.
    """

    def __init__(
        self,
        info: VideoInfo,
        counted: bool,
        *,
        from_start: bool = True,
        pace_s: Fraction = Fraction(0),
    ) -> None:
        self._info = info
        self._counted = counted
        self._from_start = from_start
        self._last: int | None = None
        self._shift = 0
        self._next = 0
        self._begun = self._appended = False
        self._factor = Fraction(1)
        self._damage: Damage | None = None
        self._tick = max(1, round(Fraction(1, 25) / info.time_base))
        if info.declared_fps:
            self._tick = max(1, round(1 / (Fraction(info.declared_fps) * info.time_base)))
        # In ticks: fractions for each picture would take longer than its packet does.
        usual_s = max(Fraction(GAP_S), 10 * self._tick * info.time_base, 3 * pace_s)
        self._longest_usual = math.floor(min(usual_s, Fraction(AHEAD_S)) / info.time_base)

    def begin(self, time_base: Fraction) -> None:
        """Begin the file's recording, or the next one that was appended to it."""
        self._appended = self._begun
        self._begun = True
        self._factor = time_base / self._info.time_base

    def _scaled(self, pts: int) -> int:
        return pts if self._factor == 1 else round(pts * self._factor)

    @property
    def even(self) -> bool:
        """Whether time stamps have gone on without a jump so far, and can be looked up."""
        return not self._shift and not self._counted

    def put(self, item: Picture | Damage | Skipped) -> Iterator[Item]:
        """What comes next, with what is to be told before it."""
        if isinstance(item, Damage):
            if item.to_pts is not None:
                yield Damage(self._last, self._scaled(item.to_pts) + self._shift, item.detail)
            elif self._damage is None:
                self._damage = Damage(self._last, None, item.detail)
            return
        if isinstance(item, Skipped):
            from_pts, to_pts = (self._scaled(pts) for pts in (item.from_pts, item.to_pts))
            yield Skipped(from_pts + self._shift, to_pts + self._shift)
            self._last = to_pts + self._shift - self._tick  # no gap follows
            return
        pts, jump = self._pts(item.picture)
        if self._damage is not None:
            yield Damage(self._damage.from_pts, pts, self._damage.detail)
            self._damage = None
            if jump is not None and jump.clock:
                yield jump
        elif jump is not None:
            yield jump
        self._last = pts
        yield Frame(item.picture, pts, orientation_of(item.picture))

    def _pts(self, picture: av.VideoFrame) -> tuple[int, Jump | None]:
        if self._counted:
            self._next += 1
            return self._next - 1, None
        base = self._info.time_base
        if picture.pts is None:
            return (self._info.first_pts if self._last is None else self._last + self._tick), None
        pts = self._scaled(picture.pts) + self._shift
        if self._appended and self._last is not None:
            self._appended = False
            self._shift += self._last + self._tick - pts
            pts = self._last + self._tick
            return pts, Jump(
                self._last,
                pts,
                f"{DISCONTINUITY}: another recording begins in the file",
                clock=True,
            )
        if self._last is None:
            begins = self._info.first_pts
            late_s = (pts - begins) * base
            if self._from_start and late_s > GAP_S:
                return pts, Jump(begins, pts, f"no frames for the first {float(late_s):.1f} s")
            return pts, None
        gap = pts - self._last
        if 0 < gap <= self._longest_usual:
            return pts, None
        gap_s = gap * base
        if is_jump(gap_s):
            self._shift += self._last + self._tick - pts
            pts = self._last + self._tick
            text = f"{DISCONTINUITY}: {float(gap_s):+.1f} s"
            return pts, Jump(self._last, pts, text, clock=True)
        if pts <= self._last:
            return self._last + 1, None
        if gap_s > PAUSE_S:
            text = f"{DISCONTINUITY}: {float(gap_s):+.1f} s"
            return pts, Jump(self._last, pts, text, clock=True)
        return pts, Jump(self._last, pts, f"no frames for {float(gap_s):.1f} s")

    def ending(self, *, whole: bool, cut_share: float, unread_share: float) -> Iterator[Item]:
        """What is known to be missing at the end.

        Args:
            whole: everything that the container tells of was read: when its declared end lies
                later, that is wrong.
            cut_share: bytes that the container tells of beyond the end of the file, over the
                file's. They prove that it was cut, however little is missing.
            unread_share: bytes after it that nobody can read, over those that were read.
        """
        info = self._info
        end = None
        # After a jump, and of damaged headers, nobody knows where the end should be.
        if info.declared_s is not None and not self._shift and info.declared_s <= AHEAD_S:
            end = info.first_pts + int(Fraction(info.declared_s) / info.time_base)
        if self._damage is not None:
            to_pts = end if end is not None and end > (self._last or 0) else None
            yield Damage(self._damage.from_pts, to_pts, self._damage.detail)
        elif unread_share and self._last is not None:
            more = round((self._last - info.first_pts) * unread_share)
            text = "bytes at the end of the file belong to no picture that its index knows"
            yield Damage(self._last, self._last + more, text)
        elif end is not None and self._last is not None and not self._counted and not whole:
            tick_s = float(self._tick * info.time_base)
            missing_s = float((end - self._last) * info.time_base)
            if missing_s > (2 * tick_s if cut_share else max(ENDS_EARLY_S, 20 * tick_s)):
                text = f"the file ends {missing_s:.1f} s before its declared end"
                yield Damage(self._last, end, text)
        elif end is None and self._last is not None and cut_share:
            more = round((self._last - info.first_pts) * cut_share)
            text = "the file ends before its container does: it was cut off"
            yield Damage(self._last, self._last + more, text)
