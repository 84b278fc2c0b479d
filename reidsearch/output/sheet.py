"""The contact sheet: query, statement and matches in one picture that can stand alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reidsearch.domain.answers import Answer, Match
from reidsearch.domain.crops import Pixels
from reidsearch.output.cards import answer_title, card_fields, rank_text
from reidsearch.output.drawing import MARGIN_PX, Drawing
from reidsearch.output.imprint import Imprint
from reidsearch.output.lettering import Lettering
from reidsearch.output.purity import matches_purity
from reidsearch.output.statement import gist, no_match
from reidsearch.output.visible import count

PAPER, CARD, LINE = "#f3f4f6", "#ffffff", "#d3d7de"
RIGHT, WRONG = "#15803d", "#dc2626"
HEADING = Lettering(18, "#111827")
STRONG = Lettering(14, "#111827")
PLAIN = Lettering(13, "#374151")
FAINT = Lettering(12, "#6b7280")
LETTERS = {"camera": PLAIN, "time": PLAIN, "crop": PLAIN}

PANEL_PX = 272
CROP_PX, SMALL_PX = (196, 256), (172, 150)
MANY = 100  # matches; from there on crops are drawn small
PAD_PX = 10
GAP_PX = 12
BETWEEN_PX = 6
MOST_QUERIES, MOST_CARDS = 6, 1000
EMPTY_PX = 560


@dataclass(frozen=True, slots=True)
class _Rows:
    """The cards' text: every field has its rows, the same on all cards, so that none meets another.

    Args:
        lines: for each match, for each field its lines.
        most: for each field, how many lines it takes on the card that has the most of it.
        names: of the fields.
    """

    lines: list[list[list[str]]]
    most: list[int]
    names: list[str]

    @property
    def height_px(self) -> int:
        """Of all rows."""
        return sum(
            most * _letters(name).line_px for name, most in zip(self.names, self.most, strict=True)
        )


def contact_sheet(
    answer: Answer,
    query_pictures: Sequence[Pixels],
    picture_of: Callable[[int], Pixels],
    imprint: Imprint,
    *,
    names: Sequence[str] = (),
    truth: Callable[[Match], bool] | None = None,
) -> Drawing:
    """An answer as a picture.

    On top who was searched for, in which archive, when and by which command; on the left the query
    and the statement; on the right the matches in order of rank, a card each. Pictures keep their
    aspect. Of more than 1 000 matches the first are shown, and the sheet says so.

    Args:
        query_pictures: what was searched for, each (h, w, 3) uint8 BGR; six are shown.
        picture_of: the picture of a crop id, (h, w, 3) uint8 BGR; read when the sheet is drawn.
        names: of the query pictures; empty where one has none.
        truth: whether a match shows the right person, where that is known; framed in green with a
            tick or in red with a cross.
    """
    matches = answer.matches[:MOST_CARDS]
    crop_px = CROP_PX if len(matches) <= MANY else SMALL_PX
    rows = _rows(answer, matches, crop_px[0])
    card_px = (crop_px[0] + 2 * PAD_PX, crop_px[1] + 3 * PAD_PX + STRONG.line_px + rows.height_px)
    columns = _columns(len(matches))
    cards_width = columns * (card_px[0] + GAP_PX) - GAP_PX if matches else EMPTY_PX
    title = answer_title(answer, names)
    sheet = Drawing(title, imprint, max(760, 3 * MARGIN_PX + PANEL_PX + cards_width), paper=PAPER)
    top = _header(sheet, title)
    shown = list(zip(query_pictures, names or [""] * len(query_pictures), strict=True))
    panel_end = _panel(sheet, top, answer, shown, legend=truth is not None)
    left = 2 * MARGIN_PX + PANEL_PX
    for index, match in enumerate(matches):
        row, column = divmod(index, columns)
        at = left + column * (card_px[0] + GAP_PX), top + row * (card_px[1] + GAP_PX)
        right = None if truth is None else truth(match)
        _card(sheet, at, card_px, crop_px, match, rows, index, picture_of, right)
        if column == 0 and at[1] >= panel_end:
            sheet.breaks.append(at[1] - GAP_PX // 2)
    if not matches:
        sheet.paragraph(HEADING, left, top, no_match(answer), EMPTY_PX)
    sheet.height_px += MARGIN_PX // 2
    return sheet.sign()


def _columns(matches: int) -> int:
    """As many that a reader scrolls in one direction."""
    return max(1, min(matches, 5 if matches <= 15 else 8 if matches <= MANY else 14))


def _rows(answer: Answer, matches: Sequence[Match], room_px: int) -> _Rows:
    told = [card_fields(match, answer.statement.filters) for match in matches]
    lines = [
        [
            _letters(field.name).within(field.text, room_px, field.lines) if field.text else []
            for field in fields
        ]
        for fields in told
    ]
    most = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return _Rows(lines, most, [field.name for field in told[0]] if told else [])


def _letters(name: str) -> Lettering:
    return LETTERS.get(name, FAINT)


def _header(sheet: Drawing, title: str) -> int:
    """Who was searched for, where, when and how."""
    room, imprint = sheet.width_px - 2 * MARGIN_PX, sheet.imprint
    y = sheet.paragraph(HEADING, MARGIN_PX, MARGIN_PX, title, room, most=2)
    y = sheet.paragraph(PLAIN, MARGIN_PX, y + 2, f"{imprint.made}; {imprint.source}", room, most=2)
    if imprint.command:
        y = sheet.paragraph(PLAIN, MARGIN_PX, y, imprint.command, room, most=1)
    return round(y) + GAP_PX


def _panel(
    sheet: Drawing,
    top: int,
    answer: Answer,
    pictures: Sequence[tuple[Pixels, str]],
    legend: bool,
) -> float:
    """The query pictures, what the frames mean, and the statement. Returns where it ends."""
    shown = pictures[:MOST_QUERIES]
    side_by_side = 1 if len(shown) == 1 else 2 if len(shown) <= 4 else 3
    width = (PANEL_PX - (side_by_side - 1) * GAP_PX) // side_by_side
    box = (width, min(2 * width, 320))
    y: float = top
    if len(pictures) > len(shown):
        told = f"{len(shown)} of {len(pictures)} query pictures"
        sheet.line_of_text(FAINT, MARGIN_PX, y, told)
        y += FAINT.line_px + BETWEEN_PX
    step = box[1] + FAINT.line_px + GAP_PX
    for index, (picture, name) in enumerate(shown):
        row, column = divmod(index, side_by_side)
        left, above = MARGIN_PX + column * (width + GAP_PX), round(y) + row * step
        sheet.picture(lambda picture=picture: picture, (left, above, *box))  # type: ignore[misc]
        sheet.line_of_text(
            FAINT,
            left + width / 2,
            above + box[1] + 2,
            name or f"query picture {index + 1}",
            room_px=width,
            align="middle",
        )
    y += -(-len(shown) // side_by_side) * step
    if legend:
        for right, meaning in (
            (True, "the same person (known)"),
            (False, "another person (known)"),
        ):
            mark(sheet, right, MARGIN_PX + 8, y + FAINT.line_px / 2)
            sheet.line_of_text(FAINT, MARGIN_PX + 24, y, meaning)
            y += FAINT.line_px + 2
        y += GAP_PX
    for sentence in _sentences(answer):
        y = sheet.paragraph(PLAIN, MARGIN_PX, y, sentence, PANEL_PX) + BETWEEN_PX
    return y


def _sentences(answer: Answer) -> list[str]:
    """What the statement says, and before it what the sheet lacks."""
    found = answer.matches
    only_liked = bool(found) and all(match.liked for match in found)
    cut = (
        f"The first {MOST_CARDS:,} of {count(len(found), 'match', 'matches')} are shown."
        if len(found) > MOST_CARDS
        else ""
    )
    return [
        *([cut] if cut else []),
        *([no_match(answer)] if only_liked else []),
        *matches_purity(found[:MOST_CARDS]),
        *gist(answer.statement),
    ]


def _card(
    sheet: Drawing,
    at: tuple[int, int],
    card_px: tuple[int, int],
    crop_px: tuple[int, int],
    match: Match,
    rows: _Rows,
    index: int,
    picture_of: Callable[[int], Pixels],
    right: bool | None,
) -> None:
    """One match: its picture, then rank and score, then its fields."""
    left, top = at
    frame = LINE if right is None else RIGHT if right else WRONG
    box = (left, top, left + card_px[0] - 1, top + card_px[1] - 1)
    sheet.rectangle(box, CARD, frame, 1 if right is None else 4)
    crop_id = match.crop.crop_id
    sheet.picture(lambda: picture_of(crop_id), (left + PAD_PX, top + PAD_PX, *crop_px))
    if right is not None:
        mark(sheet, right, left + card_px[0] - 18, top + 18)
    x, y = left + PAD_PX, top + crop_px[1] + 2 * PAD_PX
    score = sheet.line_of_text(
        STRONG, left + card_px[0] - PAD_PX, y, f"{match.score:.3f}", align="right"
    )
    room = score.x - x - GAP_PX
    sheet.line_of_text(STRONG, x, y, rank_text(match), room_px=room)
    y += STRONG.line_px
    for name, most, lines in zip(rows.names, rows.most, rows.lines[index], strict=True):
        lettering = _letters(name)
        sheet.lines_of_text(lettering, x, y, lines)
        y += most * lettering.line_px


def mark(sheet: Drawing, right: bool, x: float, y: float, radius: float = 7) -> None:
    """A tick or a cross in a disc: colour alone is not seen by everyone."""
    sheet.disc(x, y, radius, RIGHT if right else WRONG)
    strokes = (
        [((-3, 0), (-1, 3)), ((-1, 3), (4, -3))]
        if right
        else [((-3, -3), (3, 3)), ((-3, 3), (3, -3))]
    )
    for (x1, y1), (x2, y2) in strokes:
        sheet.line([(x + x1, y + y1), (x + x2, y + y2)], "#ffffff", 2)
