"""The contact sheet: whom a list shows, with its statement, in pictures that can stand alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reidsearch.domain.crops import Pixels
from reidsearch.output.drawing import MARGIN_PX, Drawing
from reidsearch.output.imprint import Imprint
from reidsearch.output.lettering import Lettering
from reidsearch.output.picture_file import PAGE
from reidsearch.output.shown import Card, Group, QueryShown, Shown
from reidsearch.output.visible import count

PAPER, CARD, LINE = "#f3f4f6", "#ffffff", "#d3d7de"
RIGHT, WRONG = "#15803d", "#dc2626"
HEADING = Lettering(18, "#111827")
GROUP = Lettering(16, "#111827")
STRONG = Lettering(14, "#111827")
PLAIN = Lettering(13, "#374151")
FAINT = Lettering(12, "#6b7280")
LETTERS = {"camera": PLAIN, "time": PLAIN, "crop": PLAIN, "name": STRONG}
ON_PAGES_ONLY = frozenset({"utc"})
"""Fields for which a drawn card has no room."""

PANEL_PX = 272
CROP_PX = (196, 256)
PAD_PX = 10
GAP_PX = 12
BETWEEN_PX = 6
CARD_PX = CROP_PX[0] + 2 * PAD_PX
MOST_QUERIES = 6
PAGE_ROWS, MOST_CARDS = 13, 1000
"""Rows of one picture, and cards of all pictures of a list: what viewers open without a warning."""
HEAD_PX, FOOT_PX, GROUP_PX = 110, 120, 50
"""Most that head and foot of a page, and the heading of a group, usually take."""
EMPTY_PX = 560


@dataclass(frozen=True, slots=True)
class _Area:
    """Where cards stand on one page.

    Args:
        left: of the first column.
        clear: from where on nothing stands beside the cards, so that a page may be cut.
    """

    left: int
    columns: int
    clear: float

    @property
    def room_px(self) -> int:
        """Width of a row."""
        return max(EMPTY_PX, self.columns * (CARD_PX + GAP_PX) - GAP_PX)


def contact_sheets(
    shown: Shown,
    picture_of: Callable[[int], Pixels],
    imprint: Imprint,
    *,
    printed: bool = False,
) -> list[Drawing]:
    """A list of people as pictures, one for every thirteen rows of cards.

    On top what it shows, of which archive, when and by which command; on the left of the first
    the query and what is to be known; then the cards, group by group. Pictures keep their aspect.
    Of more than 1 000 cards the first are shown, and the sheet says so.

    Args:
        picture_of: the picture of a crop id, (h, w, 3) uint8 BGR; read when the sheet is drawn.
        printed: pages as high as printed ones, where the statement of the first leaves room.
    """
    cards = min(len(shown.cards), MOST_CARDS)
    widest = max((len(group.cards) for group in shown.groups), default=0)
    columns = _whole(max(1, min(widest, 5 if cards <= 15 else 8)), shown.together)
    cards_width = columns * (CARD_PX + GAP_PX) - GAP_PX if cards else EMPTY_PX
    width = max(760, 3 * MARGIN_PX + PANEL_PX + cards_width)
    rows = _printed_rows(shown, columns, width) if printed else PAGE_ROWS
    pages = list(_pages(shown.groups, columns, rows))
    if len(shown.cards) > cards:
        cut = f"The first {cards:,} of {count(len(shown.cards), 'card')} are shown."
        shown = replace(shown, gist=(cut, *shown.panel))
    drawn = []
    for number, groups in enumerate(pages, start=1):
        of = f", page {number} of {len(pages)}" if len(pages) > 1 else ""
        sheet = Drawing(f"{shown.title}{of}", imprint, width, paper=PAPER)
        y = top = _header(sheet, shown.title, of)
        if number == 1:
            clear = _panel(sheet, top, shown, picture_of)
            area = _Area(2 * MARGIN_PX + PANEL_PX, columns, clear)
        else:
            fitting = (width - 2 * MARGIN_PX + GAP_PX) // (CARD_PX + GAP_PX)
            area = _Area(MARGIN_PX, _whole(fitting, shown.together), top)
        for group in groups:
            y = _group(sheet, area, y, group, picture_of, shown.nobody)
        sheet.height_px += MARGIN_PX // 2
        drawn.append(sheet.sign())
    return drawn


def _whole(columns: int, together: int) -> int:
    """Return the most columns, at least one lot, whose rows part no cards that belong together."""
    return max(together, columns - columns % together)


def _pages(groups: Sequence[Group], columns: int, most: int) -> Iterator[list[Group]]:
    """Cut groups into pages of at most so many rows; a group that goes on is told to."""
    page: list[Group] = []
    rows, cards = most, MOST_CARDS
    for group in groups:
        rest, heading, notes = group.cards[:cards], group.heading, group.notes
        cards -= len(rest)
        while True:
            if rows <= 0:
                yield page
                page, rows = [], most
            part, rest = rest[: rows * columns], rest[rows * columns :]
            page.append(Group(heading, part, notes))
            rows -= max(1, -(-len(part) // columns))
            heading, notes = heading and f"{group.heading} (continued)", ()
            if not rest:
                break
        if cards <= 0:
            break
    yield page


def _group(
    sheet: Drawing,
    area: _Area,
    top: float,
    group: Group,
    picture_of: Callable[[int], Pixels],
    nobody: str,
) -> int:
    """A heading and its cards. Returns where the next group begins."""
    y = top
    if y >= area.clear and sheet.texts:
        sheet.breaks.append(round(y) - GAP_PX // 2)
    if group.heading and group.cards:
        y = sheet.paragraph(GROUP, area.left, y, group.heading, area.room_px, most=2) + 4
    for note in group.notes:
        y = sheet.paragraph(PLAIN, area.left, y, note, area.room_px) + BETWEEN_PX
    if not group.cards:
        y = sheet.paragraph(HEADING, area.left, y, nobody, EMPTY_PX)
    at = round(y)
    for first in range(0, len(group.cards), area.columns):
        if first and at >= area.clear:
            sheet.breaks.append(at - GAP_PX // 2)
        at = _row(sheet, area, at, group.cards[first : first + area.columns], picture_of)
    return at + GAP_PX


def _row(
    sheet: Drawing,
    area: _Area,
    top: int,
    cards: Sequence[Card],
    picture_of: Callable[[int], Pixels],
) -> int:
    """Cards beside each other; a field has the same rows on all, so that no two texts meet.

    Returns where the next row begins.
    """
    lines, most = _lines(cards)
    height = _height_px(most)
    for column, (card, told) in enumerate(zip(cards, lines, strict=True)):
        left = area.left + column * (CARD_PX + GAP_PX)
        _card(sheet, (left, top), height, card, picture_of)
        y = top + CROP_PX[1] + 2 * PAD_PX + STRONG.line_px
        for name, rows in most.items():
            sheet.lines_of_text(_letters(name), left + PAD_PX, y, told.get(name, ()))
            y += rows * _letters(name).line_px
    return top + height + GAP_PX


def _lines(cards: Sequence[Card]) -> tuple[list[dict[str, list[str]]], dict[str, int]]:
    """Return the lines of each card's fields by name, and how many of each a row has room for."""
    lines = [
        {
            field.name: _letters(field.name).within(field.text, CROP_PX[0], field.lines)
            for field in card.fields
            if field.text and field.name not in ON_PAGES_ONLY
        }
        for card in cards
    ]
    names = dict.fromkeys(field.name for card in cards for field in card.fields)
    return lines, {name: max(len(told.get(name, ())) for told in lines) for name in names}


