"""Who may have been at several places, as content of sheets and pages."""

from __future__ import annotations

from reidsearch.domain.intersection import Intersection
from reidsearch.output.intersection import (
    intersection_missing,
    intersection_rests_on,
    link_text,
    title_of,
)
from reidsearch.output.pages.people import presence_card
from reidsearch.output.shown import Group, Shown


def intersection_shown(found: Intersection) -> Shown:
    """Return what is shown: a group for each chain, a card for each place."""
    groups = [
        Group(
            f"Chain {number}: weakest score {chain.weakest.score:.3f}",
            tuple(
                presence_card(
                    one,
                    one.member.text,
                    said=f"confirmed as {named.name}" if named else "",
                    heading=f"place {place}",
                )
                for place, (one, named) in enumerate(
                    zip(chain.seen, chain.identities, strict=True), start=1
                )
            ),
            tuple(link_text(link) for link in chain.links),
        )
        for number, chain in enumerate(found.chains, start=1)
    ]
    return Shown(
        of="intersection",
        title=title_of(found),
        groups=tuple(groups) or (Group("", ()),),
        told=tuple(intersection_rests_on(found)),
        missing=tuple(intersection_missing(found.statement)),
        nobody="Nobody can have been at all of these places.",
    )
