"""Whether a frame shows what an archive holds of that moment.

A crop is a part of a frame, stored as JPEG. Read again, the frame has to show the same there:
whatever else it shows came from another place, or from a decoder that began in the wrong one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from reidsearch.base.boxes import Box
from reidsearch.base.errors import InputError, Kind
from reidsearch.domain.crops import Pixels

# Mean over the box, of 255. JPEG takes 1 to 2.5; a person who has moved on by one frame is seen
# against another ground, and differs by 6 and more.
LARGEST_DIFFERENCE = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A stored crop of one frame.

    Args:
        pixels: (h, w, 3) uint8 BGR, of the box's size.
    """

    pts: int
    box: Box
    pixels: Pixels


class Differs(InputError):
    """A frame does not show what is stored of its moment."""

    kind = Kind.FOOTAGE_DIFFERS


def require_shown(frame: Pixels, view: View) -> None:
    """Refuse a frame that does not show a stored crop.

    Args:
        frame: (h, w, 3) uint8 BGR, upright.

    Raises:
        Differs: it does not.
    """
    box = view.box
    height_px, width_px = frame.shape[:2]
    shown = frame[box.y1 : box.y2, box.x1 : box.x2]
    inside = box.x2 <= width_px and box.y2 <= height_px
    if not inside or shown.shape != view.pixels.shape:
        raise Differs("the footage has another picture size than when it was indexed")
    grey = [
        cv2.cvtColor(part, cv2.COLOR_BGR2GRAY).astype(np.int16) for part in (shown, view.pixels)
    ]
    difference = float(np.abs(grey[0] - grey[1]).mean())
    if difference > LARGEST_DIFFERENCE:
        raise Differs(
            "what can be read of the footage at this moment is not the stored crop: they differ "
            f"by {difference:.0f} of 255 grey levels"
        )
