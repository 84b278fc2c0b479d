"""An explanation in one picture: both crops with their stripes, the score's place, who is near."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from reidsearch.domain.crops import Pixels
from reidsearch.domain.explanation import Explanation, Neighbour
from reidsearch.domain.scores import Values
from reidsearch.output.calibration_picture import Axes, coarse
from reidsearch.output.cards import camera_text, file_name, time_text
from reidsearch.output.drawing import MARGIN_PX, PAPER, Drawing, fitted
from reidsearch.output.explanation import LIMITS, known, sentences
from reidsearch.output.imprint import Imprint
from reidsearch.output.lettering import Lettering

GRID, AXIS, HERE = "#e5e7eb", "#9ca3af", "#111827"
FOR, AGAINST = (220, 38, 38), (37, 99, 235)
MEANINGS = (
    (FOR, "red: masking this stripe lowers the score, so it speaks for the match"),
    (AGAINST, "blue: masking this stripe raises the score, so it speaks against it"),
)
SAME, DIFFERENT, SEEN = "#2563eb", "#ea580c", "#6b7280"
HEADING, TITLE = Lettering(18, "#111827"), Lettering(14, "#111827")
PLAIN, FAINT = Lettering(13, "#374151"), Lettering(12, "#6b7280")
CROP_PX, FALLS_PX, TEXT_PX, BESIDE_PX = (200, 400), 70, 560, 24
THUMB_PX, THUMB_STEP_PX = (64, 128), 218
LEFT_PX = 2 * (CROP_PX[0] + FALLS_PX)
WIDTH_PX = 2 * MARGIN_PX + LEFT_PX + BESIDE_PX + TEXT_PX
STRIP_PX = 130


def explanation_picture(
    told: Explanation,
    picture_of: Callable[[int], Pixels],
    imprint: Imprint,
    *,
    name: str = "",
) -> Drawing:
    """Draw it.

    Args:
        picture_of: the picture of a crop id, (h, w, 3) uint8 BGR.
        name: of the query picture; empty: it has none.
    """
    title = f"Why crop {told.match.crop_id} scores {told.score:.3f}"
    sheet = Drawing(title, imprint, WIDTH_PX)
    sheet.line_of_text(HEADING, MARGIN_PX, MARGIN_PX, title)
    top = MARGIN_PX + HEADING.line_px + 10
    match = told.match
    names = f"query: {name or told.query}", f"match: crop {match.crop_id}"
    facts = "", f"{camera_text(match)}, {time_text(match)}, {file_name(match)}"
    crops = _crops(sheet, told, names, facts, top)
    y = sheet.paragraph(FAINT, MARGIN_PX, crops, f"{AMOUNTS}:", LEFT_PX) + 2
    for colour, meaning in MEANINGS:
        sheet.rectangle((MARGIN_PX, y + 3, MARGIN_PX + 11, y + 14), _hex(colour))
        y = sheet.paragraph(FAINT, MARGIN_PX + 18, y, meaning, LEFT_PX - 18) + 2
    y = sheet.paragraph(PLAIN, MARGIN_PX, y + 6, LIMITS, LEFT_PX)

    left = MARGIN_PX + LEFT_PX + BESIDE_PX
    beside: float = top
    for sentence in sentences(told):
        beside = sheet.paragraph(PLAIN, left, beside, sentence, TEXT_PX) + 6
    beside = _strip(sheet, told, left, beside + 8)

    near_top = round(max(y, beside)) + 16
    sheet.breaks.append(near_top - 8)
    for whose, others in (("query", told.near_query), ("match", told.near_match)):
        sheet.line_of_text(TITLE, MARGIN_PX, near_top, f"Nearest others to the {whose}")
        near_top += TITLE.line_px + 4
        near_top = _others(sheet, others, near_top, picture_of) + 16
    return sheet.sign()


AMOUNTS = "Beside each stripe: by how much the score falls when it is masked"


def _crops(
    sheet: Drawing, told: Explanation, names: tuple[str, str], facts: tuple[str, str], top: int
) -> float:
    """Both pictures, at their aspect, with what each stripe is worth. Returns where they end."""
    room = CROP_PX[0] + FALLS_PX - 12
    heads = [
        [*TITLE.within(name, room, 2), *(FAINT.within(fact, room, 3) if fact else [])]
        for name, fact in zip(names, facts, strict=True)
    ]
    begin = top + max(map(len, heads)) * TITLE.line_px + 6
    most = max(max(abs(one.query_fall), abs(one.match_fall)) for one in told.stripes)
    end: float = begin
    for number, (picture, falls) in enumerate(
        (
            (told.query_picture, [one.query_fall for one in told.stripes]),
            (told.match_picture, [one.match_fall for one in told.stripes]),
        )
    ):
        left = MARGIN_PX + number * (CROP_PX[0] + FALLS_PX)
        y: float = top
        y = sheet.paragraph(TITLE, left, y, names[number], room, most=2)
        if facts[number]:
            sheet.paragraph(FAINT, left, y, facts[number], room, most=3)
        size = fitted((picture.shape[1], picture.shape[0]), CROP_PX)
        heated = heat(picture, falls, most or 1.0)
        sheet.picture(lambda heated=heated: heated, (left, begin, *size))  # type: ignore[misc]
        end = max(end, begin + size[1], _falls(sheet, falls, left, begin, size))
    return end + 10


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


def _falls(
    sheet: Drawing, falls: Sequence[float], left: int, top: int, size: tuple[int, int]
) -> float:
    """What each stripe is worth, beside it; of a flat picture further apart than its stripes."""
    stripe = size[1] / len(falls)
    step = max(stripe, PLAIN.line_px)
    edge, x = left + size[0], left + CROP_PX[0] + 14
    for number, fall in enumerate(falls):
        middle, beside = top + (number + 0.5) * stripe, top + (number + 0.5) * step
        sheet.line([(edge + 1, middle), (x - 4, beside)], GRID)
        sheet.line_of_text(PLAIN, x, beside - PLAIN.line_px / 2, f"{fall:+.3f}")
    return top + len(falls) * step


def _strip(sheet: Drawing, told: Explanation, left: int, y: float) -> float:
    """Where the score lies among those of pairs whose truth is known. Returns where it ends."""
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
    across, right = float(left), left + TEXT_PX
    for name, colour, _, _ in curves:
        wide = 15 + FAINT.width(name)
        if across > left and across + wide > right:
            across, y = float(left), y + FAINT.line_px + 2
        sheet.rectangle((across, y + 3, across + 10, y + 13), colour)
        sheet.line_of_text(FAINT, across + 15, y, name)
        across += wide + 20
    if not curves:
        sheet.line_of_text(FAINT, left, y, "no known pairs to compare with")
    top = round(y) + FAINT.line_px + 6
    bottom = top + STRIP_PX
    axes = Axes((left, top, right, bottom), (-0.4, 1.0), (0.0, 1.0))
    for tick in np.arange(-0.4, 1.01, 0.2):
        x, _ = axes.at(float(tick), 0.0)
        sheet.line([(x, top), (x, bottom)], GRID)
        text = f"{tick:.1f}".replace("-0.0", "0.0")
        sheet.line_of_text(FAINT, x, bottom + 4, text, align="middle")
    sheet.line([(left, bottom), (right, bottom)], AXIS)
    for _, colour, middles, heights in curves:
        raised = heights / heights.max() * 0.95
        sheet.line(axes.line(middles.tolist(), raised.tolist()), colour, 2)
    x, _ = axes.at(told.score, 0.0)
    sheet.line([(x, top), (x, bottom)], HERE, 2)
    text = f"this score: {told.score:.3f}"
    wide = FAINT.width(text) + 8
    begin = x + 3 if x + 3 + wide <= right else x - 3 - wide
    sheet.rectangle((begin, top + 2, begin + wide, top + 2 + FAINT.line_px), PAPER)
    sheet.line_of_text(FAINT, begin + 4, top + 2, text)
    y = bottom + 4 + FAINT.line_px
    sheet.line_of_text(
        FAINT, right, y, "score; each curve scaled to its own maximum", align="right"
    )
    return y + FAINT.line_px


def _others(
    sheet: Drawing,
    others: Sequence[Neighbour],
    top: int,
    picture_of: Callable[[int], Pixels],
) -> int:
    """Thumbnails with who they are. Returns where they end."""
    if not others:
        sheet.line_of_text(FAINT, MARGIN_PX, top, "no other person is stored")
        return top + FAINT.line_px
    room = THUMB_STEP_PX - THUMB_PX[0] - 18
    for number, other in enumerate(others):
        left, crop = MARGIN_PX + number * THUMB_STEP_PX, other.crop
        crop_id = crop.crop_id
        sheet.picture(lambda crop_id=crop_id: picture_of(crop_id), (left, top, *THUMB_PX))  # type: ignore[misc]
        x = left + THUMB_PX[0] + 8
        sheet.line_of_text(PLAIN, x, top, f"{other.score:.3f}", room_px=room)
        y: float = top + PLAIN.line_px
        for text, most in (
            (f"crop {crop_id}", 1),
            (camera_text(crop), 2),
            (f"another person: {known(other)}", 4),
        ):
            y = sheet.paragraph(FAINT, x, y, text, room, most=most)
    return top + THUMB_PX[1]


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
