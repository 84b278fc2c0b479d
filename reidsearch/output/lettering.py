"""Text in pictures: only glyphs the font has, measured and wrapped in pixels.

The font is the one that Pillow carries, so that a sheet looks the same on every machine. It knows
little more than ASCII: other text is drawn in a font of the system where one knows all of it,
else as escapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from PIL import ImageDraw, ImageFont

from reidsearch.output.visible import shorten, visible

# Looked for by Pillow in the folders where systems keep fonts.
SYSTEM_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "LiberationSans-Regular.ttf",
    "Arial Unicode.ttf",
    "arial.ttf",
)
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
        return float(_font(_knows(text) or "", self.size_px).getlength(text))

    def spell(self, text: str) -> str:
        r"""`text` as it is where a font knows all of it, else in ASCII with `\xNN`, `\uNNNN`."""
        safe = visible(text)
        if _knows(safe) is None:
            return safe.encode("ascii", "backslashreplace").decode()
        return safe

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

    def within(self, text: str, width_px: int, most: int) -> list[str]:
        """`text` spelled in at most `most` lines; its middle is taken out where it is too long."""
        spelled = self.spell(text)
        lines = self.wrap(spelled, width_px)
        if len(lines) <= most:
            return lines
        # Not more than the lines could hold, so that a search over a long text stays short.
        spelled = shorten(spelled, most * width_px, self.width)

        def cost(part: str) -> float:
            return len(self.wrap(part, width_px))

        return self.wrap(shorten(spelled, most, cost), width_px)[:most]

    def draw(self, canvas: ImageDraw.ImageDraw, x_px: float, y_px: float, text: str) -> None:
        """Draw spelled `text` with its top left corner at (`x_px`, `y_px`)."""
        canvas.text(
            (x_px, y_px), text, font=_font(_knows(text) or "", self.size_px), fill=self.colour
        )


@lru_cache(maxsize=1024)
def _knows(text: str) -> str | None:
    """The first font that has every character of `text`; "" is Pillow's own, None: none has."""
    if text.isascii():
        return ""
    return next(
        (name for name in ("", *SYSTEM_FONTS) if all(_has(name, c) for c in set(text))), None
    )


@cache
def _has(name: str, char: str) -> bool:
    return char == " " or (_there(name) and _mask(name, char) != _mask(name, _LACKING))


@cache
def _there(name: str) -> bool:
    try:
        _font(name, 20)
    except OSError:
        return False
    return True


def _mask(name: str, char: str) -> bytes:
    return bytes(_font(name, 20).getmask(char))


@cache
def _font(name: str, size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.truetype(name, size_px) if name else ImageFont.load_default(size_px)
