"""Which frames are sampled: the rate, the motion gate, and what could not be decoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from reidsearch.base.boxes import Box
from reidsearch.base.settings import FootageSettings
from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import MediaClock, VideoInfo
from reidsearch.media.video.frames import Damage, Frame, Item, Jump, Skipped, StillRule
from reidsearch.media.video.motion import HEIGHT_PX, WIDTH_PX, GateState, pass_gate
from reidsearch.media.video.scene import SceneState, next_scene
from reidsearch.vision.detection.tiles import tiling_of


class FrameSource(Protocol):
    """What frames are sampled from: a file, a folder, or a stream."""

    @property
    def info(self) -> VideoInfo:
        """Its time base, and the pts at which media time begins."""
        ...

    def frames(self, after: int | None = None, still: StillRule | None = None) -> Iterator[Item]:
        """As `Footage.frames`."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class SampledFrame:
    """One frame that was sampled.

    Args:
        number: frames decoded before it.
        active: something moves, so the detector runs at its full rate.
        analysed: the detector is asked about this frame.
        gate: the gate's state after it.
        scene: likewise, of what looks for cuts.
        cut: why it shows another view than the sampled frame before it; empty: it does not.
    """

    frame: Frame
    time_us: int
    number: int
    active: bool
    analysed: bool
    gate: GateState | None
    scene: SceneState
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Unseen:
    """A stretch that was not decoded, deliberately or not."""

    item: Damage | Skipped | Jump
    from_us: int | None
    to_us: int | None


@dataclass(frozen=True, slots=True)
class End:
    """Nothing comes after this."""

    time_us: int
    decoded: int


Seen: TypeAlias = SampledFrame | Unseen | End
Pictures: TypeAlias = tuple[Pixels, ...]
"""What a detector is shown of a frame: one picture, or one for each of its tiles."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where an interrupted run goes on.

    Args:
        pts, digest: of the last frame that was worked through.
        number: of that frame.
        gate, scene: as they were then.
    """

    pts: int
    digest: bytes
    number: int
    gate: GateState | None
    scene: SceneState | None


def sampled_frames(
    footage: FrameSource,
    settings: FootageSettings,
    size_px: tuple[int, int] | None,
    position: Position | None = None,
) -> Iterator[tuple[Seen, Pictures | None]]:
    """Yield every sampled frame in order, with the detector's pictures where it is analysed.

    Args:
        size_px: width and height that the detector takes; None: detections are precomputed, every
            frame counts, and there are no pictures.
        position: go on after it.
    """
    gate = position.gate if position else None
    scene = position.scene if position else None
    number = position.number + 1 if position else 0
    clock = MediaClock(footage.info)
    rate_hz = settings.sample_rate_hz
    last_slot = clock.slot(position.pts, rate_hz) if position else -1
    last_pts = position.pts if position else footage.info.first_pts
    damaged = False
    for item in _items(footage, settings, position):
        if not isinstance(item, Frame):
            damaged |= isinstance(item, Damage)
            yield Unseen(item, *_bounds(clock, item)), None
            continue
        number += 1
        last_pts = item.pts
        slot = clock.slot(item.pts, rate_hz)
        if size_px is not None and rate_hz and slot <= last_slot:
            continue
        time_us = clock.us(item.pts)
        grey = item.grey(WIDTH_PX, HEIGHT_PX)
        cut, scene = next_scene(scene, grey, item.width_px, item.height_px, damaged=damaged)
        damaged = False
        active = analysed = True
        if settings.gate and size_px is not None:
            active, analysed, gate = pass_gate(None if cut else gate, grey, time_us)
        pictures = (
            pictures_of(item, size_px, settings.grid) if analysed and size_px is not None else None
        )
        yield (
            SampledFrame(item, time_us, number - 1, active, analysed, gate, scene, cut),
            pictures,
        )
        last_slot = slot
    yield End(clock.us(last_pts), number), None


def pictures_of(frame: Frame, size_px: tuple[int, int], grid: int) -> Pictures:
    """Return what a detector is shown of a frame, in the order of its tiling."""
    whole = Box(0, 0, frame.width_px, frame.height_px)
    return tuple(
        frame.small(*size_px) if tile == whole else frame.part(tile, *size_px)
        for tile in tiling_of(frame.width_px, frame.height_px, grid).boxes
    )


def _items(
    footage: FrameSource, settings: FootageSettings, position: Position | None
) -> Iterator[Item]:
    still = StillRule() if settings.still else None
    if position is None:
        return footage.frames(still=still)
    return _from_position(footage, still, position)


def _from_position(
    footage: FrameSource, still: StillRule | None, position: Position
) -> Iterator[Item]:
    """Yield what comes after the position; the frame there has to be the very same as then.

    A decoder that starts in the middle of a damaged or unusual stream may see other pixels; then
    everything is decoded again from the start, so that the result is what it would have been.
    """
    items = footage.frames(after=position.pts - 1, still=still)
    for item in items:
        if isinstance(item, Frame):
            if item.pts == position.pts and item.digest() == position.digest:
                yield from items
                return
            break
    for item in footage.frames(still=still):
        if isinstance(item, Frame):
            if item.pts > position.pts:
                yield item
        elif (item.to_pts or 0) > position.pts:
            yield item


def _bounds(clock: MediaClock, item: Damage | Skipped | Jump) -> tuple[int | None, int | None]:
    return tuple(  # type: ignore[return-value]
        None if pts is None else clock.us(pts) for pts in (item.from_pts, item.to_pts)
    )
