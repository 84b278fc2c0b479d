"""An evaluation in one picture: the CMC curve, scores of pairs, and the worst failures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reidsearch.domain.figures import CURVE_RANKS, EDGES, RATES, Evaluation, Misranked, Way
from reidsearch.output.drawing import MARGIN_PX, Drawing
from reidsearch.output.evaluation_text import data_lines, percent
from reidsearch.output.imprint import Imprint
from reidsearch.output.lettering import Lettering
from reidsearch.output.sheet import RIGHT, WRONG, mark

CARD, LINE, GRID = "#f9fafb", "#d3d7de", "#e5e7eb"
CURVE, SAME, DIFFERENT = "#1d4ed8", "#15803d", "#dc2626"
HEADING = Lettering(18, "#111827")
TITLE = Lettering(15, "#111827")
PLAIN = Lettering(13, "#374151")
FAINT = Lettering(12, "#6b7280")
WIDTH_PX, GAP_PX = 1200, 16
PLOT_PX = ((WIDTH_PX - 2 * MARGIN_PX - 2 * GAP_PX) // 2, 300)
AXIS_LEFT_PX, AXIS_BOTTOM_PX = 44, 30
LEGEND_LINES = 2 + len(RATES)
CROP_PX = (84, 168)
COLUMNS = 4
CARD_PX = (
    (WIDTH_PX - 2 * MARGIN_PX - (COLUMNS - 1) * GAP_PX) // COLUMNS,
    CROP_PX[1] + 20 + 5 * FAINT.line_px,
)

Point = tuple[float, float]


def evaluation_picture(way: Way, imprint: Imprint) -> Drawing:
    """Draw one way of searching. The failures show pictures of the data set: real people.

    Pictures are read when it is drawn, and `Refused` if one cannot be read any more.
    """
    found = way.evaluation
    sheet = Drawing("How well people are found again", imprint, WIDTH_PX)
    sheet.line_of_text(HEADING, MARGIN_PX, MARGIN_PX, sheet.title)
    y: float = MARGIN_PX + HEADING.line_px + 6
    for text in (
        f"{way.model}, resize {way.resize}, {way.ranking}.",
        *data_lines(found),
        _figures(found),
    ):
        y = sheet.paragraph(PLAIN, MARGIN_PX, y, text, WIDTH_PX - 2 * MARGIN_PX)
    plots = round(y) + GAP_PX
    _curve(sheet, found, (MARGIN_PX, plots))
    _histograms(sheet, found, (WIDTH_PX - MARGIN_PX - PLOT_PX[0], plots))
    cards = plots + TITLE.line_px + PLOT_PX[1] + LEGEND_LINES * FAINT.line_px + GAP_PX
    sheet.breaks.append(cards - GAP_PX // 2)
    worst = (
        "The worst failures" if found.worst else "The first match was right for every valid query."
    )
    sheet.line_of_text(TITLE, MARGIN_PX, cards, worst)
    for number, each in enumerate(found.worst):
        row, column = divmod(number, COLUMNS)
        top = cards + TITLE.line_px + 6 + row * (CARD_PX[1] + GAP_PX)
        _card(sheet, (MARGIN_PX + column * (CARD_PX[0] + GAP_PX), top), each)
        sheet.breaks.append(top + CARD_PX[1] + GAP_PX // 2)
    return sheet.sign()


def _figures(found: Evaluation) -> str:
    quality = found.quality
    ranks = ", ".join(f"rank-{rank} {percent(share)}" for rank, share in quality.cmc.items())
    return (
        f"{ranks}, mAP {percent(quality.map_trapezoid)} (trapezoid) or "
        f"{percent(quality.map_step)} (step), mINP {percent(quality.minp)} per cent."
    )


def _plot(
    sheet: Drawing,
    at: tuple[int, int],
    title: str,
    across: Sequence[tuple[float, str]],
    up: Sequence[tuple[float, str]],
) -> Callable[[float, float], Point]:
    """Title, frame and ticks, each at its share of the axis. Returns shares -> pixels."""
    sheet.line_of_text(TITLE, *at, title, room_px=PLOT_PX[0])
    left, top = at[0] + AXIS_LEFT_PX, at[1] + TITLE.line_px + FAINT.line_px // 2 + 2
    right, bottom = at[0] + PLOT_PX[0], at[1] + TITLE.line_px + PLOT_PX[1] - AXIS_BOTTOM_PX

    def point(x: float, y: float) -> Point:
        return left + x * (right - left), bottom - y * (bottom - top)

    for share, text in across:
        x, _ = point(share, 0)
        sheet.line([(x, top), (x, bottom)], GRID)
        sheet.line_of_text(FAINT, x, bottom + FAINT.line_px // 2 + 2, text, align="middle")
    for share, text in up:
        _, y = point(0, share)
        sheet.line([(left, y), (right, y)], GRID)
        sheet.line_of_text(FAINT, left - 6, y - FAINT.line_px / 2, text, align="right")
    sheet.rectangle((left, top, right, bottom), outline=LINE)
    return point


def _curve(sheet: Drawing, found: Evaluation, at: tuple[int, int]) -> None:
    """The share of queries with a right crop among the first n."""
    ranks = (1, 5, 10, 20, 30, 40, 50)

    def across(rank: int) -> float:
        return (rank - 1) / (CURVE_RANKS - 1)

    point = _plot(
        sheet,
        at,
        "Queries with a correct match among the first n (CMC), %",
        [(across(rank), str(rank)) for rank in ranks],
        [(share / 100, str(share)) for share in range(0, 101, 20)],
    )
    line = [point(across(rank), share) for rank, share in enumerate(found.curve, start=1)]
    sheet.line(line, CURVE, 3)
    for rank, share in found.quality.cmc.items():
        x, y = point(across(rank), share)
        sheet.disc(x, y, 4, CURVE)
        below = y + 8 if y < at[1] + PLOT_PX[1] / 2 else y - 24
        sheet.line_of_text(PLAIN, x + 6, below, percent(share))


def _histograms(sheet: Drawing, found: Evaluation, at: tuple[int, int]) -> None:
    """Scores of pairs of the same person and of different people, each as high as its peak."""
    used = (found.same + found.different).nonzero()[0]
    if not len(used):
        return
    low, high = EDGES[used[0]] - 0.04, EDGES[used[-1] + 1] + 0.04

    def across(score: float) -> float:
        return float((score - low) / (high - low))

    ticks = [tick / 4 for tick in range(-4, 5) if low <= tick / 4 <= high]
    title = "Pair scores, each curve scaled to its own maximum"
    point = _plot(sheet, at, title, [(across(tick), f"{tick:g}") for tick in ticks], [])
    for counts, colour in ((found.different, DIFFERENT), (found.same, SAME)):
        shares = counts / max(1, counts.max()) * 0.95
        steps = [
            point(across(edge), float(shares[bin_]))
            for bin_ in range(used[0], used[-1] + 1)
            for edge in EDGES[bin_ : bin_ + 2]
        ]
        sheet.line([point(across(EDGES[used[0]]), 0), *steps], colour, 2)
    for rate in found.rates:
        if rate.tpr is not None and rate.threshold is not None:
            x, y = point(across(rate.threshold), 1)
            _, foot = point(0, 0)
            for start in range(int(y) + 2, int(foot), 8):
                sheet.line([(x, start), (x, start + 3)], "#6b7280")
    _legend(sheet, found, point)


def _legend(sheet: Drawing, found: Evaluation, point: Callable[[float, float], Point]) -> None:
    x, y = point(0, 0)
    y += AXIS_BOTTOM_PX
    for colour, text in (
        (SAME, f"the same person: {found.positives:,} pairs"),
        (DIFFERENT, f"different people: {found.negatives:,} pairs"),
    ):
        sheet.line([(x, y + 9), (x + 18, y + 9)], colour, 3)
        sheet.line_of_text(FAINT, x + 24, y, text)
        y += FAINT.line_px
    for rate in found.rates:
        few = f"1 in {1 / rate.fpr:,.0f} pairs of different people"
        text = (
            f"{few}: not measurable with so few pairs"
            if rate.tpr is None or rate.threshold is None
            else f"above {rate.threshold:.3f} (dashed): {few}, "
            f"{percent(rate.tpr)} % of the same person"
        )
        sheet.line_of_text(FAINT, x, y, text, room_px=PLOT_PX[0] - AXIS_LEFT_PX)
        y += FAINT.line_px


def _card(sheet: Drawing, at: tuple[int, int], each: Misranked) -> None:
    """Query, what came first wrongly, and the best right crop."""
    left, top = at
    sheet.rectangle((left, top, left + CARD_PX[0] - 1, top + CARD_PX[1] - 1), CARD, LINE)
    step = (CARD_PX[0] - 3 * CROP_PX[0]) // 4
    shown = (
        (each.query, "query", None, ""),
        (each.wrong, "rank 1", False, f"score {each.wrong_score:.3f}"),
        (each.right, f"rank {each.rank:,}", True, f"score {each.right_score:.3f}"),
    )
    for number, (crop, title, right, score) in enumerate(shown):
        x = left + step + number * (CROP_PX[0] + step)
        sheet.picture(crop.read, (x, top + 8, *CROP_PX))
        if right is not None:
            box = (x - 2, top + 6, x + CROP_PX[0] + 1, top + 8 + CROP_PX[1] + 1)
            sheet.rectangle(box, outline=RIGHT if right else WRONG, width=3)
            mark(sheet, right, x + CROP_PX[0] - 10, top + 18)
        y = top + CROP_PX[1] + 14
        person = f"person {crop.person}" if crop.person else "distractor"
        for text in (title, score, f"camera {crop.camera}", person):
            sheet.line_of_text(FAINT, x, y, text, room_px=CROP_PX[0])
            y += FAINT.line_px
    y = top + CROP_PX[1] + 14 + 4 * FAINT.line_px
    sheet.line_of_text(FAINT, left + step, y, each.query.name, room_px=CARD_PX[0] - 2 * step)
