"""A search as a caller asks for it: in an address, or as a JSON body; both say the same."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from msgspec import Meta, structs

from reidsearch.base.errors import Refused, UsageError
from reidsearch.base.time_of_day import TimeOfDay
from reidsearch.base.timecode import at_local, only_once, parse_time
from reidsearch.base.weekdays import Weekdays
from reidsearch.domain.filters import LONGEST_RUN, LONGEST_S
from reidsearch.domain.places import Direction, Line, Region
from reidsearch.domain.query_views import QueryView
from reidsearch.domain.request import Filters, Order, SearchRequest
from reidsearch.web.call import Call
from reidsearch.web.declared import Given

MOST_VIEWS = 20
MOST_MATCHES = 1_000
MOST_CROPS = 1_000

Text = Annotated[str, Meta(min_length=1, max_length=1_000)]
Texts = Annotated[tuple[Text, ...], Meta(max_length=100)]
CropId = Annotated[int, Meta(ge=1, le=2**63 - 1)]
CropIds = Annotated[tuple[CropId, ...], Meta(max_length=MOST_CROPS)]
Views = Annotated[tuple[Text, ...], Meta(max_length=MOST_VIEWS)]


class FiltersAsked(Given, frozen=True):
    """Which part of the archive is asked about: the domain's `Filters`."""

    camera: Annotated[Texts, Meta(description="Only these cameras.")] = ()
    not_camera: Texts = ()
    after: Annotated[
        Text | None, Meta(description="From this time on; without a zone in the archive's own.")
    ] = None
    before: Text | None = None
    time_of_day: Annotated[
        Text | None, Meta(description="Hours of every day in the archive's zone: `22:00-06:00`.")
    ] = None
    weekday: Annotated[
        Text | None, Meta(description="Days in the archive's zone: `mon-fri`, `sat,sun`.")
    ] = None
    indexed_after: Annotated[
        Text | None, Meta(description="Indexed since this time, or after the run of this number.")
    ] = None
    unreviewed: Annotated[bool, Meta(description="Only what is not decided.")] = False
    no_identity: Annotated[bool, Meta(description="Only what is confirmed of no identity.")] = False
    region: Annotated[
        Texts,
        Meta(description="Who was in one of these: a kept name, or `gate:0,0.5 1,0.5 1,1`."),
    ] = ()
    crossing: Annotated[
        Texts, Meta(description="Who crossed one of these lines: a name, or `gate:0.5,0 0.5,1`.")
    ] = ()
    direction: Annotated[
        Literal["in", "out"] | None,
        Meta(description="In: to the right of who faces along the line."),
    ] = None
    dwell_s: Annotated[
        Annotated[float, Meta(gt=0, le=LONGEST_S)] | None,
        Meta(description="Who stayed so long: in a region asked for, else in view."),
    ] = None
    source: Annotated[Texts, Meta(description="Parts of a location, or a SHA-256.")] = ()
    exclude: Annotated[CropIds, Meta(description="Crops to leave out.")] = ()
    wearing: Annotated[Texts, Meta(description="`red`, `upper:red`, `lower:black`.")] = ()
    carrying: Annotated[Texts, Meta(description="`backpack`, `bag`, `hat`, ...")] = ()
    not_carrying: Texts = ()


class SearchAsked(FiltersAsked, frozen=True):
    """Whom to find, where, and how: the domain's `SearchRequest`, with pictures by address."""

    picture: Annotated[
        Views,
        Meta(
            description="Kept pictures: `SHA256`; `SHA256:2` is the second person from the left, "
            "`SHA256:x1,y1,x2,y2` a box, `SHA256:whole` all of it."
        ),
    ] = ()
    frame: Annotated[
        Views, Meta(description="Frames of sources: `3@15.5`, `3@15.5:2`, `3@15.5:x1,y1,x2,y2`.")
    ] = ()
    crop: Annotated[CropIds, Meta(description="Stored crops.")] = ()
    identity: Annotated[Text | None, Meta(description="All its confirmed crops.")] = None
    new_only: Annotated[bool, Meta(description="Leave out what is confirmed of it.")] = False
    k: Annotated[int, Meta(ge=1, le=MOST_MATCHES, description="Matches at most.")] = 50
    min_score: Annotated[float, Meta(ge=-1, le=1)] | None = None
    max_false_alarms: Annotated[float, Meta(gt=0)] | None = None
    prior: Annotated[float, Meta(gt=0, lt=1)] | None = None
    grouped: Annotated[bool, Meta(description="One match a tracklet.")] = True
    exact: bool = False
    reranked: bool = True
    adjusted: bool = True
    query_camera: Annotated[Text | None, Meta(description="That took the pictures.")] = None
    like: Annotated[CropIds, Meta(description="Matches that show the person.")] = ()
    unlike: Annotated[CropIds, Meta(description="Matches that show somebody else.")] = ()
    sort: Annotated[
        Literal["score", "time"], Meta(description="How the k best stand; ranks stay.")
    ] = "score"
    spread: Annotated[
        Annotated[int, Meta(ge=1, le=MOST_MATCHES)] | None,
        Meta(description="At most so many matches of each camera."),
    ] = None
    space_time: Annotated[
        bool,
        Meta(description="Tell apart what place and time of each match say, of an identity."),
    ] = False
    combined: Annotated[
        bool,
        Meta(description="Rank by appearance, place and time; refused to rule somebody out."),
    ] = False


