"""The time stamps of the frames of a stretch: from its packets where that is certain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reidsearch.base.errors import InputError, NotFound
from reidsearch.media.video.frames import Footage, Frame
from reidsearch.media.video.packets import last_plan
from reidsearch.media.video.stamps import HIDDEN_PICTURES


def frame_times(
    path: Path, footage: Footage, from_pts: int, to_pts: int, keep_on: Callable[[], None]
) -> list[int]:
    """Return the pts of all frames that a stretch shows, the first of them the one at its start.

    Args:
        keep_on: called again and again; ends the work by raising.

    Raises:
        NotFound: no frame is that early.
    """
    found = _of_packets(path, footage, from_pts, to_pts, keep_on)
    found = found or _of_frames(footage, from_pts, to_pts, keep_on)
    shown = [pts for pts in found if pts <= from_pts][-1:]
    shown += [pts for pts in found if from_pts < pts <= to_pts]
    if not shown:
        raise NotFound(f"there is no frame at {float(footage.info.media_s(from_pts)):.3f} s")
    return shown


def _of_packets(
    path: Path, footage: Footage, from_pts: int, to_pts: int, keep_on: Callable[[], None]
) -> list[int]:
    info = footage.info
    if info.kind != "video" or info.codec in HIDDEN_PICTURES or not footage.seekable:
        return []
    try:
        plan = last_plan(path, footage, from_pts, to_pts, look_up=True, keep_on=keep_on)
    except InputError as error:
        if error.kind == "stream-copy-impossible":
            return []
        raise
    return [] if plan is None else sorted(stamp.pts for stamp in plan.stamps)


def _of_frames(
    footage: Footage, from_pts: int, to_pts: int, keep_on: Callable[[], None]
) -> list[int]:
    found: list[int] = []
    for item in footage.frames_from(from_pts):
        keep_on()
        if isinstance(item, Frame):
            if item.pts > to_pts:
                break
            found.append(item.pts)
    return found