def _height_px(most: Mapping[str, int]) -> int:
    """Return the height of a card with so many lines of each field."""
    text_px = sum(rows * _letters(name).line_px for name, rows in most.items())
    return CROP_PX[1] + 3 * PAD_PX + STRONG.line_px + text_px


def _printed_rows(shown: Shown, columns: int, width: int) -> int:
    """Return how many rows of cards a page of paper holds, by the highest row."""
    tallest = max(
        (
            _height_px(_lines(group.cards[first : first + columns])[1])
            for group in shown.groups
            for first in range(0, min(len(group.cards), MOST_CARDS), columns)
        ),
        default=1,
    )
    heading = GROUP_PX if len(shown.groups) > 1 else 0
    return max(1, round(width * PAGE - HEAD_PX - FOOT_PX) // (tallest + GAP_PX + heading))


def _card(
    sheet: Drawing,
    at: tuple[int, int],
    height: int,
    card: Card,
    picture_of: Callable[[int], Pixels],
) -> None:
    """A card without its fields: its frame, its picture, its heading and figure."""
    left, top = at
    frame = LINE if card.right is None else RIGHT if card.right else WRONG
    box = (left, top, left + CARD_PX - 1, top + height - 1)
    sheet.rectangle(box, CARD, frame, 1 if card.right is None else 4)
    if card.crop_ids:
        crop_id = card.crop_ids[0]
        sheet.picture(lambda: picture_of(crop_id), (left + PAD_PX, top + PAD_PX, *CROP_PX))
    else:
        middle = left + CARD_PX / 2, top + PAD_PX + CROP_PX[1] / 2
        sheet.line_of_text(FAINT, *middle, "no picture", align="middle")
    if card.right is not None:
        mark(sheet, card.right, left + CARD_PX - 18, top + 18)
    x, y = left + PAD_PX, top + CROP_PX[1] + 2 * PAD_PX
    room: float = CROP_PX[0]
    if card.figure:
        end = left + CARD_PX - PAD_PX
        figure = sheet.line_of_text(STRONG, end, y, card.figure, align="right")
        room = figure.x - x - GAP_PX
    sheet.line_of_text(STRONG, x, y, card.heading, room_px=room)


def _letters(name: str) -> Lettering:
    return LETTERS.get(name, FAINT)


def _header(sheet: Drawing, title: str, of: str) -> int:
    """What it shows, where, when and how."""
    room, imprint = sheet.width_px - 2 * MARGIN_PX, sheet.imprint
    beside = HEADING.width(of)
    lines = HEADING.within(title, round(room - beside), 2)
    y = sheet.lines_of_text(HEADING, MARGIN_PX, MARGIN_PX, [*lines[:-1], f"{lines[-1]}{of}"])
    y = sheet.paragraph(PLAIN, MARGIN_PX, y + 2, f"{imprint.made}; {imprint.source}", room, most=2)
    if imprint.command:
        y = sheet.paragraph(PLAIN, MARGIN_PX, y, imprint.command, room, most=1)
    return round(y) + GAP_PX


def _panel(sheet: Drawing, top: int, shown: Shown, picture_of: Callable[[int], Pixels]) -> float:
    """The query pictures, what the frames mean, and the statement. Returns where it ends."""
    y = _queries(sheet, top, shown.queries, picture_of) if shown.queries else float(top)
    if any(card.right is not None for card in shown.cards):
        for right, meaning in (
            (True, "the same person (known)"),
            (False, "another person (known)"),
        ):
            mark(sheet, right, MARGIN_PX + 8, y + FAINT.line_px / 2)
            sheet.line_of_text(FAINT, MARGIN_PX + 24, y, meaning)
            y += FAINT.line_px + 2
        y += GAP_PX
    for sentence in shown.panel:
        y = sheet.paragraph(PLAIN, MARGIN_PX, y, sentence, PANEL_PX) + BETWEEN_PX
    return y


def _queries(
    sheet: Drawing,
    top: int,
    queries: Sequence[QueryShown],
    picture_of: Callable[[int], Pixels],
) -> float:
    shown = queries[:MOST_QUERIES]
    side_by_side = 1 if len(shown) == 1 else 2 if len(shown) <= 4 else 3
    width = (PANEL_PX - (side_by_side - 1) * GAP_PX) // side_by_side
    box = (width, min(2 * width, 320))
    y: float = top
    if len(queries) > len(shown):
        sheet.line_of_text(FAINT, MARGIN_PX, y, f"{len(shown)} of {len(queries)} query pictures")
        y += FAINT.line_px + BETWEEN_PX
    step = box[1] + FAINT.line_px + GAP_PX
    for index, query in enumerate(shown):
        row, column = divmod(index, side_by_side)
        left, above = MARGIN_PX + column * (width + GAP_PX), round(y) + row * step
        sheet.picture(lambda query=query: _pixels(query, picture_of), (left, above, *box))  # type: ignore[misc]
        sheet.line_of_text(
            FAINT, left + width / 2, above + box[1] + 2, query.name, room_px=width, align="middle"
        )
    return y + -(-len(shown) // side_by_side) * step


def _pixels(query: QueryShown, picture_of: Callable[[int], Pixels]) -> Pixels:
    if query.pixels is not None:
        return query.pixels
    return picture_of(query.crop_id or 0)


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
