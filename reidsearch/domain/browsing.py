"""Who is in the archive, without a query: what is asked, and one page of what passes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reidsearch.base.errors import UsageError
from reidsearch.domain.answers import FootageSearched
from reidsearch.domain.attributes import Attributes
from reidsearch.domain.crops import Crop
from reidsearch.domain.decisions import Mark, Member, Named
from reidsearch.domain.request import Filters
from reidsearch.domain.tracklets import TrackletSeen

MOST_ITEMS = 500
LONGEST_S = 1e9


class Sort(StrEnum):
    """What a list is ordered by; what is not known stands last."""

    TIME = "time"  # first seen, earliest first
    SIZE = "size"  # height of the best shot, largest first
    DURATION = "duration"  # longest first
    CONFIDENCE = "confidence"  # of the attributes asked for, surest first


@dataclass(frozen=True, slots=True)
class BrowseRequest:
    """Which tracklets, and crops of no tracklet, are listed.

    Args:
        filters: as of a search; a tracklet passes a filter by time when it was seen at some moment
            of it, and one by what is worn by the mean of its best shots.
        least_s, most_s: duration; a crop of no tracklet lasts 0 s.
        identity: name or number: only what is confirmed as this person.
        unreviewed: as of `filters`: only what nobody has decided on, by itself or as a part of a
            proposal.
        sort: one of `Sort`; None: by confidence where attributes are asked for, else by time.
        reverse: the other way round.
        limit: how many at most.
        cursor: `BrowsePage.next` of the page before; all else has to be the same.

    Raises:
        UsageError: a value makes no sense, or contradicts another.

    Example:
        >>> request = BrowseRequest(Filters(cameras=["gate"]), unreviewed=True)
        >>> page = archive.browse.page(request)
    """

    filters: Filters = Filters()
    least_s: float | None = None
    most_s: float | None = None
    identity: str | None = None
    unreviewed: bool = False
    sort: str | None = None
    reverse: bool = False
    limit: int = 100
    cursor: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MOST_ITEMS:
            raise UsageError(f"a page has 1 to {MOST_ITEMS} items, not {self.limit}")
        for name, seconds in (("shortest", self.least_s), ("longest", self.most_s)):
            if seconds is not None and not 0 <= seconds <= LONGEST_S:
                raise UsageError(f"the {name} duration is no number of seconds: {seconds}")
        if self.least_s is not None and self.most_s is not None and self.least_s > self.most_s:
            raise UsageError("the shortest duration is longer than the longest")
        if self.identity is not None and not self.identity.strip():
            raise UsageError("the identity to list is an empty text")
        unreviewed = self.unreviewed or self.filters.by_decisions
        if unreviewed and self.identity is not None:
            raise UsageError("what is confirmed as an identity was reviewed: ask for one of both")
        if self.sort is not None and self.sort not in list(Sort):
            raise UsageError(f"nothing is sorted by {self.sort!r}, but by {', '.join(Sort)}")
        if self.sort == Sort.CONFIDENCE and self.filters.attributes_empty:
            raise UsageError("there is no confidence to sort by: no attribute is asked for")

    @property
    def order(self) -> Sort:
        """What the list is ordered by."""
        if self.sort is not None:
            return Sort(self.sort)
        return Sort.TIME if self.filters.attributes_empty else Sort.CONFIDENCE

    @property
    def descending(self) -> bool:
        """Whether the largest value stands first."""
        return (self.order is not Sort.TIME) != self.reverse


@dataclass(frozen=True, slots=True)
class BrowseItem:
    """One tracklet, or one crop of no tracklet.

    Args:
        crop: its best shot, or itself.
        tracklet: None for a crop of none.
        attributes: of the tracklet, with how many of its crops meet each filter by themselves;
            None: not recorded.
        confidence: that it meets the attributes asked for; None: none are.
    """

    member: Member
    crop: Crop
    tracklet: TrackletSeen | None
    mark: Mark
    attributes: Attributes | None = None
    confidence: float | None = None

    @property
    def camera(self) -> str | None:
        """Where it was seen."""
        return self.tracklet.camera if self.tracklet else self.crop.facts.camera

    @property
    def first_time(self) -> dt.datetime | None:
        """When it was first seen; None: not known."""
        return self.tracklet.first_time if self.tracklet else self.crop.facts.time

    @property
    def last_time(self) -> dt.datetime | None:
        """When it was last seen; None: not known."""
        return self.tracklet.last_time if self.tracklet else self.crop.facts.time

    @property
    def uncertainty_s(self) -> float | None:
        """By how much its times may be off; None: not known."""
        return self.tracklet.uncertainty_s if self.tracklet else None

    @property
    def duration_s(self) -> float:
        """For how long it was seen."""
        return self.tracklet.duration_s if self.tracklet else 0.0

    @property
    def height_px(self) -> int:
        """Of the person in the best shot, in pixels of the footage."""
        return self.crop.box.height_px

    @property
    def crop_ids(self) -> tuple[int, ...]:
        """Its crops, best first."""
        return self.tracklet.crop_ids if self.tracklet else (self.crop.crop_id,)

    @property
    def identity(self) -> Named | None:
        """What it is confirmed as."""
        return self.mark.identity

    @property
    def reviewed(self) -> bool:
        """Whether a decision that stands confirms or rejects it."""
        return self.mark.identity is not None or bool(self.mark.rejected_for)

    @property
    def matched(self) -> Mapping[str, int]:
        """How many of its crops meet each attribute filter by themselves."""
        return self.attributes.matched if self.attributes else {}

    def to_json(self) -> dict[str, Any]:
        """Return the item as documents hold it."""
        from reidsearch.domain.browse_json import item_json

        return item_json(self)


@dataclass(frozen=True, slots=True)
class BrowseStatement:
    """What a list is of, and what it lacks. Travels with every page.

    Args:
        zone: the archive's time zone; None: it has none.
        items_stored: tracklets, and crops of none, in the archive.
        items_passed: of these, how many pass the filters.
        left_out_unknown_time / _camera / _attributes / _track: of these, how many pass everything
            else, but their time, camera, attributes or way are not known, so that a filter left
            them out.
        failures: offered inputs that never became crops.
        unfinished_runs, running_runs: as in `Statement`.
        footage: how the footage concerned was analysed.
    """

    archive: str
    archive_id: str
    asked_at: dt.datetime
    request: BrowseRequest
    zone: str | None
    items_stored: int
    items_passed: int
    left_out_unknown_time: int
    left_out_unknown_camera: int
    left_out_unknown_attributes: int
    failures: int
    unfinished_runs: int
    running_runs: int
    footage: FootageSearched
    left_out_unknown_track: int = 0


@dataclass(frozen=True, slots=True)
class BrowsePage:
    """Some items in the order asked for, and what follows.

    Args:
        next: the `cursor` of the next page; None: this is the last one.
    """

    statement: BrowseStatement
    items: tuple[BrowseItem, ...]
    next: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the document that the command line prints (`output/schemas/browse-1.json`).

        Example:
            >>> print(json.dumps(archive.browse.page().to_json(), indent=2))
        """
        from reidsearch.domain.browse_json import browse_json

        return browse_json(self)
