"""Text in pictures: only glyphs the font has, measured and wrapped in pixels.

The font is the one that Pillow carries, so that a sheet looks the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

from PIL import ImageDraw, ImageFont

from reidsearch.present.visible import shorten, visible

# A noncharacter: what is drawn for it is drawn for everything that the font lacks.
_LACKING = "\uffff"


@dataclass(frozen=True)
class Lettering:
    """Pillow's own font at one size.

    Args:
        size_px: height of the letters' square.
        colour: how it is drawn.
    """

    size_px: int
    colour: str

    @cached_property
    def line_px(self) -> int:
        """Height of a line."""
        return round(self.size_px * 1.35)

    def width(self, text: str) -> float:
        """Width of `text` in pixels."""
        return float(_font(self.size_px).getlength(text))

    def spell(self, text: str) -> str:
        r"""`text` with everything that the font cannot draw as `\xNN`, `\uNNNN`."""
        return "".join(
            char if _has(char) else char.encode("unicode_escape").decode() for char in visible(text)
        )

    def fit(self, text: str, width_px: int) -> str:
        """`text` spelled on one line of `width_px`, its middle taken out where it is too long."""
        return shorten(self.spell(text), width_px, self.width)

    def wrap(self, text: str, width_px: int) -> list[str]:
        """`text` spelled in lines of at most `width_px`; words too long for a line are broken."""
        lines = [""]
        for word in self.spell(text).split():
            joined = f"{lines[-1]} {word}" if lines[-1] else word
            if self.width(joined) <= width_px:
                lines[-1] = joined
                continue
            if lines[-1]:
                lines.append("")
            for char in word:
                if lines[-1] and self.width(lines[-1] + char) > width_px:
                    lines.append("")
                lines[-1] += char
        return lines

    def draw(self, canvas: ImageDraw.ImageDraw, x_px: float, y_px: float, text: str) -> None:
        """Draw spelled `text` with its top left corner at (`x_px`, `y_px`)."""
        canvas.text((x_px, y_px), text, font=_font(self.size_px), fill=self.colour)


@cache
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)


@cache
def _has(char: str) -> bool:
    return char == " " or bytes(_font(20).getmask(char)) != _lacking()


@cache
def _lacking() -> bytes:
    return bytes(_font(20).getmask(_LACKING))
