"""Stills and frames of clips with a margin that says what they show.

The margin lies below the picture, outside it: nothing of the footage is covered, and places in the
picture stay where they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageDraw

from reidsearch.base.boxes import Box
from reidsearch.base.timecode import from_us
from reidsearch.domain.crops import Crop, Pixels
from reidsearch.domain.footage import Clock
from reidsearch.domain.redaction import Redaction
from reidsearch.output.cards import camera_text, file_name, uncertainty_text
from reidsearch.output.drawing import FOOT_LINES, MARGIN_PX, Drawing
from reidsearch.output.imprint import Imprint
from reidsearch.output.lettering import Lettering
from reidsearch.output.redaction import redacted_text
from reidsearch.output.times import shifted

INK = "#ffdc00"
OTHERS = "#38bdf8"
MARGIN_PAPER = "#111827"
STRONG = Lettering(15, "#ffffff")
PLAIN = Lettering(13, "#e5e7eb")
NARROWEST_PX = 420  # a margin needs some width, also below a narrow crop
MOST_LINES = 2  # of one fact


def still(
    pixels: Pixels,
    crop: Crop,
    imprint: Imprint,
    *,
    box: bool = False,
    boxes: Mapping[int, Box] = MappingProxyType({}),
    whole: bool = True,
    caption: bool = True,
    redaction: Redaction | None = None,
) -> Drawing:
    """A frame, or a crop alone, with its margin.

    Args:
        pixels: (h, w, 3) uint8 BGR.
        box: draw the person's box.
        boxes: of everybody in the frame, by tracklet, to be drawn with their numbers.
        whole: it is the full frame, else what was cut out.
        caption: without, there is no margin, and the metadata alone says where it comes from.
        redaction: what was done to the pixels, to be told.
    """
    height, width = pixels.shape[:2]
    title = f"Frame of crop {crop.crop_id}" if whole else f"Crop {crop.crop_id}"
    if redaction is not None:
        title += f", {redacted_text(redaction)}"
    sheet = Drawing(title, imprint, max(width, NARROWEST_PX) if caption else width)
    sheet.picture(lambda: pixels, (0, 0, width, height))
    own = crop.moment.tracklet_id if crop.moment else None
    line_px = max(2, height // 270)
    for number, other in boxes.items():
        if number != own:
            sheet.rectangle(_corners(other, height, width), outline=OTHERS, width=line_px)
            _number(sheet, number, other, OTHERS)
    if box:
        sheet.rectangle(_corners(crop.box, height, width), outline=INK, width=line_px)
    if own is not None and own in boxes:
        _number(sheet, own, crop.box, INK)
    y = sheet.height_px = height
    if not caption:
        return sheet.sign(foot=False)
    head = _head(crop, crop.facts.time)
    lines = _lines(crop, sheet.width_px, redaction, placed=True)
    room = sheet.width_px - 2 * MARGIN_PX
    first = STRONG.within(head, room, MOST_LINES)
    end = y + 16 + len(first) * STRONG.line_px + len(lines) * PLAIN.line_px
    sheet.rectangle((0, y, sheet.width_px, end), MARGIN_PAPER)
    below = sheet.lines_of_text(STRONG, MARGIN_PX, y + 8, first)
    sheet.lines_of_text(PLAIN, MARGIN_PX, below, lines)
    return sheet.sign()


def _corners(box: Box, height: int, width: int) -> tuple[float, float, float, float]:
    left, top, right, bottom = box.as_list()
    return left, top, min(right, width - 1), min(bottom, height - 1)


def _number(sheet: Drawing, number: int, box: Box, colour: str) -> None:
    """The tracklet's number, above its box or, where there is no room, inside."""
    told = Lettering(13, colour)
    text = f"tracklet {number}"
    wide = told.width(text) + 6
    left = max(0, min(box.x1, sheet.width_px - wide))
    top = box.y1 - told.line_px if box.y1 >= told.line_px else box.y1
    sheet.rectangle((left, top, left + wide, top + told.line_px - 1), MARGIN_PAPER)
    sheet.line_of_text(told, left + 3, top, text)


