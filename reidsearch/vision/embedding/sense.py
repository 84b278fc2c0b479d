"""Whether a model's embeddings have anything to do with the pictures; for models that are not of
the catalogue.

Six synthetic people of clearly different clothes, each in four nearly equal pictures. Genuine
re-identification models give the pictures of one person 0.97 and those of different people 0.5 on
average; a model that answers alike to everything, or without regard to the picture, gives both the
same, and untrained convolutions 0.99 and 0.97.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reidsearch.base.errors import Kind, ModelError, absent
from reidsearch.domain.crops import Pixels
from reidsearch.domain.separation import Separation, separation_of
from reidsearch.vision.embedding.embedder import Embedder
from reidsearch.vision.embedding.golden import key, vectors

HEIGHT_PX, WIDTH_PX = 256, 128
REPEATED = 0.99
"""The least cosine of two answers to one picture."""
ALIKE = 0.5
"""The least mean cosine of nearly equal pictures."""
BLIND, DOUBTED = 0.01, 0.1
"""How much more alike the pictures of one person are than those of different people: below the
first a model is refused, below the second it is doubted."""
# Upper body, lower body: BGR.
_CLOTHES = (
    ((200, 30, 30), (40, 40, 40)),
    ((30, 160, 30), (150, 60, 20)),
    ((20, 30, 190), (190, 190, 190)),
    ((210, 210, 210), (20, 20, 20)),
    ((30, 30, 30), (30, 60, 160)),
    ((20, 200, 220), (120, 40, 120)),
)


@dataclass(frozen=True, slots=True)
class Sense:
    """How a model tells synthetic people apart.

    Args:
        pairs: of pictures of one person, and of different people.
        repeated: the least cosine of the same picture, embedded twice.
    """

    pairs: Separation
    repeated: float

    @property
    def same(self) -> float:
        """The mean cosine of pictures of one person."""
        return self.pairs.same

    @property
    def different(self) -> float:
        """The mean cosine of pictures of different people."""
        return self.pairs.different

    @property
    def fault(self) -> str:
        """Why such embeddings are of no use; empty: nothing speaks against them."""
        if not self.repeated >= REPEATED:
            return (
                f"it answers differently to one and the same picture (cosine {self.repeated:.3f})"
            )
        if not (self.same >= ALIKE and self.same - self.different >= BLIND):
            return (
                "its embeddings hardly depend on what pictures show: those of one synthetic person "
                f"have a cosine of {self.same:.3f}, of different ones {self.different:.3f}"
            )
        return ""

    @property
    def doubt(self) -> str:
        """What speaks against such embeddings without being sure; empty: nothing does."""
        if self.fault or self.same - self.different >= DOUBTED:
            return ""
        return (
            f"it hardly tells synthetic people apart: pictures of one have a cosine of "
            f"{self.same:.3f}, of different ones {self.different:.3f}; trained models have 0.97 "
            "and 0.5"
        )


def sense(embedder: Embedder) -> Sense:
    """Embed the synthetic people, and compare."""
    drawn = [_views(person) for person in range(len(_CLOTHES))]
    rows = embedder.embed([picture for views in drawn for picture in views])
    again = embedder.embed([views[0] for views in drawn])
    who = np.repeat(np.arange(len(drawn)), len(drawn[0]))
    cosines = rows @ rows.T
    upper = np.triu(np.ones_like(cosines, dtype=bool), 1)
    same = who[:, None] == who
    firsts = rows[:: len(drawn[0])]
    pairs = separation_of(cosines[upper & same], cosines[upper & ~same])
    if pairs is None:
        raise absent("pairs of synthetic people")
    return Sense(pairs, repeated=float((firsts * again).sum(axis=1).min()))


def require_sense(embedder: Embedder) -> str:
    """Refuse a model whose embeddings say nothing of the pictures; return a doubt, or nothing.

    Of models with golden vectors, it is known what they answer (`golden.diagnose`).

    Raises:
        ModelError: naming the fault.
    """
    if key(embedder.identity) in vectors():
        return ""
    found = sense(embedder)
    require_sight(embedder.identity.name, found)
    return f"{embedder.identity.name}: {found.doubt}" if found.doubt else ""


def require_sight(name: str, found: Sense) -> None:
    """Refuse a model whose embeddings say nothing of the pictures.

    Raises:
        ModelError: naming the fault.
    """
    if found.fault:
        raise ModelError(
            f"{name} is of no use for a search: {found.fault}",
            "give a trained re-identification model",
            kind=Kind.MODEL_BLIND,
        )


def _views(person: int) -> list[Pixels]:
    """One person: as drawn, moved a little, in more light, and cut closer."""
    first = _figure(person)
    return [first, _figure(person, right=3), _figure(person, light=10), first[4:, 2:].copy()]


def _figure(person: int, right: int = 0, light: int = 0) -> Pixels:
    """A figure before a wall; integers only, so it is the same everywhere."""
    y, x = np.mgrid[:HEIGHT_PX, :WIDTH_PX].astype(np.int64)
    x = x - right
    upper, lower = (np.array(colour, np.int64) for colour in _CLOTHES[person])
    grain = ((x * 7919 + y * 104729 + person * 1299709) * 48271 % 2147483647 >> 8) % 24
    u = x - WIDTH_PX // 2
    wall = np.array((90 + 13 * person, 120 - 9 * person, 100 + 7 * person), np.int64)
    picture: NDArray[np.int64] = wall + grain[..., None]
    stripes = (y // (3 + person) % 2 * 25)[..., None]
    folds = (x // (2 + person) % 2 * 20)[..., None]
    body = (abs(u) < 34) & (y > 46) & (y < 145)
    legs = (abs(u) < 28) & (abs(u) > 4) & (y >= 145) & (y < 246)
    head = (u * 18) ** 2 + ((y - 28) * 14) ** 2 < (18 * 14) ** 2
    picture = np.where(body[..., None], upper + stripes, picture)
    picture = np.where(legs[..., None], lower + folds, picture)
    picture = np.where(head[..., None], np.array((110, 140, 195)) - 8 * person, picture)
    drawn: Pixels = np.clip(picture + light, 0, 255).astype(np.uint8)
    return drawn
