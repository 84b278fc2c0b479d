"""A picture as a layout: boxes of text, shapes and pictures, each with its place, then drawn.

Every text is measured when it is placed, so that a layout can be checked before a pixel is made:
`Drawing.texts` has the box of each. Pixels of crops are read while they are drawn, one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from PIL import Image, ImageDraw

from reidsearch.domain.crops import Pixels
from reidsearch.output.imprint import Imprint
from reidsearch.output.lettering import Lettering, holds_escapes

PAPER, RULE = "#ffffff", "#d3d7de"
FOOT = Lettering(13, "#6b7280")  # two hyphens are told apart from this size on
MARGIN_PX = 20
ESCAPES = r"\u and digits stand for characters that no font of the machine had that drew this."
FOOT_LINES = 3  # of the command; the metadata has all of it

Draw: TypeAlias = Callable[[Image.Image, ImageDraw.ImageDraw], None]
Points: TypeAlias = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class TextBox:
    """One line of text and the room it takes, in pixels."""

    text: str
    x: float
    y: float
    width: float
    height: int
    lettering: Lettering

    def overlaps(self, other: TextBox) -> bool:
        """Whether both take some of the same room."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(slots=True)
class Drawing:
    """What is to be drawn. Later parts lie over earlier ones.

    Args:
        title: what the picture shows, for its metadata.
        imprint: for its foot and its metadata.
        height_px: grows while parts are placed; `sign` ends it.
        breaks: heights at which the picture may be cut into pages.
        signed: `sign` was called.
    """

    title: str
    imprint: Imprint
    width_px: int
    height_px: int = 0
    paper: str = PAPER
    texts: list[TextBox] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)
    foot_px: int = 0
    signed: bool = False
    _parts: list[Draw] = field(default_factory=list)

    def line_of_text(
        self,
        lettering: Lettering,
        x: float,
        y: float,
        text: str,
        *,
        room_px: float | None = None,
        align: str = "left",
    ) -> TextBox:
        """Place one line; its middle is taken out where it is wider than `room_px`.

        Args:
            x: its left end, its middle or its right end, as `align` says.
        """
        shown = lettering.spell(text) if room_px is None else lettering.fit(text, int(room_px))
        width = lettering.width(shown)
        left = x - {"left": 0.0, "middle": width / 2, "right": width}[align]
        box = TextBox(shown, left, y, width, lettering.line_px, lettering)
        if shown.strip():
            self.texts.append(box)
            self._parts.append(lambda _, canvas: lettering.draw(canvas, left, y, shown))
        self._reach(y + lettering.line_px)
        return box

    def lines_of_text(
        self, lettering: Lettering, x: float, y: float, lines: Sequence[str]
    ) -> float:
        """Place lines below each other, as they are. Returns where the next one would begin."""
        for line in lines:
            self.line_of_text(lettering, x, y, line)
            y += lettering.line_px
        return y

    def paragraph(
        self,
        lettering: Lettering,
        x: float,
        y: float,
        text: str,
        room_px: int,
        *,
        most: int | None = None,
    ) -> float:
        """Place text in lines of at most `room_px`. Returns where the next line would begin."""
        if most is None:
            return self.lines_of_text(lettering, x, y, lettering.wrap(text, room_px))
        return self.lines_of_text(lettering, x, y, lettering.within(text, room_px, most))

    def rectangle(
        self,
        box: tuple[float, float, float, float],
        fill: str | None = None,
        outline: str | None = None,
        width: int = 1,
    ) -> None:
        """Place a rectangle: left, top, right, bottom."""
        self._parts.append(lambda _, canvas: canvas.rectangle(box, fill, outline, width))
        self._reach(box[3])

    def line(self, points: Points, colour: str, width: int = 1) -> None:
        """Place a line through points."""
        self._parts.append(lambda _, canvas: canvas.line(list(points), colour, width))

    def polygon(self, points: Points, colour: str) -> None:
        """Place a filled polygon."""
        self._parts.append(lambda _, canvas: canvas.polygon(list(points), colour))

    def disc(self, x: float, y: float, radius: float, colour: str) -> None:
        """Place a filled circle."""
        box = (x - radius, y - radius, x + radius, y + radius)
        self._parts.append(lambda _, canvas: canvas.ellipse(box, colour))

    def picture(
        self,
        pixels: Callable[[], Pixels | Image.Image],
        box: tuple[int, int, int, int],
    ) -> None:
        """Place a picture in the middle of a box, scaled to fit, keeping its aspect.

        Args:
            pixels: read when it is drawn: (h, w, 3) uint8 BGR, or an RGB image.
            box: left, top, width and height.
        """
        self._parts.append(lambda sheet, _: _paste(sheet, pixels(), box))
        self._reach(box[1] + box[3])

    def sign(self, *, foot: bool = True) -> Drawing:
        """End it with its foot: archive, time and command. Returns itself.

        Args:
            foot: without, they are only in the file's metadata.
        """
        self.signed = True
        if not foot:
            return self
        room = self.width_px - 2 * MARGIN_PX
        top = self.height_px + 8
        y: float = top + 8
        self.line([(MARGIN_PX, top), (self.width_px - MARGIN_PX, top)], RULE)
        for text, most in (
            (f"{self.imprint.made}; {self.imprint.source}", 2),
            (self.imprint.command, FOOT_LINES),
        ):
            if text:
                y = self.paragraph(FOOT, MARGIN_PX, y, text, room, most=most)
        if any(holds_escapes(box.text) for box in self.texts):
            y = self.paragraph(FOOT, MARGIN_PX, y, ESCAPES, room)
        self._reach(y + 10)
        self.foot_px = self.height_px - top
        return self

    def render(self) -> Image.Image:
        """Draw it."""
        sheet = Image.new("RGB", (self.width_px, self.height_px), self.paper)
        canvas = ImageDraw.Draw(sheet)
        for part in self._parts:
            part(sheet, canvas)
        return sheet

    def _reach(self, y: float) -> None:
        self.height_px = max(self.height_px, int(-(-y // 1)))


def fitted(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """Width and height of a picture that is scaled to fit into a box, keeping its aspect."""
    scale = min(box[0] / size[0], box[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _paste(sheet: Image.Image, given: Pixels | Image.Image, box: tuple[int, int, int, int]) -> None:
    picture = given if isinstance(given, Image.Image) else Image.fromarray(given[..., ::-1].copy())
    left, top, width, height = box
    size = fitted(picture.size, (width, height))
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    sheet.paste(picture, (left + (width - size[0]) // 2, top + (height - size[1]) // 2))