class ClipMargin:
    """The margin of a clip's frames: the same on each but for its time.

    Args:
        crop: whose tracklet the clip shows.
        clock: of its source.
        imprint: where the clip comes from.
        redaction: what is done to its frames, to be told.

    Example:
        >>> margin = ClipMargin(crop, clock, imprint)
        >>> taller = margin(frame, media_s)  # (h + margin.height_px(w), w, 3)
    """

    def __init__(
        self, crop: Crop, clock: Clock, imprint: Imprint, redaction: Redaction | None = None
    ) -> None:
        self._crop, self._clock, self._imprint = crop, clock, imprint
        self._redaction = redaction
        self._strips: dict[int, Image.Image] = {}

    def height_px(self, width: int) -> int:
        """Height of the margin below a frame of this width; even, as encoders need it."""
        return self._strip(width).height

    def __call__(self, pixels: Pixels, media_s: Fraction) -> Pixels:
        """A frame with its margin below it.

        Args:
            pixels: (h, w, 3) uint8 BGR.
            media_s: of this frame.

        Returns:
            (h + height_px(w), w, 3) uint8 BGR.
        """
        width = pixels.shape[1]
        strip = self._strip(width).copy()
        at_us = self._clock.at_us(media_s)
        head = _head(self._crop, None if at_us is None else from_us(at_us), media_s)
        room = width - 2 * _side(width)
        canvas = ImageDraw.Draw(strip)
        for number, line in enumerate(STRONG.within(head, room, self._rows(width))):
            STRONG.draw(canvas, _side(width), 8 + number * STRONG.line_px, line)
        return np.concatenate((pixels, np.asarray(strip)[..., ::-1]))

    def _rows(self, width: int) -> int:
        """Lines that camera and time take; none of them moves while the clip runs."""
        crop = self._crop
        longest = f"{_head(crop, crop.facts.time, Fraction(10_000))}  "
        return len(STRONG.wrap(longest, width - 2 * _side(width)))

    def _strip(self, width: int) -> Image.Image:
        """Everything but camera and time, drawn once."""
        if width not in self._strips:
            lines = _lines(self._crop, width, self._redaction, placed=False)
            for told in (f"{self._imprint.made}; {self._imprint.source}", self._imprint.command):
                if told:
                    lines += PLAIN.within(told, width - 2 * _side(width), FOOT_LINES)
            head_px = self._rows(width) * STRONG.line_px
            height = 16 + head_px + len(lines) * PLAIN.line_px
            strip = Image.new("RGB", (width, height + height % 2), MARGIN_PAPER)
            canvas = ImageDraw.Draw(strip)
            for number, line in enumerate(lines):
                y = 8 + head_px + number * PLAIN.line_px
                PLAIN.draw(canvas, _side(width), y, line)
            self._strips[width] = strip
        return self._strips[width]


def _side(width: int) -> int:
    """Room left of the text; less where there is little."""
    return min(MARGIN_PX, width // 20)


def _head(crop: Crop, time: dt.datetime | None, media_s: Fraction | None = None) -> str:
    """Camera and time, to a thousandth, with its uncertainty."""
    moment = crop.moment
    at_s = media_s if media_s is not None else moment.media_s if moment else None
    if time is None:
        told = "time unknown"
    else:
        there = shifted(time)
        told = f"{there:%Y-%m-%d %H:%M:%S}.{there.microsecond // 1000:03} {there.tzname()}"
        told += uncertainty_text(crop)
    return f"{told}; {camera_text(crop)}" + (
        f"; {float(at_s):.3f} s in footage" if at_s is not None else ""
    )


def _lines(crop: Crop, width: int, redaction: Redaction | None, *, placed: bool) -> list[str]:
    """Ids and file, for a margin of some width; `placed`: the box, which holds for one frame."""
    room = width - 2 * _side(width)
    ids = f"crop {crop.crop_id}"
    if crop.moment is not None:
        ids += f", tracklet {crop.moment.tracklet_id}"
    if placed:
        x1, y1, x2, y2 = crop.box.as_list()
        ids += f"; box {x1},{y1} to {x2},{y2}"
    told = [(f"{ids}; {file_name(crop)}", MOST_LINES)]
    if redaction is not None:
        told.append((f"{redacted_text(redaction)} as far as the archive holds them", MOST_LINES))
    told.append((f"SHA-256 of the source {crop.source_sha256}", 9))  # of use only whole
    return [line for text, most in told for line in PLAIN.within(text, room, most)]
