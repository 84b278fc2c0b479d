"""What a drawn person wears: all that stays with them from camera to camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

Colour: TypeAlias = tuple[int, int, int]
"""Blue, green, red, 0 to 255."""

# Far enough apart that a change of lighting does not turn one into another.
CLOTH: tuple[Colour, ...] = (
    (38, 34, 32), (236, 236, 232), (132, 130, 126), (96, 42, 28), (190, 110, 40),
    (225, 185, 120), (130, 130, 20), (70, 130, 40), (40, 105, 110), (50, 205, 235),
    (40, 130, 240), (45, 40, 205), (45, 25, 110), (175, 130, 240), (140, 50, 110),
    (45, 75, 125), (165, 200, 220),
)  # fmt: skip
# Dark and plain colours are worn most, so that many people share them, as in a real street.
_COMMON = np.array((5, 3, 3, 4, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 2, 2), np.float64)
WORN = _COMMON / _COMMON.sum()
SKIN: tuple[Colour, ...] = (
    (180, 205, 240), (150, 180, 225), (110, 150, 200), (80, 110, 165), (50, 75, 115), (38, 52, 80),
)  # fmt: skip
HAIR: tuple[Colour, ...] = (
    (25, 22, 22), (35, 45, 65), (45, 75, 115), (110, 165, 205), (40, 75, 150), (175, 175, 175),
)  # fmt: skip

TOPS = ("t-shirt", "pullover", "jacket", "coat", "hoodie")
PATTERNS = ("plain", "plain", "stripes", "two-tone", "logo", "checks")
BOTTOMS = ("trousers", "trousers", "trousers", "shorts", "skirt")
BAGS = ("none", "none", "backpack", "shoulder bag", "handbag")
HATS = ("none", "none", "none", "cap", "beanie")
HAIRCUTS = ("short", "long", "bun", "bald")


@dataclass(frozen=True, slots=True)
class Clothes:
    """One person's looks; `height` and `build` are shares of the usual."""

    skin: Colour
    hair: Colour
    haircut: str
    top: str
    top_colour: Colour
    pattern: str
    second_colour: Colour
    bottom: str
    bottom_colour: Colour
    shoe_colour: Colour
    bag: str
    bag_colour: Colour
    bag_left: bool
    hat: str
    hat_colour: Colour
    height: float
    build: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Clothes:
        """A person at random; two people may well share a colour, seldom a whole outfit."""

        def cloth() -> Colour:
            return CLOTH[rng.choice(len(CLOTH), p=WORN)]

        top = cloth()
        return cls(
            skin=SKIN[rng.integers(len(SKIN))],
            hair=HAIR[rng.integers(len(HAIR))],
            haircut=str(rng.choice(HAIRCUTS, p=(0.4, 0.35, 0.15, 0.1))),
            top=str(rng.choice(TOPS)),
            top_colour=top,
            pattern=str(rng.choice(PATTERNS)),
            second_colour=CLOTH[(CLOTH.index(top) + rng.integers(3, 14)) % len(CLOTH)],
            bottom=str(rng.choice(BOTTOMS)),
            bottom_colour=cloth(),
            shoe_colour=cloth(),
            bag=str(rng.choice(BAGS)),
            bag_colour=cloth(),
            bag_left=bool(rng.integers(2)),
            hat=str(rng.choice(HATS)),
            hat_colour=cloth(),
            height=float(rng.uniform(0.92, 1.0)),
            build=float(rng.uniform(0.88, 1.18)),
        )
