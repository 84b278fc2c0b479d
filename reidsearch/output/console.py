"""The console of `rich`, on which no text moves the cursor, colours or links by itself."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from reidsearch.output.terminal import shown


class ShownConsole(Console):
    """A console that draws as ever, but shows every text within through `shown`."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Yield the pieces of what is drawn; a piece of control, such as a line up, is rich's."""
        for piece in super().render(renderable, options):
            if piece.control or piece.text == "\n" or piece.text.isprintable():
                yield piece
            else:
                yield Segment(shown(piece.text), piece.style)
