"""Asking with pictures that are kept and frames of sources, each by an address of its own.

`Archive.asking` is an `AskingService`. What the detector saw is remembered, and so are the last
frames, so that an answer that is opened again does not wait for either.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from reidsearch.base.boxes import Box
from reidsearch.base.errors import NotFound
from reidsearch.base.settings import PictureLimits, Tiles
from reidsearch.domain.crops import Pixels
from reidsearch.domain.footage import Detections
from reidsearch.domain.query_origins import (
    Detection,
    OriginKind,
    QueryOrigin,
    ReadPicture,
    whole_box,
)
from reidsearch.domain.query_views import QueryView, Seen
from reidsearch.media.pictures import decode
from reidsearch.services.footage import FootageService
from reidsearch.services.kept_pictures import KeptPictures
from reidsearch.services.passing import PassedPictures
from reidsearch.services.query_input import (
    FrameInput,
    PersonUnclear,
    QueryInput,
    joined,
    person_in_frame,
    person_in_picture,
    tiles_for,
)

if TYPE_CHECKING:
    from reidsearch.vision.detection.detector import Detector
    from reidsearch.vision.detection.people import People

T = TypeVar("T")
FRAMES = 3
DETECTIONS = 1_000
SHORT = 12
"""Of a digest, where a picture is named by it."""


class AskingService:
    """Views of people to search with, by kept pictures and frames of one archive.

    Args:
        detector: gives the detector; called only where somebody has to be found.
        holds: tells whether the archive holds the file with a SHA-256 as a crop.
    """

    def __init__(
        self,
        kept: KeptPictures | PassedPictures,
        footage: FootageService,
        detector: Callable[[], Detector],
        holds: Callable[[str], bool],
    ) -> None:
        self._kept, self._footage = kept, footage
        self._detector, self._holds = detector, holds
        self._frames: _Recent[ReadPicture] = _Recent(FRAMES)
        self._seen: _Recent[Detections] = _Recent(DETECTIONS)

    def keep(self, data: bytes) -> Seen:
        """Keep a picture, and return who is in it.

        Raises:
            Refused: it is no picture that is read.
            StorageError: it cannot be kept.

        Example:
            >>> archive.asking.keep(Path("scene.jpg").read_bytes()).view.text
            '2b1c...'
        """
        decode(data, PictureLimits())
        return self.people(QueryView(sha256=self._kept.keep(data)))

    def people(self, view: QueryView) -> Seen:
        """Return who is in a kept picture or a frame, whoever of them is meant.

        Raises:
            NotFound: the picture is not kept, or there is no such source or time.
            InputError: the footage is gone, or is no longer what was indexed.
        """
        from reidsearch.vision.models.unavailable import ModelUnavailable

        view = replace(view, who=None, whole=False)
        read = self._read(view)
        height_px, width_px = read.pixels.shape[:2]
        try:
            tiles = tiles_for(read.pixels) if view.sha256 else "auto"
            people = self._look(view)(read.pixels, tiles)
        except ModelUnavailable:
            taken = Detection.UNAVAILABLE if view.sha256 else None
            return Seen(view, width_px, height_px, None, (), (), taken)
        name = self._detector().identity.text
        confidence = tuple(round(float(one), 4) for one in people.detections.confidence)
        return Seen(view, width_px, height_px, name, people.boxes, confidence, self._taken(view))

    def picture(self, view: QueryView) -> Pixels:
        """Return all of a picture or frame, (h, w, 3) uint8 BGR; raises as `people`."""
        return self._read(view).pixels

    def person(self, view: QueryView) -> ReadPicture:
        """Return what would be embedded of a view.

        Raises:
            PersonUnclear: it is not clear who of several people is meant, or there is nobody.
            NotFound, InputError: as `people`.
        """
        return self._person(view)[0]

    def query(self, views: Sequence[QueryView], crops: Sequence[int] = ()) -> QueryInput:
        """Return what is searched for: one person each of the views, and crops.

        Raises as `person`.

        Example:
            >>> found = archive.asking.query([QueryView.frame("3@15.5:1")])
            >>> archive.search(found.pictures, label=found.label)
        """
        return joined([self._person(view) for view in views], crops)

    def _taken(self, view: QueryView) -> Detection | None:
        try:
            return self._person(view)[0].origin.detection
        except PersonUnclear:
            return None

    def _person(self, view: QueryView) -> tuple[ReadPicture, str | None]:
        read, look = self._read(view), self._look(view)
        name = read.origin.name
        if view.sha256 is None:
            name = f"{name}@{read.origin.media_s or 0:.3f}"
        if isinstance(view.who, Box):
            return person_in_frame(read, FrameInput(name, box=view.who), look)
        if view.sha256 is None or view.who is not None:
            tiles = tiles_for(read.pixels) if view.sha256 else "auto"
            return person_in_frame(read, FrameInput(name, person=view.who, tiles=tiles), look)
        return person_in_picture(read, name, look, whole=view.whole, holds=self._holds)

    def _read(self, view: QueryView) -> ReadPicture:
        if view.sha256 is not None:
            pixels = decode(self._kept.read(view.sha256), PictureLimits())
            name = f"picture {view.sha256[:SHORT]}"
            origin = QueryOrigin(OriginKind.FILE, name, whole_box(pixels), sha256=view.sha256)
            return ReadPicture.of_pixels(pixels, origin)
        source_id, media_s = view.source_id, view.media_s
        if source_id is None or media_s is None:
            raise NotFound("a view names neither a picture nor a frame")

        def read() -> ReadPicture:
            known = {one.source_id for one in self._footage.coverage()}
            if source_id not in known:
                raise NotFound(f"there is no source {source_id}")
            return self._footage.frame_of(source_id, media_s)

        return self._frames.get((source_id, media_s), read)

    def _look(self, view: QueryView) -> Callable[[Pixels, Tiles], People]:
        def look(pixels: Pixels, tiles: Tiles) -> People:
            from reidsearch.vision.detection.people import People, people_in

            key = view.sha256, view.source_id, view.media_s, tiles
            found = self._seen.get(
                key, lambda: people_in(pixels, self._detector(), tiles).detections
            )
            return People(pixels, found)

        return look


class _Recent(Generic[T]):
    """Values that were made, the last ones used; threads may share one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value of a key, made where it is not held."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        made = make()
        with self._lock:
            self._held[key] = made
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return made
