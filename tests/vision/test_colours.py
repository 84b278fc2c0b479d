"""Colours have the names that people give them, whatever the pixel; patches are voted on."""

from __future__ import annotations

import numpy as np
import pytest

from reidsearch.base.errors import UsageError
from reidsearch.domain.attributes import (
    COLOURS,
    THINGS,
    Attributes,
    columns_of,
    require_things,
    worn,
)
from reidsearch.output.hints import advice
from reidsearch.vision.attributes.colours import named, shares

# CSS names what these are: aqua and the like, on which people do not agree, are left out.
CSS = {
    "black": "000000 1a1a1a 202028",
    "grey": "808080 696969 a9a9a9",
    "white": "ffffff f5f5f5 fffafa",
    "red": "ff0000 8b0000 b22222 dc143c 800000",
    "orange": "ffa500 ff8c00 ff7f27",
    "yellow": "ffff00 ffd700 f0e040",
    "green": "008000 00ff00 228b22 2e8b57",
    "blue": "0000ff 000080 4169e1 87ceeb 1e90ff 191970",
    "purple": "800080 6a0dad 9932cc",
    "pink": "ffc0cb ff69b4 ffb6c1",
    "brown": "8b4513 654321 a0522d d2b48c",
}


def bgr(code: str) -> list[int]:
    return [int(code[start : start + 2], 16) for start in (4, 2, 0)]


@pytest.mark.parametrize("name", CSS)
def test_well_known_colours(name):
    pixels = np.array([bgr(code) for code in CSS[name].split()], np.uint8)
    assert {COLOURS[place] for place in named(pixels)} == {name}


def test_every_pixel_has_a_name():
    steps = np.arange(0, 256, 5, dtype=np.uint8)
    pixels = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3)
    found = named(pixels)
    assert found.min() >= 0
    assert set(found.tolist()) == set(range(len(COLOURS)))


def test_a_patch_counts_pixels_and_does_not_mix_them():
    picture = np.full((160, 80, 3), 255, np.uint8)
    picture[40:60, :40] = bgr("0000ff")
    picture[40:60, 40:] = bgr("ff0000")
    told = dict(zip(COLOURS, shares(picture, 0.5, 50 / 160).tolist(), strict=True))
    assert told["red"] + told["blue"] == pytest.approx(20 / 21)  # one row of white
    assert told["red"] == pytest.approx(20 / 21 * 7 / 13)
    assert told["purple"] == 0


@pytest.mark.parametrize("point", [(0, 0), (1, 1), (0, 1), (0.5, 1), (1, 0.3)])
def test_a_patch_at_the_edge_is_smaller(point):
    picture = np.full((160, 80, 3), bgr("008000"), np.uint8)
    assert shares(picture, *point)[COLOURS.index("green")] == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("red", (("upper", "lower"), ("red",))),
        ("upper:red", (("upper",), ("red",))),
        ("lower:black,blue,black", (("lower",), ("black", "blue"))),
    ],
)
def test_what_is_worn_is_read(text, expected):
    assert worn(text) == expected


@pytest.mark.parametrize("text", ["", "Red", "mauve", "upper:", ":red", "feet:red", "red,,blue"])
def test_what_is_no_colour_is_refused_with_those_that_are(text):
    with pytest.raises(UsageError, match="clothing") as refused:
        worn(text)
    assert "purple" in advice(refused.value)


def test_unknown_things_are_refused():
    require_things(THINGS)
    for name in ("umbrella", "male", "is_male", "Hat", ""):
        with pytest.raises(UsageError, match="no attribute") as refused:
            require_things(["hat", name])
        assert "long-hair" in advice(refused.value)


def row(backpack: float, **upper: float) -> list[float]:
    colours = [upper.get(colour, 0.0) for colour in COLOURS]
    lower = [float(colour == "black") for colour in COLOURS]
    return [0.0, backpack, 0.0, 1.0, 0.5, *colours, *lower]


def test_means_and_agreement():
    rows = np.array(
        [row(0.9, red=0.8, grey=0.2), row(0.4, red=0.4, grey=0.6), row(0.8, red=1.0)], np.float32
    )
    told = Attributes.mean(rows)
    assert told.crops == 3
    assert told.things["backpack"] == pytest.approx(0.7)
    assert [thing for thing, _ in told.present()] == ["backpack", "long-trousers", "long-hair"]
    assert told.colour("upper") == ("red", pytest.approx(2.2 / 3))
    assert told.colour("lower") == ("black", 1.0)
    assert told.agreement["backpack"] == pytest.approx(2 / 3)
    assert told.agreement["upper"] == pytest.approx(2 / 3)
    assert told.agreement["long-hair"] == 1
    assert sum(told.colours["upper"].values()) == pytest.approx(1)
    assert columns_of("lower").stop == rows.shape[1]