def views_of(asked: SearchAsked) -> list[QueryView]:
    """Return the pictures and frames that are asked with. Raises UsageError."""
    return [*map(QueryView.picture, asked.picture), *map(QueryView.frame, asked.frame)]


def require_views(call: Call, views: list[QueryView]) -> None:
    """Refuse frames of sources that whoever asks may not see. Raises NotFound."""
    call.sight.require_sources(one.source_id for one in views if one.source_id is not None)


def request_of(call: Call, asked: SearchAsked, *, read: bool = True) -> SearchRequest:
    """Return what the archive is asked, narrowed to what whoever asks may see.

    Args:
        read: pictures and frames are read; else nothing but crops are in the query.

    Raises:
        PersonUnclear: it is not clear who of several people in a picture is meant.
        NotFound: a picture is not kept, or something is named that is not there.
        UsageError: it makes no sense.
    """
    views = views_of(asked)
    require_views(call, views)
    query: Any = asked.crop
    label = None
    if read and views:
        found = call.archive.asking.query(views, asked.crop)
        query, label = found.pictures, found.label
    camera = asked.query_camera if views else None
    request = SearchRequest(
        query,
        k=asked.k,
        filters=filters_of(call, asked),
        min_score=asked.min_score,
        max_false_alarms=asked.max_false_alarms,
        prior=asked.prior,
        grouped=asked.grouped,
        exact=asked.exact,
        reranked=asked.reranked,
        identity=asked.identity,
        new_only=asked.new_only,
        likes=asked.like,
        unlikes=asked.unlike,
        label=label,
        adjusted=asked.adjusted,
        query_camera=camera if read else None,
        order=Order(asked.sort),
        spread=asked.spread,
        space_time=asked.space_time,
        combined=asked.combined,
    )
    return call.sight.request(request)


def filters_of(call: Call, asked: FiltersAsked) -> Filters:
    """Return the filters that are asked for.

    Times without a zone are the archive's own.

    Raises:
        UsageError: they make no sense.
    """
    return Filters(
        cameras=asked.camera,
        not_cameras=asked.not_camera,
        after=time_asked(call, "after", asked.after),
        before=time_asked(call, "before", asked.before),
        time_of_day=TimeOfDay.read(asked.time_of_day) if asked.time_of_day else None,
        weekdays=Weekdays.read(asked.weekday) if asked.weekday else None,
        **_indexed_after(call, asked.indexed_after),
        unreviewed=asked.unreviewed,
        no_identity=asked.no_identity,
        regions=tuple(map(Region.read, asked.region)),
        crossings=tuple(map(Line.read, asked.crossing)),
        direction=Direction(asked.direction) if asked.direction else None,
        dwell_s=asked.dwell_s,
        sources=asked.source,
        exclude_crops=asked.exclude,
        wearing=asked.wearing,
        with_things=asked.carrying,
        without_things=asked.not_carrying,
    )


def _indexed_after(call: Call, text: str | None) -> dict[str, Any]:
    if text is not None and text.isdecimal() and len(text) < LONGEST_RUN:
        return {"indexed_after_run": int(text)}
    return {"indexed_after": time_asked(call, "indexed_after", text)}


def time_asked(call: Call, name: str, text: str | None) -> dt.datetime | None:
    """Return a time; one without a zone is in that which times are shown in.

    Raises:
        UsageError: it is none, or may be two.
    """
    if text is None:
        return None
    try:
        if call.state.zone is None and (local := _without_zone(text)) is not None:
            return only_once(at_local(local, None), text)
        return parse_time(text, call.state.zone)
    except Refused as refused:
        raise refused.reworded(f"{name}: {refused.message}", UsageError) from refused


def _without_zone(text: str) -> dt.datetime | None:
    try:
        read = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo is None else None


def pairs_of(asked: SearchAsked, **changed: Any) -> list[tuple[str, str]]:
    """Return a search as pairs of a query string, without what is the default.

    Args:
        changed: fields that are replaced; others, which come last: those of a page.
    """
    own = set(asked.__struct_fields__)
    values = structs.asdict(
        structs.replace(asked, **{k: v for k, v in changed.items() if k in own})
    )
    plain = structs.asdict(type(asked)())
    values |= {name: value for name, value in changed.items() if name not in own}
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        if value == plain.get(name) or value is None:
            continue
        every = value if isinstance(value, tuple | list) else [value]
        pairs += [(name, _text(one)) for one in every]
    return pairs


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
