r"""The one way to a terminal: whatever is printed has its control characters made visible.

Names of files and cameras, cells of tables, notes in other people's archives and what libraries
say of them come into messages, tables and warnings. On the way out, characters that could move the
cursor, colour or retitle the terminal, reorder text or make links of it become `\xNN`, wherever
they came from. Only what `rich` draws itself passes as it is; the text within is treated alike.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from reidsearch.output.visible import visible

# A carriage return may stand before a line feed, as CSV ends its lines; alone it overwrites a line.
_UNSHOWN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e007f]|\r(?!\n)"
)


def shown(text: str) -> str:
    r"""`text` with its line ends and tabs; other control characters as `\xNN`, `\uNNNN`."""
    return _UNSHOWN.sub(lambda found: visible(found[0]), text)


class ShownText(io.TextIOBase):
    """A text stream that writes to another one, through `shown`.

    Args:
        stream: where it goes.

    Attributes:
        drawing: the stream itself, for what was drawn by a `ShownConsole` (`output/console.py`).
    """

    def __init__(self, stream: TextIO) -> None:
        self.drawing = stream

    @classmethod
    def over(cls, stream: TextIO) -> TextIO:
        """Return such a stream over another, as what it is used for."""
        return cast("TextIO", cls(stream))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.drawing, name)

    # What the base class has must be handed on by name.
    encoding = property(lambda self: self.drawing.encoding)
    errors = property(lambda self: self.drawing.errors)
    closed = property(lambda self: self.drawing.closed)

    def write(self, text: str) -> int:
        """Write text."""
        return self.drawing.write(shown(text))

    def flush(self) -> None:
        """Write what is held back."""
        self.drawing.flush()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self.drawing.isatty()

    def fileno(self) -> int:
        """Return the descriptor."""
        return self.drawing.fileno()

    def writable(self) -> bool:
        """Return true."""
        return True


def drawing_on(stream: TextIO) -> TextIO:
    """Return where a `ShownConsole` may write what it has drawn for a stream."""
    return getattr(stream, "drawing", stream) if isinstance(stream, ShownText) else stream


@contextmanager
def shown_streams() -> Iterator[None]:
    """Let everything that is written to standard output and error go through `shown`."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = ShownText.over(before[0]), ShownText.over(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def say(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Write a line to standard output or error."""
    stream = sys.stderr if err else sys.stdout
    stream.write(text + end)
    stream.flush()
