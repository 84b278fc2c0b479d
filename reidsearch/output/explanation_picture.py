"""An explanation in one picture: both crops with their stripes, the score's place, who is near."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from reidsearch.domain.crops import Pixels
from reidsearch.domain.explanation import Explanation, Neighbour
from reidsearch.domain.scores import Values
from reidsearch.output.calibration_picture import Axes, coarse
from reidsearch.output.explanation import LIMITS, known, sentences
from reidsearch.output.lettering import Lettering

PAPER, GRID, AXIS, HERE = "#ffffff", "#e5e7eb", "#9ca3af", "#111827"
FOR, AGAINST = (220, 38, 38), (37, 99, 235)
SAME, DIFFERENT, SEEN = "#2563eb", "#ea580c", "#6b7280"
HEADING, TITLE = Lettering(18, "#111827"), Lettering(14, "#111827")
PLAIN, FAINT = Lettering(13, "#374151"), Lettering(12, "#6b7280")
MARGIN_PX, CROP_PX, FALLS_PX, TEXT_PX = 24, (200, 400), 62, 560
THUMB_PX, THUMB_STEP_PX = (64, 128), 218
WIDTH_PX = 2 * MARGIN_PX + 2 * (CROP_PX[0] + FALLS_PX) + 24 + TEXT_PX
STRIP_PX = 130


def explanation_picture(told: Explanation, picture_of: Callable[[int], Pixels]) -> Image.Image:
    """Draw it.

    Args:
        picture_of: the picture of a crop id, (h, w, 3) uint8 BGR.
    """
    top = MARGIN_PX + HEADING.line_px + 10
    crops_top = top + TITLE.line_px + 4
    notes = PLAIN.wrap(LIMITS, 2 * (CROP_PX[0] + FALLS_PX))
    notes_top = crops_top + CROP_PX[1] + 12
    near_top = notes_top + len(notes) * PLAIN.line_px + 20
    height = near_top + 2 * (THUMB_PX[1] + TITLE.line_px + 22) + MARGIN_PX
    sheet = Image.new("RGB", (WIDTH_PX, height), PAPER)
    canvas = ImageDraw.Draw(sheet)
    HEADING.draw(
        canvas, MARGIN_PX, MARGIN_PX, f"Why crop {told.match.crop_id} scores {told.score:.3f}"
    )
    most = max(max(abs(one.query_fall), abs(one.match_fall)) for one in told.stripes)
    for number, (name, picture, falls) in enumerate(
        (
            ("query", told.query_picture, [one.query_fall for one in told.stripes]),
            ("match", told.match_picture, [one.match_fall for one in told.stripes]),
        )
    ):
        left = MARGIN_PX + number * (CROP_PX[0] + FALLS_PX)
        TITLE.draw(canvas, left, top, name)
        heated = heat(picture, falls, most or 1.0).resize(CROP_PX, Image.Resampling.LANCZOS)
        sheet.paste(heated, (left, crops_top))
        _falls(canvas, falls, left + CROP_PX[0] + 6, crops_top)
    for number, line in enumerate(notes):
        PLAIN.draw(canvas, MARGIN_PX, notes_top + number * PLAIN.line_px, line)
    left = WIDTH_PX - MARGIN_PX - TEXT_PX
    y = crops_top
    for sentence in sentences(told):
        for line in PLAIN.wrap(sentence, TEXT_PX):
            PLAIN.draw(canvas, left, y, line)
            y += PLAIN.line_px
        y += 6
    _strip(canvas, told, (left, max(y + 24, crops_top + CROP_PX[1] - STRIP_PX - 20)))
    for name, others in (("query", told.near_query), ("match", told.near_match)):
        TITLE.draw(canvas, MARGIN_PX, near_top, f"Nearest others to the {name}")
        _others(sheet, canvas, others, near_top + TITLE.line_px + 4, picture_of)
        near_top += THUMB_PX[1] + TITLE.line_px + 22
    return sheet


def heat(picture: Pixels, falls: Sequence[float], most: float) -> Image.Image:
    """A picture with its stripes tinted: red where masking costs, blue where it gains."""
    height = len(picture)
    edges = [round(at * height / len(falls)) for at in range(len(falls) + 1)]
    tinted = picture[..., ::-1].astype(np.float32)
    for first, last, fall in zip(edges[:-1], edges[1:], falls, strict=True):
        share = 0.5 * min(abs(fall) / most, 1.0)
        colour = np.array(FOR if fall > 0 else AGAINST, np.float32)
        tinted[first:last] = (1 - share) * tinted[first:last] + share * colour
    return Image.fromarray(tinted.round().astype(np.uint8))


def _falls(canvas: ImageDraw.ImageDraw, falls: Sequence[float], left: int, top: int) -> None:
    step = CROP_PX[1] / len(falls)
    for number, fall in enumerate(falls):
        y = top + number * step
        canvas.line((left - 6, y, left + 44, y), GRID)
        PLAIN.draw(canvas, left, y + step / 2 - PLAIN.line_px / 2, f"{fall:+.3f}")


def _strip(canvas: ImageDraw.ImageDraw, told: Explanation, at: tuple[int, int]) -> None:
    """Where the score lies among those of pairs whose truth is known."""
    curves: list[tuple[str, str, Values, Values]] = []
    if told.calibration is not None:
        at_score, same, different = coarse(told.calibration, 16)
        curves += [
            ("same person (calibration)", SAME, at_score, same),
            ("different people (calibration)", DIFFERENT, at_score, different),
        ]
    if told.observed:
        scores = np.concatenate([one.scores for one in told.observed])
        counts, edges = np.histogram(scores, 50, (-1.0, 1.0))
        shares = counts / max(len(scores), 1)
        curves.append(
            ("different people (this archive)", SEEN, (edges[:-1] + edges[1:]) / 2, shares)
        )
    left, top = at
    axes = Axes((left, top, left + TEXT_PX, top + STRIP_PX), (-0.4, 1.0), (0.0, 1.0))
    for tick in np.arange(-0.4, 1.01, 0.2):
        x, _ = axes.at(float(tick), 0.0)
        canvas.line((x, top, x, top + STRIP_PX), GRID)
        text = f"{tick:.1f}".replace("-0.0", "0.0")
        FAINT.draw(canvas, x - FAINT.width(text) / 2, top + STRIP_PX + 4, text)
    canvas.line((left, top + STRIP_PX, left + TEXT_PX, top + STRIP_PX), AXIS)
    across = float(left)
    for name, colour, middles, heights in curves:
        raised = heights / heights.max() * 0.95
        canvas.line(axes.line(middles.tolist(), raised.tolist()), colour, 2)
        canvas.rectangle((across, top - 18, across + 10, top - 8), colour)
        FAINT.draw(canvas, across + 15, top - 21, name)
        across += 35 + FAINT.width(name)
    if not curves:
        FAINT.draw(canvas, left, top - 21, "no known pairs to compare with")
    x, _ = axes.at(told.score, 0.0)
    canvas.line((x, top, x, top + STRIP_PX), HERE, 2)
    text = f"{told.score:.3f}"
    canvas.rectangle((x + 3, top + 2, x + 7 + FAINT.width(text), top + 2 + FAINT.line_px), PAPER)
    FAINT.draw(canvas, x + 5, top + 2, text)


def _others(
    sheet: Image.Image,
    canvas: ImageDraw.ImageDraw,
    others: Sequence[Neighbour],
    top: int,
    picture_of: Callable[[int], Pixels],
) -> None:
    for number, other in enumerate(others):
        left = MARGIN_PX + number * THUMB_STEP_PX
        picture = Image.fromarray(picture_of(other.crop.crop_id)[..., ::-1].copy())
        picture.thumbnail(THUMB_PX, Image.Resampling.LANCZOS)
        sheet.paste(picture, (left, top))
        facts = other.crop.facts
        lines = [
            f"{other.score:.3f}  crop {other.crop.crop_id}",
            facts.camera or "camera unknown",
            *FAINT.wrap(f"another person: {known(other)}", THUMB_STEP_PX - THUMB_PX[0] - 18)[:4],
        ]
        for place, line in enumerate(lines):
            lettering = PLAIN if place == 0 else FAINT
            text = lettering.fit(line, THUMB_STEP_PX - THUMB_PX[0] - 18)
            lettering.draw(canvas, left + THUMB_PX[0] + 8, top + place * PLAIN.line_px, text)
    if not others:
        FAINT.draw(canvas, MARGIN_PX, top, "no other person is stored")
