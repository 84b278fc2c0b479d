"""The content of a sheet or page before it is laid out: groups of cards, and what is to be known.

Texts are as they are in the archive; whoever lays them out makes them visible and escapes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reidsearch.domain.crops import Pixels

QUERIES_ON_PAGE = 12
"""Query pictures that a page shows: an identity may have hundreds."""


@dataclass(frozen=True, slots=True)
class CardField:
    """One thing that a card says.

    Args:
        name: for people who read the page's source, and for tests.
        text: empty: nothing is known or decided, or it was not asked for.
        lines: how many lines it may take on a sheet.
        whole: what the text is short for, such as the place of a file; empty: nothing.
    """

    name: str
    text: str
    lines: int = 2
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One person in one place, by a picture.

    Args:
        heading: `1 (was 5)`, `tracklet 17`.
        figure: stands opposite the heading, such as a score; empty: none.
        fields: below the heading, in their order.
        crop_ids: whose pictures it shows, the first one large; empty: it has no picture.
        right: whether it shows the right person, where that is known.
        emphasis: `confirmed`, `proposed`, `rejected` or `own`; empty: none of these.
    """

    heading: str
    figure: str
    fields: tuple[CardField, ...]
    crop_ids: tuple[int, ...]
    right: bool | None = None
    emphasis: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Cards under one heading.

    Args:
        heading: empty: the cards need none.
        notes: sentences that stand before the cards.
    """

    heading: str
    cards: tuple[Card, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """A table without pictures, such as decisions; not on a drawn sheet."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class QueryShown:
    """A picture of the person searched for.

    Args:
        name: below the picture.
        pixels: (h, w, 3) uint8 BGR; None: the picture of `crop_id`, or it is not at hand.
        crop_id: of a crop of the archive.
        sha256: of the file that the picture was read from; empty: of none, or not known.
    """

    name: str
    pixels: Pixels | None = None
    crop_id: int | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a sheet or page shows.

    Args:
        of: what it is: `answer`, `identity`, `identities`, `proposals`, `tracklets`, `journey`,
            `nearby`, `company`, `intersection`.
        title: of the whole.
        groups: at least one.
        told: what is to be known, whole: the statement of an answer, caveats of other lists.
        gist: all of that for the narrow panel of a drawn sheet; empty: `told` and `missing`.
        missing: what was not seen or searched, or could not be shown.
        nobody: what stands in place of cards where there are none.
        together: so many cards after each other belong together; a drawn sheet has them in one row.
    """

    of: str
    title: str
    groups: tuple[Group, ...]
    told: tuple[str, ...]
    gist: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    nobody: str = ""
    queries: tuple[QueryShown, ...] = ()
    tables: tuple[Rows, ...] = field(default=())
    together: int = 1

    @property
    def cards(self) -> Sequence[Card]:
        """All cards in their order."""
        return [card for group in self.groups for card in group.cards]

    @property
    def panel(self) -> Sequence[str]:
        """What a drawn sheet says beside its cards."""
        return self.gist or (*self.told, *self.missing)

    @property
    def queries_on_page(self) -> Sequence[QueryShown]:
        """The query pictures that a page shows."""
        return self.queries[:QUERIES_ON_PAGE]

    @property
    def crop_ids(self) -> list[int]:
        """The crops whose pictures a page shows, each once, in the order of the cards."""
        told = [one.crop_id for one in self.queries_on_page if one.crop_id is not None]
        told += [crop_id for card in self.cards for crop_id in card.crop_ids]
        return list(dict.fromkeys(told))
