"""The contact sheet: what a card says, and that no text meets another."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import IMPRINT, contact_sheet, grey, require_apart, shown, signed, words
from PIL import Image, ImageDraw, features
from present_samples import CALIBRATED, NASTY, READING, answer, crop, footage_answer

from reidsearch.domain.answers import Answer, Match
from reidsearch.domain.attributes import COLOURS, PARTS, THINGS, Attributes
from reidsearch.domain.crops import Pixels
from reidsearch.domain.decisions import Named
from reidsearch.domain.request import Filters
from reidsearch.domain.tracklets import Moment, SourceInterval, TrackletSeen
from reidsearch.output.drawing import MARGIN_PX, Drawing
from reidsearch.output.lettering import Lettering
from reidsearch.output.picture_file import PAGE, encode_pdf
from reidsearch.output.sheet import MOST_CARDS, PAGE_ROWS, PANEL_PX, contact_sheets
from reidsearch.output.shown import Card, CardField, Group, Shown

BLUE = np.full((128, 64, 3), (255, 0, 0), np.uint8)
LETTERS = Lettering(13, "#000000")
FILTERS = Filters(wearing=("upper:red", "black,blue"), with_things=("backpack",))
ATTRIBUTES = Attributes(
    3,
    {thing: 0.93 if thing == "backpack" else 0.1 for thing in THINGS},
    {part: {name: 0.31 if name == "red" else 0.069 for name in COLOURS} for part in PARTS},
    dict.fromkeys((*THINGS, *PARTS), 1.0),
)


def full_match(rank: int, **facts: object) -> Match:
    """A match of which everything is known, re-ranked, calibrated, filtered and decided."""
    location = str(facts.pop("location", "north/gate_20240531.mp4"))
    moment = Moment(40 + rank, 375, Fraction(15), 1.5, 0.75)
    held = replace(crop(1000 + rank, location, **facts), moment=moment)
    seen = TrackletSeen(
        40 + rank,
        "gate",
        (SourceInterval(held.source_id, location, 13_000_000, 18_000_000),),
        None,
        None,
        1.5,
        19,
        (7, 8),
    )
    return Match(
        rank,
        0.9,
        held,
        seen,
        identity=Named(3, "anna"),
        attributes=ATTRIBUTES,
        reading=READING,
        rank_before=rank + 12,
        liked=True,
    )


def full_answer(*matches: Match) -> Answer:
    return replace(answer(filters=FILTERS, **CALIBRATED), matches=matches)


def sheet(matches: int, queries: int = 1, location: str = "a.jpg", **rest: object) -> Drawing:
    found = answer(*(crop(number + 1, location) for number in range(matches)))
    return contact_sheet(found, [BLUE] * queries, lambda crop_id: BLUE, IMPRINT, **rest)  # type: ignore[arg-type]


def drawn(given: Answer, **rest: object) -> Drawing:
    return contact_sheet(given, [grey()], lambda crop_id: grey(), IMPRINT, **rest)  # type: ignore[arg-type]


@pytest.mark.full
@pytest.mark.parametrize("queries", [1, 3, 9])
@pytest.mark.parametrize("matches", [0, 1, 2, 10, 50])
def test_a_sheet_of_any_number(matches: int, queries: int) -> None:
    layout = sheet(matches, queries)
    require_apart(layout)
    blue = np.all(np.asarray(layout.render()) == (0, 0, 255), axis=-1)
    assert blue[:, : PANEL_PX + MARGIN_PX].any()
    assert blue[:, PANEL_PX + 2 * MARGIN_PX :].any() == (matches > 0)


def test_the_header_says_who_was_searched_for_where_when_and_how() -> None:
    layout = drawn(answer(crop()), names=["person.jpg"])
    said = words(layout)
    assert layout.texts[0].text == layout.title == "Query: person.jpg"
    for part in ("archives/north", "2024-05-31 12:03:00 UTC", IMPRINT.command, "Searched 1,527"):
        assert part in said
    assert signed(layout)


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (["a.jpg", "b.jpg"], "Query: a.jpg, b.jpg"),
        (["a", "b", "c", "d", "e"], "Query: a, b, c and 2 further pictures"),
        (["", "crop 7"], "Query: 1 picture"),  # pixels have no name: the statement's words
    ],
)
def test_several_pictures_are_named_in_the_title(names: list[str], title: str) -> None:
    found = answer(crop())
    layout = contact_sheet(
        found, [grey()] * len(names), lambda crop_id: grey(), IMPRINT, names=names
    )
    assert layout.title == title


def test_a_card_says_everything() -> None:
    layout = drawn(full_answer(full_match(1)))
    require_apart(layout)
    said = words(layout)
    for part in (
        "1 (was 13)",
        "0.900",
        "crop 1001, tracklet 41",
        "probability 17 % (10 to 27)",
        "camera gate",
        "2024-05-31 12:03:00 UTC ±1.5 s",
        "gate_20240531.mp4",
        "upper red 0.31, upper black/blue 0.14, backpack 0.93",
        "liked; anna",
    ):
        assert part in said, part


@pytest.mark.full
@settings(deadline=None, max_examples=30)
@given(
    camera=st.text(max_size=80),
    name=st.text(st.characters(exclude_characters="/"), min_size=1, max_size=200),
    number=st.integers(1, 13),
    before=st.integers(1, 99_999),
    crop_id=st.integers(1, 2**40),
    uncertain=st.none() | st.floats(0, 1e10),
    identity=st.text(min_size=1, max_size=200),
    archive=st.text(max_size=300),
    command=st.text(max_size=2000),
)
def test_no_texts_meet_whatever_they_are(
    camera: str,
    name: str,
    number: int,
    before: int,
    crop_id: int,
    uncertain: float | None,
    identity: str,
    archive: str,
    command: str,
) -> None:
    matches = []
    for rank in range(1, number + 1):
        one = full_match(rank, camera=camera if rank % 2 else None, location=f"a/{name}")
        assert one.crop.moment is not None
        held = replace(
            one.crop,
            crop_id=crop_id + rank,
            moment=replace(one.crop.moment, uncertainty_s=uncertain),
        )
        matches.append(
            replace(one, crop=held, rank_before=before, rejected_for=(Named(4, identity),))
        )
    made = replace(IMPRINT, archive=archive, command=command)
    layout = contact_sheet(
        full_answer(*matches), [grey()], lambda _: grey(), made, names=[name], truth=lambda _: True
    )
    require_apart(layout)
    said = words(layout)
    for rank in (1, number):  # never shortened
        assert f"{crop_id + rank}" in said
        if before < 1000:
            moved = before != rank
            assert any(
                box.text == (f"{rank} (was {before})" if moved else str(rank))
                for box in layout.texts
            )


@pytest.mark.full
def test_a_thousand_matches_are_numbered_pages_in_bounded_memory_and_time() -> None:
    read: list[int] = []
    found = full_answer(
        *(full_match(rank, location=f"x/{rank:080}.mp4") for rank in range(1, 1001))
    )
    begun = time.process_time()

    def picture(crop_id: int) -> Pixels:
        read.append(crop_id)
        return grey()

    pages = contact_sheets(shown(found, [grey()]), picture, IMPRINT)
    assert time.process_time() - begun < 30  # a tenth of it on an idle machine
    assert read == [], "crops are read one at a time, while they are drawn"
    assert len(pages) == 10
    for number, page in enumerate(pages, start=1):
        assert f", page {number} of 10" in page.texts[0].text
        assert page.width_px * page.height_px < 15_000_000
        assert signed(page)
        require_apart(page)
    ranks = [box.text for page in pages for box in page.texts if "(was " in box.text]
    assert ranks == [f"{rank} (was {rank + 12})" for rank in range(1, 1001)]


@pytest.mark.full
def test_more_than_a_sheet_holds_is_said_to_be_cut() -> None:
    found = answer(*(crop(number + 1) for number in range(MOST_CARDS + 1)))
    pages = contact_sheets(shown(found, [grey()]), lambda crop_id: grey(), IMPRINT)
    assert f"The first {MOST_CARDS:,} of {MOST_CARDS + 1:,} cards are shown." in words(pages[0])
    told = [box.text for page in pages for box in page.texts]
    assert sum(text.startswith("crop ") for text in told) == MOST_CARDS


def test_groups_that_go_on_are_told_to_and_every_card_is_drawn_once() -> None:
    cards = [
        Card(f"no. {number}", "", (CardField("camera", "camera gate"),), ())
        for number in range(8 * PAGE_ROWS + 9)
    ]
    groups = (Group("Few", tuple(cards[:9])), Group("Many", tuple(cards[9:]), ("A note.",)))
    pages = contact_sheets(Shown("identity", "Whom", groups, ("Said.",)), lambda _: grey(), IMPRINT)
    assert len(pages) == 2
    first, second = (words(page) for page in pages)
    assert "Few" in first
    assert first.count("Many") == first.count("A note.") == 1
    assert "Many (continued)" in second
    assert "A note." not in second
    drawn = [box.text for page in pages for box in page.texts if box.text.startswith("no. ")]
    assert drawn == [card.heading for card in cards]
    for page in pages:
        require_apart(page)
        page.render()


def test_cards_that_belong_together_stand_in_one_row() -> None:
    cards = tuple(Card(f"no. {number}", "", (), ()) for number in range(12))
    (page,) = contact_sheets(
        Shown("company", "Whom", (Group("", cards),), ("Said.",), together=2),
        lambda _: grey(),
        IMPRINT,
    )
    tops = [box.y for box in page.texts if box.text.startswith("no. ")]
    assert tops[::2] == tops[1::2]
    assert len(set(tops)) == 3


def test_a_line_that_begins_from_right_to_left_still_goes_from_left_to_right() -> None:
    """`<Hebrew> 1` and `1 <Hebrew>` begin with different pixels: the base direction is one."""
    if LETTERS.spell("\u05d0") != "\u05d0" or not features.check("raqm"):
        pytest.skip("no font of this machine has Hebrew letters, or Pillow has no libraqm")
    lines = []
    for text in ("\u05d0\u05d1 x", "\u05d0\u05d1"):
        line = Image.new("RGB", (60, 20), "white")
        LETTERS.draw(ImageDraw.Draw(line), 0, 0, text)
        lines.append(np.asarray(line)[:, : int(LETTERS.width("\u05d0\u05d1"))])
    assert (lines[0] == lines[1]).all()


def test_a_card_without_a_picture_says_so() -> None:
    cards = (Card("tracklet 4", "", (), ()),)
    (page,) = contact_sheets(
        Shown("identity", "Whom", (Group("", cards),), ()), lambda _: grey(), IMPRINT
    )
    assert "no picture" in words(page)


@pytest.mark.full
@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (300, 200)])
def test_pictures_keep_their_aspect_and_colours(shape: tuple[int, int]) -> None:
    odd: Pixels = np.full((*shape, 3), (255, 0, 0), np.uint8)
    layout = contact_sheet(answer(crop()), [grey()], lambda crop_id: odd, IMPRINT)
    ys, xs = np.nonzero(np.all(np.asarray(layout.render()) == (0, 0, 255), axis=-1))
    found, wanted = (np.ptp(ys) + 1) / (np.ptp(xs) + 1), shape[0] / shape[1]
    assert found == pytest.approx(wanted, rel=0.02) or 1 in (np.ptp(ys) + 1, np.ptp(xs) + 1)


@pytest.mark.full
def test_the_truth_is_framed_in_green_and_red() -> None:
    layout = sheet(2, truth=lambda match: match.rank == 1)
    require_apart(layout)
    colours = {colour for _, colour in layout.render().getcolors(1 << 24) or []}
    assert {(0x15, 0x80, 0x3D), (0xDC, 0x26, 0x26)} <= colours
    assert "the same person (known)" in words(layout)


def test_hostile_names_do_not_move_anything() -> None:
    plain, nasty = sheet(2), sheet(2, location=NASTY * 20)
    assert plain.width_px == nasty.width_px
    require_apart(nasty)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [("plain", {"plain"}), ("a\nb", {r"a\nb"}), ("café", {"café", r"caf\xe9"}),
     ("東a", {"東a", r"\u6771a"}), ("東é", {"東é", r"\u6771é"}),
     ("\U0010fffd", {r"\U0010fffd"})],
)  # fmt: skip
def test_only_what_no_font_of_this_machine_has_is_escaped(text: str, spelled: set[str]) -> None:
    assert LETTERS.spell(text) in spelled


def test_a_picture_says_what_its_escapes_stand_for() -> None:
    assert "no font of the machine" in words(sheet(1, location="\U0010fffd.jpg"))
    for location in ("north/gate.jpg", "caf\u00e9.jpg"):
        known = LETTERS.spell(location) == location
        assert ("no font of the machine" not in words(sheet(1, location=location))) is known


@pytest.mark.parametrize(
    "text", ["one two three four five", "x" * 80, "", "a " + "y" * 50, "21.3 s at 81 % or so"]
)
def test_wrapped_lines_fit_and_lose_nothing(text: str) -> None:
    lines = LETTERS.wrap(text, 60)
    assert all(LETTERS.width(line) <= 60 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line.startswith(("s ", "%")) for line in lines), "a number keeps its unit"


@pytest.mark.full
@given(text=st.text(max_size=200), width_px=st.integers(30, 400), most=st.integers(1, 4))
def test_what_is_cut_says_so(text: str, width_px: int, most: int) -> None:
    lines = LETTERS.within(text, width_px, most)
    assert len(lines) <= most
    assert all(LETTERS.width(line) <= width_px for line in lines)
    whole = "".join(LETTERS.wrap(text, width_px)).replace(" ", "")
    assert "…" in "".join(lines) or "".join(lines).replace(" ", "") == whole


def test_a_time_that_is_not_known_says_where_in_the_footage() -> None:
    (match,) = footage_answer().matches
    held = replace(match.crop, facts=replace(match.crop.facts, time=None))
    said = words(drawn(replace(footage_answer(), matches=(replace(match, crop=held),))))
    assert "time unknown; 15.0 s in footage" in said


@pytest.mark.full
def test_a_printed_sheet_has_a_page_of_paper_for_each_of_its_pages() -> None:
    found = full_answer(*(full_match(rank, location="x/" + "y" * 200) for rank in range(1, 151)))
    drawn = contact_sheets(shown(found, [grey()]), lambda _: grey(), IMPRINT, printed=True)
    data = encode_pdf(drawn, "Whom")
    counted = re.findall(rb"/Count (\d+)", data)[-1]  # each drawing is appended to the last
    assert int(counted) == len(drawn) == 4
    for page in drawn:
        assert page.height_px <= PAGE * page.width_px
    assert b"page 4 of 4" not in data
