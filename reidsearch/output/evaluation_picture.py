"""An evaluation in one picture: the CMC curve, scores of pairs, and the worst failures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw

from reidsearch.domain.figures import CURVE_RANKS, EDGES, RATES, Evaluation, Misranked, Way
from reidsearch.output.evaluation_text import data_lines, percent
from reidsearch.output.lettering import Lettering
from reidsearch.output.sheet import RIGHT, WRONG, mark, place

PAPER, CARD, LINE, GRID = "#ffffff", "#f9fafb", "#d3d7de", "#e5e7eb"
CURVE, SAME, DIFFERENT = "#1d4ed8", "#15803d", "#dc2626"
HEADING = Lettering(18, "#111827")
TITLE = Lettering(15, "#111827")
PLAIN = Lettering(13, "#374151")
FAINT = Lettering(12, "#6b7280")
WIDTH_PX, MARGIN_PX, GAP_PX = 1200, 20, 16
PLOT_PX = ((WIDTH_PX - 2 * MARGIN_PX - 2 * GAP_PX) // 2, 300)
AXIS_LEFT_PX, AXIS_BOTTOM_PX = 44, 30
LEGEND_LINES = 2 + len(RATES)
CROP_PX = (84, 168)
COLUMNS = 4
CARD_PX = (
    (WIDTH_PX - 2 * MARGIN_PX - (COLUMNS - 1) * GAP_PX) // COLUMNS,
    CROP_PX[1] + 20 + 4 * FAINT.line_px,
)

Point = tuple[float, float]


def evaluation_picture(way: Way) -> Image.Image:
    """Draw one way of searching. The failures show pictures of the data set: real people.

    Raises:
        Refused: a picture of the data set cannot be read any more.
    """
    found = way.evaluation
    told = [
        f"{way.model}, resize {way.resize}, {way.ranking}.",
        *data_lines(found),
        _figures(found),
    ]
    lines = [line for text in told for line in PLAIN.wrap(text, WIDTH_PX - 2 * MARGIN_PX)]
    rows = -(-len(found.worst) // COLUMNS)
    top = MARGIN_PX + HEADING.line_px + 6
    plots = top + len(lines) * PLAIN.line_px + GAP_PX
    cards = plots + TITLE.line_px + PLOT_PX[1] + LEGEND_LINES * FAINT.line_px + GAP_PX
    height = cards + TITLE.line_px + 6 + max(1, rows) * (CARD_PX[1] + GAP_PX) + MARGIN_PX
    sheet = Image.new("RGB", (WIDTH_PX, height if rows else cards + 2 * TITLE.line_px), PAPER)
    canvas = ImageDraw.Draw(sheet)
    HEADING.draw(canvas, MARGIN_PX, MARGIN_PX, "How well people are found again")
    for number, line in enumerate(lines):
        PLAIN.draw(canvas, MARGIN_PX, top + number * PLAIN.line_px, line)
    _curve(canvas, found, (MARGIN_PX, plots))
    _histograms(canvas, found, (WIDTH_PX - MARGIN_PX - PLOT_PX[0], plots))
    worst = "The worst failures" if rows else "The first match was right for every valid query."
    TITLE.draw(canvas, MARGIN_PX, cards, worst)
    for number, each in enumerate(found.worst):
        row, column = divmod(number, COLUMNS)
        left = MARGIN_PX + column * (CARD_PX[0] + GAP_PX)
        at = left, cards + TITLE.line_px + 6 + row * (CARD_PX[1] + GAP_PX)
        sheet.paste(_card(each), at)
    return sheet


def _figures(found: Evaluation) -> str:
    quality = found.quality
    ranks = ", ".join(f"rank-{rank} {percent(share)}" for rank, share in quality.cmc.items())
    return (
        f"{ranks}, mAP {percent(quality.map_trapezoid)} (trapezoid) or "
        f"{percent(quality.map_step)} (step), mINP {percent(quality.minp)} per cent."
    )


def _plot(
    canvas: ImageDraw.ImageDraw,
    at: tuple[int, int],
    title: str,
    across: Sequence[tuple[float, str]],
    up: Sequence[tuple[float, str]],
) -> Callable[[float, float], Point]:
    """Title, frame and ticks, each at its share of the axis. Returns shares -> pixels."""
    TITLE.draw(canvas, *at, title)
    left, top = at[0] + AXIS_LEFT_PX, at[1] + TITLE.line_px + 4
    right, bottom = at[0] + PLOT_PX[0], at[1] + TITLE.line_px + PLOT_PX[1] - AXIS_BOTTOM_PX

    def point(x: float, y: float) -> Point:
        return left + x * (right - left), bottom - y * (bottom - top)

    for share, text in across:
        x, _ = point(share, 0)
        canvas.line((x, top, x, bottom), GRID)
        FAINT.draw(canvas, x - FAINT.width(text) / 2, bottom + 4, text)
    for share, text in up:
        _, y = point(0, share)
        canvas.line((left, y, right, y), GRID)
        FAINT.draw(canvas, left - 6 - FAINT.width(text), y - FAINT.line_px / 2, text)
    canvas.rectangle((left, top, right, bottom), outline=LINE)
    return point


def _curve(canvas: ImageDraw.ImageDraw, found: Evaluation, at: tuple[int, int]) -> None:
    """The share of queries with a right crop among the first n."""
    ranks = (1, 5, 10, 20, 30, 40, 50)

    def across(rank: int) -> float:
        return (rank - 1) / (CURVE_RANKS - 1)

    point = _plot(
        canvas,
        at,
        "Queries with a correct match among the first n (CMC), %",
        [(across(rank), str(rank)) for rank in ranks],
        [(share / 100, str(share)) for share in range(0, 101, 20)],
    )
    line = [point(across(rank), share) for rank, share in enumerate(found.curve, start=1)]
    canvas.line(line, CURVE, 3, joint="curve")
    for rank, share in found.quality.cmc.items():
        x, y = point(across(rank), share)
        canvas.ellipse((x - 4, y - 4, x + 4, y + 4), CURVE)
        below = y + 8 if y < at[1] + PLOT_PX[1] / 2 else y - 24
        PLAIN.draw(canvas, x + 6, below, percent(share))


def _histograms(canvas: ImageDraw.ImageDraw, found: Evaluation, at: tuple[int, int]) -> None:
    """Scores of pairs of the same person and of different people, each as high as its peak."""
    used = (found.same + found.different).nonzero()[0]
    if not len(used):
        return
    low, high = EDGES[used[0]] - 0.04, EDGES[used[-1] + 1] + 0.04

    def across(score: float) -> float:
        return float((score - low) / (high - low))

    ticks = [tick / 4 for tick in range(-4, 5) if low <= tick / 4 <= high]
    title = "Pair scores, each curve scaled to its own maximum"
    point = _plot(canvas, at, title, [(across(tick), f"{tick:g}") for tick in ticks], [])
    for counts, colour in ((found.different, DIFFERENT), (found.same, SAME)):
        shares = counts / max(1, counts.max()) * 0.95
        steps = [
            point(across(edge), float(shares[bin_]))
            for bin_ in range(used[0], used[-1] + 1)
            for edge in EDGES[bin_ : bin_ + 2]
        ]
        canvas.line([point(across(EDGES[used[0]]), 0), *steps], colour, 2)
    for rate in found.rates:
        if rate.tpr is not None and rate.threshold is not None:
            x, y = point(across(rate.threshold), 1)
            _, foot = point(0, 0)
            for start in range(int(y) + 2, int(foot), 8):
                canvas.line((x, start, x, start + 3), "#6b7280")
    _legend(canvas, found, point)


def _legend(
    canvas: ImageDraw.ImageDraw, found: Evaluation, point: Callable[[float, float], Point]
) -> None:
    x, y = point(0, 0)
    y += AXIS_BOTTOM_PX
    for colour, text in (
        (SAME, f"the same person: {found.positives:,} pairs"),
        (DIFFERENT, f"different people: {found.negatives:,} pairs"),
    ):
        canvas.line((x, y + 9, x + 18, y + 9), colour, 3)
        FAINT.draw(canvas, x + 24, y, text)
        y += FAINT.line_px
    for rate in found.rates:
        few = f"1 in {1 / rate.fpr:,.0f} pairs of different people"
        text = (
            f"{few}: not measurable with so few pairs"
            if rate.tpr is None or rate.threshold is None
            else f"above {rate.threshold:.3f} (dashed): {few}, "
            f"{percent(rate.tpr)} % of the same person"
        )
        FAINT.draw(canvas, x, y, text)
        y += FAINT.line_px


def _card(each: Misranked) -> Image.Image:
    """Query, what came first wrongly, and the best right crop."""
    card = Image.new("RGB", CARD_PX, CARD)
    canvas = ImageDraw.Draw(card)
    canvas.rectangle((0, 0, CARD_PX[0] - 1, CARD_PX[1] - 1), outline=LINE)
    step = (CARD_PX[0] - 3 * CROP_PX[0]) // 4
    shown = (
        (each.query, "query", None, ""),
        (each.wrong, "rank 1", False, f"{each.wrong_score:.3f}"),
        (each.right, f"rank {each.rank}", True, f"{each.right_score:.3f}"),
    )
    for number, (crop, title, right, score) in enumerate(shown):
        left = step + number * (CROP_PX[0] + step)
        place(card, crop.read(), (left, 8), CROP_PX)
        if right is not None:
            box = (left - 2, 6, left + CROP_PX[0] + 1, 8 + CROP_PX[1] + 1)
            canvas.rectangle(box, outline=RIGHT if right else WRONG, width=3)
            mark(canvas, right, left + CROP_PX[0] - 10, 18)
        top = CROP_PX[1] + 14
        camera = f"camera {crop.camera}"
        person = f"person {crop.person}" if crop.person else "distractor"
        for text in (title + (f"  {score}" if score else ""), camera, person):
            FAINT.draw(canvas, left, top, FAINT.fit(text, CROP_PX[0] + step - 4))
            top += FAINT.line_px
    name = FAINT.fit(each.query.name, CARD_PX[0] - 2 * step)
    FAINT.draw(canvas, step, CROP_PX[1] + 14 + 3 * FAINT.line_px, name)
    return card
