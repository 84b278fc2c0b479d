"""Who is in a camera, a source, an hour: tracklets as best shots, filtered by the address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from reidsearch.domain.attributes import COLOURS, PARTS, THINGS
from reidsearch.output.times import shifted
from reidsearch.web.api import tracklets
from reidsearch.web.api.tracklets import TrackletsAsked
from reidsearch.web.call import Call
from reidsearch.web.declared import Page, Values

PATH = "/browse"
LIMITS = (100, 200, 500)
SORTS = ("time", "size", "duration", "confidence")
_ORDER = frozenset({"sort", "reverse", "limit", "cursor"})
_TIMES = frozenset({"after", "before"})


class Asked(TrackletsAsked, frozen=True):
    """The filters of the API; a page shows more at once."""

    limit: tracklets.Limit = 200


def browse(call: Call, asked: Asked) -> Values:
    """Return what the page shows."""
    told = tracklets.every(call, asked)
    names = call.sight.names()
    nothing = Asked()
    return {
        "told": told,
        "statement": told["statement"],
        "asked": asked,
        "chips": _chips(asked),
        "next": _address(asked, cursor=told["next"]) if told["next"] else None,
        "first": _address(asked, cursor=None) if asked.cursor else None,
        "clear": _address(nothing, sort=asked.sort, reverse=asked.reverse, limit=asked.limit),
        "cameras": [one for one in call.archive.browse.cameras() if call.sight.camera(one)],
        "identities": sorted(names.items(), key=lambda one: (one[1].casefold(), one[0])),
        "parts": PARTS,
        "colours": COLOURS,
        "things": THINGS,
        "sorts": SORTS,
        "limits": sorted({*LIMITS, asked.limit}),
        "local": {name: _local(told["statement"]["filters"][name]) for name in _TIMES},
        "marks": call.identities.marks_of_crops(item["crop_id"] for item in told["items"]),
        "strips": {item["crop_id"]: _strip(item) for item in told["items"]},
    }


def _chips(asked: Asked) -> list[dict[str, Any]]:
    """Return the filters in force, each with the address without it."""
    chips = []
    for name, value in _given(asked):
        if name in _ORDER:
            continue
        for one in value if isinstance(value, tuple) else (value,):
            rest = tuple(it for it in value if it != one) if isinstance(value, tuple) else None
            without = False if isinstance(value, bool) else rest
            told = "" if isinstance(one, bool) else f"{one:g}" if isinstance(one, float) else one
            chips.append({"name": name, "value": told, "href": _address(asked, **{name: without})})
    return chips


def _given(asked: Asked) -> list[tuple[str, Any]]:
    """Return what is not as it is where nothing is asked for."""
    plain = Asked()
    return [
        (name, getattr(asked, name))
        for name in asked.__struct_fields__
        if getattr(asked, name) != getattr(plain, name)
    ]


def _address(asked: Asked, **changes: Any) -> str:
    """Return the address of the page with changes; other filters begin at the first page."""
    changed = msgspec.structs.replace(asked, **({"cursor": None} | changes))
    pairs = [
        (name, str(one).lower() if isinstance(one, bool) else one)
        for name, value in _given(changed)
        for one in (value if isinstance(value, tuple) else (value,))
    ]
    return f"{PATH}?{urlencode(pairs)}" if pairs else PATH


def _local(time: str | None) -> str:
    """Return a time as fields of forms take it, in the zone that times are shown in."""
    if time is None:
        return ""
    return f"{shifted(dt.datetime.fromisoformat(time)):%Y-%m-%dT%H:%M:%S}"


def _strip(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what plays when somebody points at an item: its best shots in order, its footage."""
    seen = item["tracklet"]
    if seen is None:
        return {"crops": (), "play": None}
    crops: Sequence[int] = sorted(seen["crop_ids"])
    here = (seen["first_s"], seen["last_s"])
    part = next(one for one in seen["parts"] if (one["first_s"], one["last_s"]) == here)
    play = {"source": part["source_id"], "from": seen["first_s"], "to": seen["last_s"]}
    return {"crops": crops, "play": play}


PAGES = (Page(PATH, browse, "browse.html", takes=Asked, menu="browse"),)
