"""What the pages of asking, of an answer and of a comparison share: one address for all three."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from msgspec import Meta

from reidsearch.domain.query_views import QueryView
from reidsearch.web.api.asked import CropId, SearchAsked, pairs_of, views_of
from reidsearch.web.call import Call

ASK, ANSWER, COMPARE = "/ask", "/answer", "/compare"
ORDERS = ("rank", "time", "camera")


class PageAsked(SearchAsked, frozen=True, kw_only=True):
    """A search, and how it is looked at; each page keeps what the others need.

    Args:
        order: of the matches.
        deciding: name or number of the identity that matches are confirmed as.
        look: a picture or frame of which somebody is to be chosen: `3@15.5`, or a SHA-256.
        source_id, at: the same as `look`, from fields of a form.
        match: that is compared.
        view: the number of the view of the query that is compared, from 0.
    """

    order: Literal["rank", "time", "camera"] = "rank"
    deciding: Annotated[str, Meta(min_length=1, max_length=1_000)] | None = None
    look: Annotated[str, Meta(max_length=200)] | None = None
    source_id: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None
    at: Annotated[float, Meta(ge=0, le=1e9)] = 0.0
    match: CropId | None = None
    view: Annotated[int, Meta(ge=0, le=10_000)] = 0


class Links:
    """Addresses of pages that keep the search."""

    def __init__(self, asked: PageAsked) -> None:
        self.asked = asked

    def __call__(self, path: str, **changed: Any) -> str:
        """Return the address of a page for the same search, with some of it changed."""
        pairs = pairs_of(self.asked, **changed)
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def pairs(self, **changed: Any) -> list[tuple[str, str]]:
        """Return the search as hidden fields of a form."""
        return pairs_of(self.asked, **changed)

    def with_one(self, path: str, name: str, value: Any, **changed: Any) -> str:
        """Return the address with one more value of a list."""
        held = getattr(self.asked, name)
        more = held if value in held else (*held, value)
        return self(path, **{name: more}, **changed)

    def without(self, path: str, name: str, value: Any = None, **changed: Any) -> str:
        """Return the address without one value of a list, or without a field."""
        held = getattr(self.asked, name)
        if isinstance(held, tuple):
            return self(path, **{name: tuple(one for one in held if one != value)}, **changed)
        return self(path, **{name: False if held is True else None}, **changed)

    def marked(self, path: str, crop_id: int, *, like: bool) -> str:
        """Return the address with a match liked or unliked; the same again takes it back."""
        likes, unlikes = self.asked.like, self.asked.unlike
        held, other = (likes, unlikes) if like else (unlikes, likes)
        kept = tuple(one for one in held if one != crop_id)
        one = kept if crop_id in held else (*kept, crop_id)
        two = tuple(item for item in other if item != crop_id)
        # What feedback refined is no likelihood ratio, so it is shown apart from place and time.
        apart = {"combined": False, "space_time": True} if self.asked.combined else {}
        return self(path, like=one if like else two, unlike=two if like else one, **apart)


def image_of(view: QueryView, *, whole: bool = False) -> str:
    """Return the address of the picture of a view: the person alone, or all of it."""
    name = "picture" if view.sha256 else "frame"
    return f"/api/v1/views?{name}={quote(view.text, safe=':,@')}" + ("&all=true" if whole else "")


def query_images(call: Call, asked: PageAsked, crop_ids: tuple[int, ...] = ()) -> list[Any]:
    """Return what is searched with, each with its picture: views first, then crops.

    Args:
        crop_ids: of the query's identity, those that may be seen.
    """
    views = [
        {"image": image_of(view), "text": view.text, "view": view, "crop_id": None}
        for view in views_of(asked)
    ]
    seen = call.sight.crops([*asked.crop, *crop_ids])
    crops = dict.fromkeys(one for one in (*asked.crop, *crop_ids) if one in seen)
    return [
        *views,
        *(
            {"image": crop_image(one), "text": str(one), "view": None, "crop_id": one}
            for one in crops
        ),
    ]


def crop_image(crop_id: int) -> str:
    """Return the address of a crop's picture."""
    return f"/api/v1/crops/{crop_id}/picture"


def filter_chips(asked: PageAsked, links: Links, path: str) -> list[dict[str, str]]:
    """Return the filters in force, each with the address without it."""
    chips = []
    for name in (
        "camera",
        "not_camera",
        "after",
        "before",
        "time_of_day",
        "weekday",
        "indexed_after",
        "unreviewed",
        "no_identity",
        "region",
        "crossing",
        "direction",
        "dwell_s",
        "spread",
        "source",
        "wearing",
        "carrying",
        "not_carrying",
        "min_score",
        "max_false_alarms",
        "space_time",
        "combined",
    ):
        held = getattr(asked, name)
        values = held if isinstance(held, tuple) else [] if held in (None, False) else [held]
        chips += [
            {
                "name": name,
                "value": "" if one is True else str(one),
                "without": links.without(path, name, one),
            }
            for one in values
        ]
    return chips
