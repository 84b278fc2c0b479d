r"""Fonts that a PDF embeds: Noto Sans, and fonts of the system for what it lacks.

A PDF/A must not show a glyph that its font does not have, so whatever no font here has is spelled
as an escape (`\u4e2d`), as in drawn pictures, and told.
"""

from __future__ import annotations

import string
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from PIL import ImageFont

from reidsearch.output.lettering import SYSTEM_FONTS
from reidsearch.output.visible import visible

_PUNCTUATION = "\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u2212"
COMMON = "".join(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x100)))) + _PUNCTUATION
"""Characters that fonts of documents have in any case: ASCII, Latin 1, and punctuation."""


@cache
def own_font() -> Path:
    """Return the font that the program brings with it: Latin, Greek, Cyrillic, Devanagari."""
    import fontpkg_noto_sans

    return Path(fontpkg_noto_sans.ROOT) / "files" / "NotoSans[wdth,wght].ttf"


def weight_of_own(chars: str, weight: int) -> bytes:
    """Return the program's font, with at least these characters and of this weight alone.

    It is a font of variable weight; to make one of a fixed weight takes 20 s for all of it, and
    well below a second for what a document needs. Most documents need what `COMMON` has: theirs is
    made once in a process.
    """
    return _weighted("".join(sorted({*chars, *COMMON})), weight)


@lru_cache(maxsize=4)
def _weighted(chars: str, weight: int) -> bytes:
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    made = BytesIO()
    with TTFont(BytesIO(_of_all_weights(chars))) as font:
        instantiateVariableFont(font, {"wght": weight, "wdth": 100}, inplace=True)
        font.save(made)
    return made.getvalue()


@lru_cache(maxsize=2)
def _of_all_weights(chars: str) -> bytes:
    from fontTools.subset import Subsetter
    from fontTools.ttLib import TTFont

    made = BytesIO()
    with TTFont(own_font()) as font:
        subsetter = Subsetter()
        subsetter.populate(unicodes=map(ord, chars))
        subsetter.subset(font)
        font.save(made)
    return made.getvalue()


@cache
def system_fonts() -> tuple[tuple[Path, frozenset[int]], ...]:
    """Return fonts of the system with outlines that can be embedded, and what each can draw."""
    found = []
    for name in SYSTEM_FONTS:
        try:
            path = Path(str(ImageFont.truetype(name).path))
        except OSError:
            continue
        if (drawn := _drawn(path)) is not None:
            found.append((path, drawn))
    return tuple(found)


@cache
def _drawn(path: Path) -> frozenset[int] | None:
    """Return the characters of a font; None: it has no TrueType outlines, or forbids embedding."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(path, fontNumber=0, lazy=True) as font:
            forbidden = font["OS/2"].fsType & 0x0002
            return frozenset(font.getBestCmap()) if "glyf" in font and not forbidden else None
    except (TTLibError, OSError, KeyError, AttributeError):
        return None


class Lettered:
    """Texts as the fonts at hand can draw them, and what they could not."""

    def __init__(self) -> None:
        self._own = _drawn(own_font()) or frozenset()
        self.used: dict[str, None] = dict.fromkeys(string.printable.strip())
        self.further: list[Path] = []
        self.lacking: dict[str, None] = {}

    def spell(self, text: str) -> str:
        """Return a text on one line, without characters that no font can draw."""
        return "".join(map(self._char, visible(text)))

    def spell_lines(self, text: str) -> str:
        """Return the same with the line breaks that the text has."""
        return "\n".join(self.spell(line) for line in text.splitlines())

    def _char(self, char: str) -> str:
        number = ord(char)
        if number in self._own:
            self.used[char] = None
            return char
        for path, drawn in system_fonts():
            if number in drawn:
                if path not in self.further:
                    self.further.append(path)
                return char
        self.lacking[char] = None
        return char.encode("ascii", "backslashreplace").decode()
