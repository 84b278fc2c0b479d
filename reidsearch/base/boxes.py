"""Rectangles in pictures."""

from __future__ import annotations

from dataclasses import dataclass

from reidsearch.base.errors import Reason, Refused


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels: left, top, right, bottom; right and bottom are exclusive.

    Raises:
        Refused: (bad-box) when it has no area or a negative corner.
    """

    x1: int
    y1: int
    x2: int
    y2: int

    def __post_init__(self) -> None:
        if self.x1 < 0 or self.y1 < 0 or self.x2 <= self.x1 or self.y2 <= self.y1:
            raise Refused(
                Reason.BAD_BOX,
                f"box {self.text()} has no area or a negative corner",
                "boxes are x1,y1,x2,y2 in pixels, right and bottom exclusive",
            )

    @property
    def width_px(self) -> int:
        """Width in pixels."""
        return self.x2 - self.x1

    @property
    def height_px(self) -> int:
        """Height in pixels."""
        return self.y2 - self.y1

    def text(self) -> str:
        """The box as `x1,y1,x2,y2`."""
        return f"{self.x1},{self.y1},{self.x2},{self.y2}"

    def as_list(self) -> list[int]:
        """The box as `[x1, y1, x2, y2]`, the form of every JSON answer."""
        return [self.x1, self.y1, self.x2, self.y2]

    @classmethod
    def parse(cls, text: str) -> Box:
        """Read `x1,y1,x2,y2`; fractions are rounded.

        Raises:
            Refused: (bad-box) when it is not four finite numbers or has no area.
        """
        try:
            x1, y1, x2, y2 = (round(float(part)) for part in text.split(","))
        except (ValueError, OverflowError) as error:
            raise Refused(
                Reason.BAD_BOX, f"box {text!r} is not four numbers x1,y1,x2,y2"
            ) from error
        return cls(x1, y1, x2, y2)

    def require_inside(self, width_px: int, height_px: int) -> None:
        """Refuse a box that leaves the picture: silently clipping would change what was asked.

        Raises:
            Refused: (bad-box) when a corner lies outside `width_px` x `height_px`.
        """
        if self.x2 > width_px or self.y2 > height_px:
            raise Refused(
                Reason.BAD_BOX,
                f"box {self.text()} leaves the picture of {width_px}x{height_px} pixels",
            )
