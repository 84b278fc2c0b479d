"""How pictures have to be turned and mirrored to stand upright: a container's display matrix."""

from __future__ import annotations

from dataclasses import dataclass

import av
import numpy as np
from av.sidedata.sidedata import SideDataContainer, Type
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways a picture can lie: first transposed, then flipped.

    Args:
        transposed: rows become columns.
        flip_x, flip_y: left and right, top and bottom change places.
    """

    transposed: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @property
    def rotation(self) -> int:
        """Degrees clockwise, 0, 90, 180 or 270, that it is turned by, beside any mirroring."""
        if self.transposed:
            return 90 if self.flip_x or not self.flip_y else 270
        return 180 if self.flip_y else 0

    @property
    def mirrored(self) -> bool:
        """Whether no rotation alone does it."""
        return self.transposed ^ self.flip_x ^ self.flip_y

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return the size of a picture before from that after, or the other way round."""
        return (height, width) if self.transposed else (width, height)

    def upright(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn and mirror (h, w) or (h, w, 3) pixels."""
        if self == UPRIGHT:
            return pixels
        turned = pixels.swapaxes(0, 1) if self.transposed else pixels
        turned = turned[:, ::-1] if self.flip_x else turned
        return np.ascontiguousarray(turned[::-1] if self.flip_y else turned)


UPRIGHT = Orientation()


def orientation_of(picture: av.VideoFrame) -> Orientation:
    """Return what a picture's display matrix says, to the nearest quarter turn.

    Source: FFmpeg, libavutil/display.h: 3 x 3 numbers of 16.16 bits, (x', y') = (ax + cy, bx + dy).
    """
    # `picture.side_data` would make a reference cycle, and keep every picture and its decoder's
    # threads until the garbage collector next runs.
    told = SideDataContainer(picture).get(Type.DISPLAYMATRIX)  # type: ignore[call-arg]
    if told is None:
        return UPRIGHT
    values = np.frombuffer(bytes(told), "<i4")
    if len(values) < 9:
        return UPRIGHT
    a, b, c, d = (int(values[at]) for at in (0, 1, 3, 4))
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Orientation(transposed=True, flip_x=c < 0, flip_y=b < 0)
    return Orientation(flip_x=a < 0, flip_y=d < 0)
