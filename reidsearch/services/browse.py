"""`Archive.browse`: who is in the archive, without a query; page by page.

with Archive.open("archive") as archive:
    for item in archive.browse.every(BrowseRequest(Filters(cameras=("gate",)))):
        print(item.member.text, item.first_time)
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace

from reidsearch.base.errors import ArchiveError, Kind, NotFound, UsageError
from reidsearch.base.timecode import now
from reidsearch.domain.browsing import (
    MOST_ITEMS,
    BrowseItem,
    BrowsePage,
    BrowseRequest,
    BrowseStatement,
)
from reidsearch.domain.decisions import Identity, Mark, Member
from reidsearch.domain.request import Filters
from reidsearch.store.attributes import attributes_of
from reidsearch.store.browsing import KINDS, Listing, Place
from reidsearch.store.crops.store import Store
from reidsearch.store.footage.searched import footage_searched
from reidsearch.store.footage.tracklet_reader import tracklets
from reidsearch.store.identities import store as held
from reidsearch.store.places import resolved
from reidsearch.store.selection import camera_names
from reidsearch.store.timezone import stored_timezone

_LARGEST = 2**63


class BrowseService:
    """Lists of one archive's tracklets, and of its crops that belong to none.

    Args:
        find_identity: name or number -> the identity; raises NotFound.
    """

    def __init__(self, store: Store, find_identity: Callable[[str], Identity]) -> None:
        self._store, self._find_identity = store, find_identity

    def page(
        self, request: BrowseRequest = BrowseRequest(), *, among: Filters = Filters()
    ) -> BrowsePage:
        """Return one page of what passes, and how many pass in all.

        A page costs one pass over the tracklets in the database, and the same again to count.

        Args:
            among: what may be seen: nothing that does not pass it is counted.

        Raises:
            NotFound: a camera, source or identity is not in the archive.
            UsageError: the time range is empty, or the cursor is of another list.

        Example:
            >>> page = archive.browse.page(BrowseRequest(Filters(cameras=("gate",)), limit=50))
            >>> page.statement.items_passed, [item.crop.crop_id for item in page.items]
            (2, [7, 12])
        """
        with self._store.one_state():
            request = replace(request, filters=resolved(self._store, request.filters))
            identity_id = self._identity(request)
            after = _read_cursor(request)
            with self._store.scan() as connection:
                listing = Listing(connection, request, identity_id)
                counts = listing.counts()
                if not among.empty:
                    seen = Listing(connection, BrowseRequest(among)).counts()
                    counts = replace(counts, stored=seen.passed, unknown_camera=0)
                found = listing.places(after)
            shown, more = found[: request.limit], len(found) > request.limit
            items = self._items([place.member for place in shown], request.filters)
            interrupted, running = self._store.unfinished_runs()
            statement = BrowseStatement(
                archive=self._store.location,
                archive_id=str(self._store.row.uuid),
                asked_at=now(),
                request=request,
                zone=stored_timezone(self._store),
                items_stored=counts.stored,
                items_passed=counts.passed,
                left_out_unknown_time=counts.unknown_time,
                left_out_unknown_camera=counts.unknown_camera,
                left_out_unknown_attributes=counts.unknown_attributes,
                left_out_unknown_track=counts.unknown_track,
                failures=self._store.state().failures,
                unfinished_runs=interrupted,
                running_runs=running,
                footage=footage_searched(self._store, request.filters),
            )
        return BrowsePage(statement, items, _cursor(request, shown[-1]) if more else None)

    def pages(self, request: BrowseRequest = BrowseRequest()) -> Iterator[BrowsePage]:
        """Yield page after page, from the one asked for on; each as the archive stands then."""
        page = self.page(request)
        yield page
        while page.next is not None:
            page = self.page(replace(request, cursor=page.next))
            yield page

    def every(self, request: BrowseRequest = BrowseRequest()) -> Iterator[BrowseItem]:
        """Yield all that passes: `for item in archive.browse.every(): ...`."""
        for page in self.pages(replace(request, limit=MOST_ITEMS)):
            yield from page.items

    def cameras(self) -> list[str]:
        """Return the names of all cameras: `archive.browse.cameras()`."""
        with self._store.scan() as connection:
            return camera_names(connection)

    def tracklet(self, tracklet_id: int) -> BrowseItem:
        """Return one tracklet. Raises NotFound.

        Example:
            >>> archive.browse.tracklet(4).camera
            'gate'
        """
        return self._one(Member("tracklet", tracklet_id))

    def crop(self, crop_id: int) -> BrowseItem:
        """Return one crop of no tracklet, or the tracklet that a crop is of. Raises NotFound."""
        with self._store.one_state():
            with self._store.read() as connection:
                member = held.members_of_crops(connection, [crop_id])[crop_id]
            return self._one(member)

    def _one(self, member: Member) -> BrowseItem:
        with self._store.one_state():
            possible = 0 < member.number < _LARGEST
            if member.kind == "tracklet" and not (
                possible and tracklets(self._store, [member.number])
            ):
                raise NotFound(f"{self._store.location} holds no {member.text}")
            (item,) = self._items([member], Filters())
        return item

    def _identity(self, request: BrowseRequest) -> int | None:
        if request.identity is None:
            return None
        return self._find_identity(request.identity).identity_id

    def _items(self, members: Sequence[Member], filters: Filters) -> tuple[BrowseItem, ...]:
        """Read what is shown, every row proven."""
        store = self._store
        seen = tracklets(store, [one.number for one in members if one.kind == "tracklet"])
        best = {
            one: seen[one.number].crop_ids[0] if one.kind == "tracklet" else one.number
            for one in members
            if one.kind == "crop" or (one.number in seen and seen[one.number].crop_ids)
        }
        crops = {crop.crop_id: crop for crop in store.crops(best.values())}
        worn = attributes_of(store, [*best.values()], filters)
        marks = held.marks(store, members)
        items = []
        for member in members:
            crop_id = best.get(member)
            if crop_id not in crops:
                raise ArchiveError(
                    f"{store.location}: {member.text} has lost its source or its crops",
                    kind=Kind.ARCHIVE_DAMAGED,
                    archive=store.location,
                )
            attributes = worn.get(crop_id)
            asked = filters.attributes
            sure = (
                None
                if attributes is None or filters.attributes_empty
                else asked.confidence(attributes)
            )
            tracklet = seen.get(member.number) if member.kind == "tracklet" else None
            mark = marks.get(member, Mark())
            items.append(BrowseItem(member, crops[crop_id], tracklet, mark, attributes, sure))
        return tuple(items)


def _cursor(request: BrowseRequest, last: Place) -> str:
    told = [_digest(request), last.key, last.kind, last.number]
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def _read_cursor(request: BrowseRequest) -> Place | None:
    """Return where the page before ended.

    Raises:
        UsageError: the cursor is none, or of a list that was asked for in another way.
    """
    if request.cursor is None:
        return None
    try:
        padded = request.cursor + "=" * (-len(request.cursor) % 4)
        digest, key, kind, number = json.loads(base64.urlsafe_b64decode(padded.encode()))
        if digest != _digest(request):
            raise UsageError(
                "the cursor is of another list", "begin with the first page where filters change"
            )
        whole = type(kind) is int and type(number) is int and 0 <= number < _LARGEST
        if not whole or kind not in range(len(KINDS)) or not _possible_key(key):
            raise ValueError
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError("the cursor is not one of an earlier page") from error
    return Place(key, kind, number)


def _possible_key(key: object) -> bool:
    if key is None:
        return True
    return type(key) in {int, float} and -_LARGEST <= key < _LARGEST  # type: ignore[operator]


def _digest(request: BrowseRequest) -> str:
    """Return what is equal for pages of one list."""
    asked = asdict(replace(request, cursor=None, limit=1, sort=request.order))
    return hashlib.sha256(json.dumps(asked, default=str).encode()).hexdigest()[:16]
