"""The sheet of a review: numbered items beside the reference pictures, and nothing else of them.

Neither crops nor cameras, times, scores or decisions are on it: a crop's number would be enough to
look up the rest. Pictures have numbers of their own, made of the item's.
"""

from __future__ import annotations

from collections.abc import Callable

from reidsearch.domain.review import Review, ReviewItem
from reidsearch.output.imprint import Imprint
from reidsearch.output.pages.html import Addresses, data_address, page_html
from reidsearch.output.shown import Card, Group, QueryShown, Shown
from reidsearch.output.visible import count

SHOTS = 3


def review_shown(review: Review) -> Shown:
    """Return what is shown of a review, with pictures numbered as `pictures` has them."""
    gone = [str(one.place) for one in review.asked if one.gone]
    return Shown(
        of="review",
        title=f"Review {review.review_id}: {count(len(review.asked), 'item')}",
        groups=(Group("", tuple(_card(one) for one in review.asked)),),
        told=(
            "Does the item show the person of the reference pictures? Answer each by its number: "
            "same, different, or cannot-tell.",
            *(["Some items are known to show somebody else."] if review.fillers else []),
        ),
        missing=(f"Erased since the review was started: {', '.join(gone)}.",) if gone else (),
        queries=tuple(
            QueryShown(f"reference {number}", crop_id=picture)
            for number, picture in enumerate(
                (each for one in review.references for each in _numbers(one)), start=1
            )
        ),
    )


def pictures(review: Review) -> dict[int, int]:
    """Return number of a picture -> the crop that it shows."""
    return {
        number: crop_id
        for one in review.items
        for number, crop_id in zip(_numbers(one), one.crop_ids, strict=False)
    }


def review_page(review: Review, picture: Callable[[int], bytes], imprint: Imprint) -> bytes:
    """Lay out the sheet as one HTML file.

    Args:
        picture: the JPEG of a crop.
    """
    shown = review_shown(review)
    inside = {number: data_address(picture(crop)) for number, crop in pictures(review).items()}
    addresses = Addresses(
        crops=inside,
        queries=[inside.get(one.crop_id or 0, "") for one in shown.queries_on_page],
        clips={},
        inside=True,
        blind=True,
    )
    return page_html(shown, imprint, addresses, missing=(), evidence=())


def _card(item: ReviewItem) -> Card:
    return Card(heading=str(item.place), figure="", fields=(), crop_ids=tuple(_numbers(item)))


def _numbers(item: ReviewItem) -> range:
    """Return the numbers of an item's pictures; those of references are negative."""
    shots = min(SHOTS, len(item.crop_ids))
    first = 10 * item.place
    return range(first, first + shots) if item.place > 0 else range(first, first - shots, -1)
