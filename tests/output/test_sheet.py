"""The contact sheet."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image
from present_samples import NASTY, answer, crop

from reidsearch.domain.answers import Match
from reidsearch.domain.crops import Pixels
from reidsearch.output.lettering import Lettering
from reidsearch.output.picture_file import encode
from reidsearch.output.sheet import CARD_PX, CROP_PX, MARGIN_PX, PAD_PX, PANEL_PX, contact_sheet
from reidsearch.output.sheet_html import contact_sheet_html

BLUE = np.full((128, 64, 3), (255, 0, 0), np.uint8)
LETTERS = Lettering(13, "#000000")


def sheet(matches: int, queries: int = 1, location: str = "a.jpg", **rest: object) -> Image.Image:
    given = answer(*(crop(number + 1, location) for number in range(matches)))
    drawn = contact_sheet(given, [BLUE] * queries, lambda crop_id: BLUE, **rest)  # type: ignore[arg-type]
    assert drawn.mode == "RGB"
    return drawn


@pytest.mark.full
@pytest.mark.parametrize("matches", [0, 1, 2, 10, 50])
@pytest.mark.parametrize("queries", [1, 3, 9])
def test_a_sheet_of_any_number(matches: int, queries: int) -> None:
    drawn = sheet(matches, queries)
    columns = (drawn.width - 2 * MARGIN_PX - PANEL_PX) // CARD_PX[0]
    assert columns >= 1
    blue = np.all(np.asarray(drawn) == (0, 0, 255), axis=-1)
    assert blue[:, : PANEL_PX + MARGIN_PX].any()
    assert blue[:, PANEL_PX + 2 * MARGIN_PX :].any() == (matches > 0)


def test_pictures_keep_their_aspect_and_colours() -> None:
    left, top = 2 * MARGIN_PX + PANEL_PX, MARGIN_PX
    drawn = sheet(1).crop((left, top, left + CARD_PX[0], top + PAD_PX + CROP_PX[1]))
    ys, xs = np.nonzero(np.all(np.asarray(drawn) == (0, 0, 255), axis=-1))
    assert (np.ptp(xs) + 1, np.ptp(ys) + 1) == (CROP_PX[1] // 2, CROP_PX[1])


@pytest.mark.parametrize(
    ("ending", "start"),
    [
        (".png", b"\x89PNG"),
        (".jpg", b"\xff\xd8\xff"),
        (".JPEG", b"\xff\xd8\xff"),
        (".pdf", b"%PDF"),
    ],
)
def test_the_ending_decides_the_format(ending: str, start: bytes) -> None:
    data = encode(sheet(2), ending)
    assert data.startswith(start)
    if ending != ".pdf":
        with Image.open(io.BytesIO(data)) as read:
            assert read.size == sheet(2).size


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1)])
def test_pictures_of_odd_shape(shape: tuple[int, int]) -> None:
    odd: Pixels = np.zeros((*shape, 3), np.uint8)
    drawn = contact_sheet(answer(crop()), [odd], lambda crop_id: odd)
    assert drawn.height >= CARD_PX[1]


def test_the_truth_is_framed_in_green_and_red() -> None:
    def right(match: Match) -> bool:
        return match.rank == 1

    drawn = sheet(2, truth=right)
    left = 2 * MARGIN_PX + PANEL_PX
    first = drawn.getpixel((left + 1, MARGIN_PX + 1))
    second = drawn.getpixel((drawn.width - MARGIN_PX - 2, MARGIN_PX + 1))
    assert first[1] > first[0]
    assert second[0] > second[1]


def test_long_and_foreign_names_stay_in_their_card() -> None:
    plain, nasty = sheet(2), sheet(2, location=NASTY * 20)
    assert plain.size == nasty.size
    between = 2 * MARGIN_PX + PANEL_PX + CARD_PX[0]
    gutter = (between, 0, between + 10, plain.height)
    assert nasty.crop(gutter).getcolors() == plain.crop(gutter).getcolors()


@pytest.mark.parametrize(
    ("text", "spelled"),
    [("plain", {"plain"}), ("a\nb", {r"a\nb"}), ("café", {"café", r"caf\xe9"}),
     ("東a", {"東a", r"\u6771a"}), ("\U0010fffd", {r"\U0010fffd"})],
)  # fmt: skip
def test_only_what_a_font_of_this_machine_can_draw(text: str, spelled: set[str]) -> None:
    assert LETTERS.spell(text) in spelled


@pytest.mark.parametrize("text", ["one two three four five", "x" * 80, "", "a " + "y" * 50])
def test_wrapped_lines_fit_and_lose_nothing(text: str) -> None:
    lines = LETTERS.wrap(text, 60)
    assert all(LETTERS.width(line) <= 60 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_page_holds_its_pictures_and_escapes_names() -> None:
    given = answer(crop(7, "<script>/a.jpg"), crop(8))
    page = contact_sheet_html(given, [BLUE], lambda crop_id: BLUE).decode()
    assert page.count("data:image/jpeg;base64,") == 3
    assert "<script>" not in page
    assert "&lt;script&gt;/a.jpg" in page
    assert "crop 7, score 0.900" in page
    assert "Searched 1,527 of 1,527 crops" in page
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []


def test_a_page_without_matches_says_why() -> None:
    page = contact_sheet_html(answer(), [BLUE], lambda crop_id: BLUE).decode()
    assert "No match" in page
