"""What all parts of a report share: the archive, its pictures, and what was looked up already."""

from __future__ import annotations

import hashlib
import io
from functools import cached_property
from typing import Any, Protocol

from PIL import Image, ImageDraw

from reidsearch.base.errors import NotFound, ReidsearchError
from reidsearch.domain.answers import Statement
from reidsearch.domain.crops import Crop
from reidsearch.domain.decisions import Member
from reidsearch.domain.footage import SourceCoverage
from reidsearch.domain.journeys import Journey
from reidsearch.domain.models import ModelIdentity
from reidsearch.domain.photos import ReferencePhoto
from reidsearch.domain.query_origins import QueryOrigin
from reidsearch.domain.reports import ClockChange
from reidsearch.domain.scores import Calibration, Origin, Reading
from reidsearch.domain.tracklets import TrackletSeen
from reidsearch.output.casework.document import Picture

FRAME_PX = 1280
"""Longer side of a full frame in a report; the footage is named, and holds every pixel."""
BOX = "#ffdc00"


class Held(Protocol):
    """What a report needs of an archive; its services are those of `reidsearch.archive.Archive`."""

    @property
    def location(self) -> str:
        """Where it lies, as text."""
        ...

    @property
    def archive_id(self) -> str:
        """Its identifier."""
        ...

    @property
    def actor(self) -> str:
        """Who makes the report."""
        ...

    @property
    def model(self) -> ModelIdentity | None:
        """What its embeddings were made with."""
        ...

    @property
    def cases(self) -> Any:
        """Its cases."""
        ...

    @property
    def reviews(self) -> Any:
        """Its reviews by second examiners."""
        ...

    @property
    def calibration(self) -> Any:
        """What its scores are read by."""
        ...

    @property
    def footage(self) -> Any:
        """Its footage."""
        ...

    @property
    def identities(self) -> Any:
        """Its identities and decisions."""
        ...

    @property
    def log(self) -> Any:
        """Its event log."""
        ...

    def crop(self, crop_id: int) -> Crop:
        """All that is known of a crop. Raises NotFound."""
        ...

    def picture(self, crop_id: int) -> bytes:
        """A crop's JPEG, verified. Raises NotFound, ArchiveError."""
        ...

    def journey(self, identity: str) -> Journey:
        """The sightings of an identity. Raises NotFound, UsageError."""
        ...


class Making:
    """A report while it is made.

    Args:
        archive: that it is of.
    """

    def __init__(self, archive: Held) -> None:
        self.archive = archive
        self.pictures: dict[str, bytes] = {}
        self.missing: list[str] = []
        self._crops: dict[int, Crop | None] = {}

    @cached_property
    def coverage(self) -> dict[int, SourceCoverage]:
        """All sources of footage by their id."""
        return {one.source_id: one for one in self.archive.footage.coverage()}

    @cached_property
    def clock_changes(self) -> list[ClockChange]:
        """All corrections of clocks by hand, oldest first."""
        changes: list[ClockChange] = self.archive.footage.clock_changes()
        return changes

    @cached_property
    def calibration(self) -> Calibration | None:
        """What scores can be read by; None: nothing that is of this archive."""
        found: Calibration | None = self.archive.calibration.in_force()
        return None if found is None or found.provenance.origin is Origin.REFERENCE else found

    def crop(self, crop_id: int) -> Crop | None:
        """Return a crop; None: it is no longer held."""
        if crop_id not in self._crops:
            try:
                self._crops[crop_id] = self.archive.crop(crop_id)
            except NotFound:
                self._crops[crop_id] = None
        return self._crops[crop_id]

    def tracklet(self, crop: Crop) -> TrackletSeen | None:
        """Return what a crop is a view of; None: nothing."""
        if crop.moment is None:
            return None
        try:
            found: TrackletSeen = self.archive.footage.tracklet(crop.moment.tracklet_id)
        except NotFound:
            return None
        return found

    def member(self, crop: Crop) -> Member:
        """Return what of a crop can belong to an identity."""
        if crop.moment is None:
            return Member("crop", crop.crop_id)
        return Member("tracklet", crop.moment.tracklet_id)

    def reading(self, statement: Statement, score: float) -> Reading | None:
        """Read a score by the calibration that the search had, if that is in force still."""
        found = self.calibration
        if found is None or statement.prior is None or statement.feedback is not None:
            return None
        if statement.calibrated_by != found.provenance:
            return None
        comparisons = statement.crops_searched
        return found.read(score, prior=statement.prior, comparisons=comparisons)

    def still(self, crop: Crop) -> Picture | None:
        """Keep the stored picture of a crop, byte by byte; None: it cannot be had."""
        try:
            jpeg = self.archive.picture(crop.crop_id)
        except ReidsearchError as error:
            self.missing.append(f"The picture of crop {crop.crop_id}: {error.message}.")
            return None
        return self._keep(jpeg, f"Crop {crop.crop_id}, as stored")

    def frame(self, crop: Crop) -> Picture | str:
        """Keep the full frame with the person's box; a sentence says why there is none."""
        if crop.moment is None:
            return "There is no full frame: the crop was indexed as a picture."
        try:
            pixels, _ = self.archive.footage.frame(crop.crop_id)
        except ReidsearchError as error:
            return f"The full frame cannot be shown: {error.message}."
        image = Image.fromarray(pixels[..., ::-1].copy())
        left, top, right, bottom = crop.box.as_list()
        wide = max(2, round(image.height / 200))
        ImageDraw.Draw(image).rectangle((left, top, right, bottom), outline=BOX, width=wide)
        image.thumbnail((FRAME_PX, FRAME_PX))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=88)
        at = f"{float(crop.moment.media_s):.3f} s"
        return self._keep(out.getvalue(), f"Full frame at {at} in the footage; the box was added")

    def query(self, origin: QueryOrigin) -> Picture | None:
        """Keep the picture of a crop or reference photograph that was searched with."""
        if origin.photo_id is not None:
            try:
                return self.photo(self.archive.identities.photos.find(origin.photo_id))
            except NotFound:
                return None
        crop = None if origin.crop_id is None else self.crop(origin.crop_id)
        return None if crop is None else self.still(crop)

    def photo(self, photo: ReferencePhoto) -> Picture | None:
        """Keep a reference photograph, made smaller, with the person's box; None: none can be."""
        try:
            pixels = self.archive.identities.photos.pixels(photo.photo_id)
        except ReidsearchError as error:
            self.missing.append(f"Reference photograph {photo.photo_id}: {error.message}.")
            return None
        image = Image.fromarray(pixels[..., ::-1].copy())
        box = photo.box.as_list()
        whole = box == [0, 0, image.width, image.height]
        if not whole:
            wide = max(2, round(image.height / 200))
            left, top, right, bottom = box
            ImageDraw.Draw(image).rectangle((left, top, right, bottom), outline=BOX, width=wide)
        image.thumbnail((FRAME_PX, FRAME_PX))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=88)
        caption = f"Reference photograph {photo.photo_id}"
        return self._keep(out.getvalue(), caption if whole else f"{caption}; the box was added")

    def _keep(self, jpeg: bytes, caption: str) -> Picture:
        sha256 = hashlib.sha256(jpeg).hexdigest()
        self.pictures[sha256] = jpeg
        with Image.open(io.BytesIO(jpeg)) as image:
            return Picture(sha256, caption, image.width, image.height)
