"""Text from outside (file names, cameras, manifests) made safe and short enough to show."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

# Joiners carry meaning in Persian, in Indic scripts and in emoji; the other format characters
# can hide or reorder what is shown (bidirectional overrides), so they are shown as escapes.
_JOINERS = "\u200c\u200d"
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def visible(text: str) -> str:
    r"""`text` on one line; control, bidirectional and surrogate characters as `\xNN`, `\uNNNN`.

    A file name can then neither move the cursor nor colour the terminal nor forge a second line.
    """
    if text.isprintable():
        return text
    return "".join(
        char.encode("unicode_escape").decode()
        if unicodedata.category(char) in _HIDDEN and char not in _JOINERS
        else char
        for char in text
    )


def shorten(text: str, width: float, measure: Callable[[str], float] = len, mark: str = "…") -> str:
    """`text` with its middle taken out so that it measures at most `width`.

    A location's ends say most: the folder it came from and the file's own name. The longer rest is
    kept at the end.

    Args:
        measure: the width of a text in the unit of `width`: characters, cells or pixels.
        mark: what stands for the part taken out.
    """
    if measure(text) <= width:
        return text
    few, many = 0, len(text) - 1
    while few < many:  # the largest number of kept characters that fits
        kept = (few + many + 1) // 2
        few, many = (kept, many) if measure(_keep(text, kept, mark)) <= width else (few, kept - 1)
    return _keep(text, few, mark)


def _keep(text: str, kept: int, mark: str) -> str:
    head = kept // 3
    return text[:head] + mark + text[len(text) - (kept - head) :]


def duration(seconds: float) -> str:
    """Seconds as `12.3 s`, `4:05` (minutes) or `3:04:05` (hours)."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 crop`, `1,527 crops`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size(number_bytes: int) -> str:
    """Bytes as people read them: `512 B`, `3.4 MB` (powers of 1000, as disks are sold)."""
    amount = float(number_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
