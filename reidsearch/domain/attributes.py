"""The nouns of attributes: what somebody wears and carries, as far as a picture shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import UsageError

COLOURS = (
    "black", "grey", "white", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown",
)  # fmt: skip
"""The eleven basic colour terms (Berlin and Kay, 1969)."""

PARTS = ("upper", "lower")
"""Of the body."""

THINGS = ("bag", "backpack", "hat", "long-trousers", "long-hair")
"""What the model tells apart well enough (docs/explanation/attributes.md says what not)."""

NAMES = (*THINGS, *(f"{part}:{colour}" for part in PARTS for colour in COLOURS))
"""All values of one crop, in the order of every array of them."""

PRESENT = 0.5
"""A thing is there from this confidence on, as the model's card says."""

FOUND_AGAIN = {
    "bag": (0.44, 0.59),
    "backpack": (0.54, 0.54),
    "hat": (0.0, 0.24),
    "long-trousers": (0.79, 0.89),
    "long-hair": (0.73, 0.81),
    "upper": (0.46, 0.68),
    "lower": (0.46, 0.81),
}
"""Of those for whom one camera's picture says so, the share for whom another camera's picture does:
on the two labelled sets of docs/explanation/attributes.md. More are misjudged by a filter."""

WORN = 0.25
"""A colour is worn when it has at least this share of the part: who wears two is found by both."""

Values: TypeAlias = NDArray[np.float32]
"""(len(NAMES),) or (n, len(NAMES)) float32 in [0, 1]; the colours of a part sum to 1."""


def columns_of(part: str) -> slice:
    """Where the colours of a part stand in `Values`."""
    start = len(THINGS) + PARTS.index(part) * len(COLOURS)
    return slice(start, start + len(COLOURS))


@dataclass(frozen=True, slots=True)
class Asked:
    """The attribute filters of a request; see `domain.request.Filters`."""

    wearing: tuple[str, ...] = ()
    with_things: tuple[str, ...] = ()
    without_things: tuple[str, ...] = ()

    def about(self) -> list[str]:
        """Return the things and parts of the body that are asked for, each once."""
        parts = [part for text in self.wearing for part in worn(text)[0]]
        return list(dict.fromkeys([*parts, *self.with_things, *self.without_things]))

    def confidence(self, attributes: Attributes) -> float:
        """Return how sure it is that all is met: the least of what is said of each filter.

        Of a thing that is its confidence (of one that has to be absent what is left to 1), of
        colours their share of the part that has most of them.
        """
        told = [
            max(sum(attributes.colours[part][name] for name in names) for part in parts)
            for parts, names in map(worn, self.wearing)
        ]
        told += [attributes.things[thing] for thing in self.with_things]
        told += [1.0 - attributes.things[thing] for thing in self.without_things]
        return min(told)

    def met_by(self, rows: Values) -> dict[str, int]:
        """Return how many crops, (n, len(NAMES)), meet each filter by themselves."""
        met = {}
        for text in self.wearing:
            parts, colours = worn(text)
            chosen = [COLOURS.index(colour) for colour in colours]
            shares = [rows[:, columns_of(part)][:, chosen].sum(axis=1) for part in parts]
            met[f"wearing {text}"] = int((np.max(shares, axis=0) >= WORN).sum())
        for word, things, wanted in (
            ("with", self.with_things, True),
            ("without", self.without_things, False),
        ):
            for thing in things:
                has = rows[:, THINGS.index(thing)] >= PRESENT
                met[f"{word} {thing}"] = int((has == wanted).sum())
        return met


@dataclass(frozen=True, slots=True)
class Attributes:
    """What was recorded of one person in one tracklet, or of one crop without a tracklet.

    Args:
        crops: how many crops it is the mean of.
        things: confidence in [0, 1] for each of `THINGS`.
        colours: part -> colour -> its share of the part, in [0, 1].
        agreement: for each thing and part, the share of crops that say the same as the mean.
        matched: for each filter that was asked for, as `Asked` names it, how many of the crops
            meet it by themselves.
    """

    crops: int
    things: Mapping[str, float]
    colours: Mapping[str, Mapping[str, float]]
    agreement: Mapping[str, float]
    matched: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def mean(cls, rows: Values, asked: Asked = Asked()) -> Attributes:
        """Return the mean over one or more crops, (n, len(NAMES))."""
        means = rows.mean(axis=0, dtype=np.float64)
        agreement = {
            thing: float(np.mean((rows[:, column] >= PRESENT) == (means[column] >= PRESENT)))
            for column, thing in enumerate(THINGS)
        }
        colours: dict[str, dict[str, float]] = {}
        for part in PARTS:
            columns = columns_of(part)
            shares = means[columns]
            agreement[part] = float(np.mean(rows[:, columns].argmax(axis=1) == shares.argmax()))
            colours[part] = dict(zip(COLOURS, shares.tolist(), strict=True))
        things = dict(zip(THINGS, means[: len(THINGS)].tolist(), strict=True))
        return cls(len(rows), things, colours, agreement, asked.met_by(rows))

    def colour(self, part: str) -> tuple[str, float]:
        """The main colour of a part and its share; of equal ones the first of `COLOURS`."""
        shares = self.colours[part]
        name = max(COLOURS, key=lambda colour: shares[colour])
        return name, shares[name]

    def worn(self, text: str) -> list[tuple[str, tuple[str, ...], float]]:
        """Return by which parts a filter as `worn` reads it is met: part, colours, their share."""
        parts, colours = worn(text)
        shares = (
            (part, colours, sum(self.colours[part][colour] for colour in colours)) for part in parts
        )
        return [(part, names, share) for part, names, share in shares if share >= WORN]

    def present(self) -> list[tuple[str, float]]:
        """The things that are there, with their confidence."""
        return [(thing, value) for thing, value in self.things.items() if value >= PRESENT]


def worn(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read `red`, `upper:red` or `lower:black,blue`.

    Returns:
        The parts of which one has to be of one of the colours, and the colours.

    Raises:
        UsageError: there is no such part or colour.
    """
    part, colon, names = text.rpartition(":")
    colours = tuple(dict.fromkeys(names.split(",")))
    if colon and part not in PARTS:
        raise UsageError(f"clothing {text!r}: {part!r} is not a part of the body", _HINT)
    for colour in colours:
        if colour not in COLOURS:
            raise UsageError(f"clothing {text!r}: no colour is named {colour!r}", _HINT)
    return (part,) if colon else PARTS, colours


def require_things(names: Sequence[str]) -> None:
    """Refuse what nobody has looked for.

    Raises:
        UsageError: there is no such thing.
    """
    for name in names:
        if name not in THINGS:
            raise UsageError(f"no attribute is named {name!r}", f"attributes: {', '.join(THINGS)}")


_HINT = f"COLOUR, upper:COLOUR or lower:COLOUR, with one or more of {', '.join(COLOURS)}"
