"""The contact sheet: query, statement and matches in one picture that can stand alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw

from reidsearch.domain.answers import Answer, Match
from reidsearch.domain.crops import Pixels
from reidsearch.output.lettering import Lettering
from reidsearch.output.readings import chance
from reidsearch.output.statement import decided_text, gist, no_match
from reidsearch.output.times import local

PAPER, CARD, LINE = "#f3f4f6", "#ffffff", "#d3d7de"
RIGHT, WRONG = "#15803d", "#dc2626"
HEADING = Lettering(18, "#111827")
SCORE = Lettering(17, "#111827")
PLAIN = Lettering(13, "#374151")
FAINT = Lettering(12, "#6b7280")

MARGIN_PX = 20
PANEL_PX = 272
CROP_PX = (152, 256)
PAD_PX = 10
GAP_PX = 12
BETWEEN_PX = 6
CARD_PX = (
    CROP_PX[0] + 2 * PAD_PX,
    CROP_PX[1] + 3 * PAD_PX + SCORE.line_px + 2 * PLAIN.line_px + FAINT.line_px,
)
MOST_QUERIES = 6
EMPTY_PX = 560


def contact_sheet(
    answer: Answer,
    query_pictures: Sequence[Pixels],
    picture_of: Callable[[int], Pixels],
    truth: Callable[[Match], bool] | None = None,
) -> Image.Image:
    """An answer as a picture.

    On the left the query and the statement, on the right the matches in order of rank with score,
    camera, time and location. Pictures keep their aspect.

    Args:
        query_pictures: what was searched for, each (h, w, 3) uint8 BGR; six are shown.
        picture_of: the picture of a crop id, (h, w, 3) uint8 BGR.
        truth: whether a match shows the right person, where that is known; framed in green with a
            tick or in red with a cross.
    """
    columns = _columns(len(answer.matches))
    rows = -(-len(answer.matches) // columns)
    cards_width = columns * (CARD_PX[0] + GAP_PX) - GAP_PX if answer.matches else EMPTY_PX
    cards_height = rows * (CARD_PX[1] + GAP_PX) - GAP_PX
    panel = _panel(answer, query_pictures, legend=truth is not None)
    sheet = Image.new(
        "RGB",
        (
            3 * MARGIN_PX + PANEL_PX + cards_width,
            2 * MARGIN_PX + max(panel.height, cards_height),
        ),
        PAPER,
    )
    sheet.paste(panel, (MARGIN_PX, MARGIN_PX))
    left = 2 * MARGIN_PX + PANEL_PX
    for index, match in enumerate(answer.matches):
        row, column = divmod(index, columns)
        card = _card(match, picture_of(match.crop.crop_id), truth and truth(match))
        sheet.paste(
            card,
            (left + column * (CARD_PX[0] + GAP_PX), MARGIN_PX + row * (CARD_PX[1] + GAP_PX)),
        )
    if not answer.matches:
        lines = HEADING.wrap(no_match(answer), EMPTY_PX)
        _write(ImageDraw.Draw(sheet), HEADING, lines, left, MARGIN_PX)
    return sheet


def _columns(matches: int) -> int:
    """As many that the sheet stays about as wide as high: a reader scrolls in one direction."""
    return max(1, min(matches, 5 if matches <= 15 else 8 if matches <= 32 else 10))


def _panel(answer: Answer, pictures: Sequence[Pixels], legend: bool) -> Image.Image:
    """The query pictures, what the frames mean, and the statement."""
    shown = pictures[:MOST_QUERIES]
    side_by_side = 1 if len(shown) == 1 else 2 if len(shown) <= 4 else 3
    width = (PANEL_PX - (side_by_side - 1) * GAP_PX) // side_by_side
    box = (min(width, 160), min(2 * width, 320))
    rows = -(-len(shown) // side_by_side)
    more = f" ({len(shown)} of {len(pictures)} pictures)" if len(pictures) > len(shown) else ""
    only_liked = answer.matches and all(match.liked for match in answer.matches)
    sentences = [*([no_match(answer)] if only_liked else []), *gist(answer.statement)]
    told = [PLAIN.wrap(sentence, PANEL_PX) for sentence in sentences]
    told_px = sum(len(lines) * PLAIN.line_px + BETWEEN_PX for lines in told)

    legend_px = 2 * FAINT.line_px + GAP_PX if legend else 0
    pictures_px = rows * (box[1] + GAP_PX)
    height = HEADING.line_px + GAP_PX + pictures_px + legend_px + told_px
    panel = Image.new("RGB", (PANEL_PX, height), PAPER)
    canvas = ImageDraw.Draw(panel)
    HEADING.draw(canvas, 0, 0, f"Query{more}")
    top = HEADING.line_px + GAP_PX
    for index, picture in enumerate(shown):
        row, column = divmod(index, side_by_side)
        at = (column * (width + GAP_PX), top + row * (box[1] + GAP_PX))
        place(panel, picture, at, box)
    top += pictures_px
    if legend:
        for right, meaning in (
            (True, "the same person (known)"),
            (False, "another person (known)"),
        ):
            mark(canvas, right, 8, top + FAINT.line_px / 2)
            FAINT.draw(canvas, 24, top, meaning)
            top += FAINT.line_px
        top += GAP_PX
    for lines in told:
        _write(canvas, PLAIN, lines, 0, top)
        top += len(lines) * PLAIN.line_px + BETWEEN_PX
    return panel


def _card(match: Match, picture: Pixels, right: bool | None) -> Image.Image:
    """One match: its picture, then rank, crop id and score, camera and probability or
    `liked`, time, and what was decided of it, or its location."""
    card = Image.new("RGB", CARD_PX, CARD)
    canvas = ImageDraw.Draw(card)
    place(card, picture, (PAD_PX, PAD_PX), CROP_PX)
    frame = LINE if right is None else RIGHT if right else WRONG
    canvas.rectangle(
        (0, 0, CARD_PX[0] - 1, CARD_PX[1] - 1), outline=frame, width=1 if right is None else 4
    )
    if right is not None:
        mark(canvas, right, CARD_PX[0] - 18, 18)
    facts, top = match.crop.facts, CROP_PX[1] + 2 * PAD_PX
    rank = str(match.rank)
    if match.rank_before not in (None, match.rank):
        rank += f" (was {match.rank_before})"
    FAINT.draw(canvas, PAD_PX, top + 4, f"{rank}  crop {match.crop.crop_id}")
    score = f"{match.score:.3f}"
    SCORE.draw(canvas, CARD_PX[0] - PAD_PX - SCORE.width(score), top, score)
    top += SCORE.line_px
    camera = "camera unknown" if facts.camera is None else facts.camera
    time = "time unknown" if facts.time is None else local(facts.time.replace(microsecond=0))
    last = decided_text(match) or match.crop.place
    told = chance(match.reading.probability) if match.reading else "liked" if match.liked else ""
    PLAIN.draw(canvas, CARD_PX[0] - PAD_PX - PLAIN.width(told), top, told)
    room_px = CROP_PX[0] - round(PLAIN.width(f"{told}  ")) if told else CROP_PX[0]
    for lettering, text, width_px in (
        (PLAIN, camera, room_px),
        (PLAIN, time, CROP_PX[0]),
        (FAINT, last, CROP_PX[0]),
    ):
        lettering.draw(canvas, PAD_PX, top, lettering.fit(text, width_px))
        top += lettering.line_px
    return card


def place(sheet: Image.Image, picture: Pixels, at: tuple[int, int], box: tuple[int, int]) -> None:
    """Scale a picture to fit into a box, keeping its aspect, and paste it in the box's middle."""
    height, width = picture.shape[:2]
    scale = min(box[0] / width, box[1] / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    scaled = Image.fromarray(picture[..., ::-1].copy()).resize(size, Image.Resampling.LANCZOS)
    sheet.paste(scaled, (at[0] + (box[0] - size[0]) // 2, at[1] + (box[1] - size[1]) // 2))


def mark(canvas: ImageDraw.ImageDraw, right: bool, x: float, y: float, radius: float = 7) -> None:
    """A tick or a cross in a disc: colour alone is not seen by everyone."""
    canvas.ellipse((x - radius, y - radius, x + radius, y + radius), RIGHT if right else WRONG)
    strokes = (
        [((-3, 0), (-1, 3)), ((-1, 3), (4, -3))]
        if right
        else [((-3, -3), (3, 3)), ((-3, 3), (3, -3))]
    )
    for (x1, y1), (x2, y2) in strokes:
        canvas.line((x + x1, y + y1, x + x2, y + y2), "#ffffff", 2)


def _write(
    canvas: ImageDraw.ImageDraw, lettering: Lettering, lines: Sequence[str], x: int, y: int
) -> None:
    for index, line in enumerate(lines):
        lettering.draw(canvas, x, y + index * lettering.line_px, line)
