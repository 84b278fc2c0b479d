"""Text in pictures: only glyphs the font has, measured and wrapped in pixels.

The font is the one that Pillow carries, so that a sheet looks the same on every machine. It knows
little more than ASCII: other text is drawn in a font of the system that has it, and only what none
has as escapes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from PIL import ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont as Font

from reidsearch.base.errors import absent
from reidsearch.output.visible import shorten, visible

# Looked for by Pillow in the folders where systems keep fonts.
SYSTEM_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "Arial Unicode.ttf",
    "arial.ttf",
    # Chinese, Japanese, Korean: of Linux, Windows and macOS.
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "SourceHanSans-Regular.ttc"),
    *("wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "NanumGothic.ttf"),
    *("msyh.ttc", "simsun.ttc", "msgothic.ttc", "YuGothM.ttc", "malgun.ttf"),
    *("PingFang.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc"),
)
_ESCAPED = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_NUMBER, _UNIT = re.compile(r"[(<>±+-]*[\d.,:]+"), re.compile(r"(%|s|px|bits)[.,;)]*")
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
        return _width(text, self.size_px)

    def spell(self, text: str) -> str:
        r"""`text` with what no font has as `\xNN`, `\uNNNN`; the rest as it is."""
        safe = visible(text)
        if safe.isascii():
            return safe
        return "".join(
            char
            if _knowing(char) is not None
            else char.encode("ascii", "backslashreplace").decode()
            for char in safe
        )

    def fit(self, text: str, width_px: int) -> str:
        """`text` spelled on one line of `width_px`, its middle taken out where it is too long."""
        return shorten(self.spell(text), width_px, self.width)

    def wrap(self, text: str, width_px: int) -> list[str]:
        """`text` spelled in lines of at most `width_px`; words too long for a line are broken."""
        words = _words(self.spell(text))
        whole = " ".join(words)
        if self.width(whole) <= width_px:
            return [whole]
        lines = [""]
        for word in words:
            joined = f"{lines[-1]} {word}" if lines[-1] else word
            if self.width(joined) <= width_px:
                lines[-1] = joined
                continue
            rest = word
            if lines[-1] and self.width(rest) > width_px:
                # A word that is broken anyway begins where there is still room.
                begun = f"{lines[-1]} "
                kept = self._fitting(begun, rest, width_px)
                lines[-1] = begun + rest[:kept] if kept else lines[-1]
                rest = rest[kept:]
            if lines[-1]:
                lines.append("")
            while self.width(rest) > width_px and len(rest) > 1:
                kept = max(1, self._fitting("", rest, width_px))
                lines[-1] = rest[:kept]
                lines.append("")
                rest = rest[kept:]
            lines[-1] = rest
        return lines

    def _fitting(self, before: str, word: str, width_px: int) -> int:
        """How many of its first characters fit behind `before`; never all of them.

        They are measured together: a character may change the font of all.
        """
        few, many = 0, len(word) - 1
        while few < many:
            middle = (few + many + 1) // 2
            if self.width(before + word[:middle]) <= width_px:
                few = middle
            else:
                many = middle - 1
        return few

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
        # All fonts on one line: by its ascender each would have its own.
        base_px = y_px + _font("", self.size_px).getmetrics()[0]
        for name, part in _runs(text):
            font = _font(name, self.size_px)
            canvas.text(
                (x_px, base_px),
                part,
                font=font,
                fill=self.colour,
                anchor="ls",
                direction=_direction(font),
            )
            x_px += _length(font, part)


def holds_escapes(text: str) -> bool:
    """Whether a spelled text holds the escape of a character that no font has."""
    return _ESCAPED.search(text) is not None


def _words(text: str) -> list[str]:
    """The words of a text; a number and its unit are one: `21.3 s`, `81 %`."""
    words: list[str] = []
    for word in text.split():
        if words and _UNIT.fullmatch(word) and _NUMBER.fullmatch(words[-1]):
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


@lru_cache(maxsize=16_384)
def _width(text: str, size_px: int) -> float:
    return sum(_length(_font(name, size_px), part) for name, part in _runs(text))


def _length(font: Font, text: str) -> float:
    return float(font.getlength(text, direction=_direction(font)))


def _direction(font: Font) -> str | None:
    """Lines go from left to right, also where their first letter is of a writing that does not.

    Only libraqm can be told so; without it every letter is set from left to right.
    """
    return "ltr" if font.layout_engine == ImageFont.Layout.RAQM else None


@lru_cache(maxsize=4096)
def _runs(text: str) -> tuple[tuple[str, str], ...]:
    """Parts of a text with the font of each: one for all of it where one has all."""
    if text.isascii():
        return (("", text),)
    fonts = ("", *SYSTEM_FONTS)
    whole = next((name for name in fonts if all(_has(name, char) for char in set(text))), None)
    if whole is not None:
        return ((whole, text),)
    runs: list[tuple[str, str]] = []
    for char in text:
        name, before = runs[-1] if runs else ("", "")
        if runs and _has(name, char):  # joiners and accents stay with what they belong to
            runs[-1] = name, before + char
        else:
            runs.append((_knowing(char) or "", char))
    return tuple(runs)


def _knowing(char: str) -> str | None:
    """The first font that has a character; "" is Pillow's own, None: none has it."""
    return next((name for name in ("", *SYSTEM_FONTS) if _has(name, char)), None)


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
def _font(name: str, size_px: int) -> Font:
    if name:
        return ImageFont.truetype(name, size_px)
    own = ImageFont.load_default(size_px)
    if not isinstance(own, Font):  # Pillow was built without FreeType
        raise absent("the font that Pillow carries")
    return own
