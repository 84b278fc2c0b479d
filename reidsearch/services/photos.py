"""Reference photographs of identities: a passport photograph, a still from another recording.

`archive.identities.photos` is a `PhotoService`. A photograph is searched with wherever its identity
is searched for, beside what was confirmed; no search finds it, and no coverage counts it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reidsearch.base.boxes import Box
from reidsearch.base.errors import ArchiveError, Kind, Refused, absent
from reidsearch.base.locations import location_text
from reidsearch.base.settings import PictureLimits, Tiles
from reidsearch.domain.crops import Pixels
from reidsearch.domain.decisions import PHOTO, Change, Decision, Member, Of
from reidsearch.domain.photos import ReferencePhoto
from reidsearch.domain.query_origins import QueryOrigin, ReadPicture
from reidsearch.media.files.paths import read_regular
from reidsearch.media.pictures import decode
from reidsearch.store.contract import Transaction
from reidsearch.store.crops.digests import is_whole_crop
from reidsearch.store.crops.store import Store
from reidsearch.store.identities import photos as rows
from reidsearch.store.identities.ledger import Ledger
from reidsearch.store.identities.store import decide, log

if TYPE_CHECKING:
    from reidsearch.vision.detection.people import People
    from reidsearch.vision.engines import Engines

ADD, REMOVE = "add-photo", "remove-photo"


class PhotoService:
    """Reference photographs of the identities of one archive.

    Args:
        actor: who decides, for the log.
    """

    def __init__(self, store: Store, actor: str, engines: Engines) -> None:
        self._store, self._actor, self._engines = store, actor, engines

    def add(
        self,
        name: str,
        file: str | os.PathLike[str],
        *,
        box: Box | None = None,
        person: int | None = None,
        whole: bool = False,
        note: str = "",
    ) -> tuple[Decision, ReferencePhoto]:
        """Say that a picture shows an identity; the archive keeps it as it was given.

        Without a box the person is found as in a picture that is searched with.

        Args:
            box: where the person is.
            person: number of the person as the detector sees them, from 1 on the left.
            whole: take the picture as it is.

        Raises:
            PersonUnclear: the picture shows several people.
            Refused: the picture cannot be read, or the box leaves it.
            NotFound: there is no such identity.
            UsageError: the identity has this very picture; a box and a number were given.
            ArchiveError: the archive holds no crops yet, so that nobody knows its model.

        Example:
            >>> archive.identities.photos.add("anna", "passport.jpg", note="from the file")
        """
        self._require_model()
        data = _read(file)
        sha256 = hashlib.sha256(data).digest()
        with self._store.read() as connection:  # before a model is loaded for nothing
            found = Ledger.replay(log(connection)).find(name)
            rows.require_new(connection, found, sha256)
        picture = self._person(data, file, box, person, whole=whole)
        embedder = self._engines.embedder()
        (row,) = embedder.embed([picture.pixels])
        origin = replace(picture.origin, name=location_text(Path(file).name))
        added: list[int] = []

        def plan(
            connection: Transaction, ledger: Ledger, _: Sequence[Decision]
        ) -> Sequence[Change]:
            named = ledger.find(name)
            added[:] = [
                rows.add_photo(connection, named, data, origin, row, embedder.identity, note)
            ]
            member = Member(PHOTO, added[0])
            return [Change(Of.MEMBER, None, member, None, named.identity_id)]

        decision = decide(self._store, ADD, plan, actor=self._actor, note=note)
        if decision is None:
            raise absent("the decision that was recorded")
        return decision, self.find(added[0])

    def remove(self, photo_id: int, *, note: str = "") -> Decision | None:
        """Take a photograph from its identity; None: it has none.

        The picture is kept, so that this can be undone; erasing the identity deletes it.

        Raises:
            NotFound: there is no such photograph.
        """
        member = Member(PHOTO, photo_id)

        def plan(
            connection: Transaction, ledger: Ledger, _: Sequence[Decision]
        ) -> Sequence[Change]:
            rows.require_photo(connection, photo_id)
            held = ledger.identity_of(member)
            return [] if held is None else [Change(Of.MEMBER, None, member, held, None)]

        return decide(self._store, REMOVE, plan, actor=self._actor, note=note)

    def of(self, name: str) -> tuple[ReferencePhoto, ...]:
        """The photographs of an identity, by their number. Raises NotFound."""
        with self._store.one_state(), self._store.read() as connection:
            found = Ledger.replay(log(connection)).find(name, merged_too=True)
            return tuple(rows.photos_of(connection, [found.identity_id]))

    def of_case(self, number: str) -> tuple[ReferencePhoto, ...]:
        """The photographs that were added for a case and belong to somebody."""
        with self._store.read() as connection:
            return tuple(rows.photos_of_case(connection, number))

    def find(self, photo_id: int) -> ReferencePhoto:
        """One photograph, by its number. Raises NotFound."""
        with self._store.read() as connection:
            return rows.require_photo(connection, photo_id)

    def picture(self, photo_id: int) -> bytes:
        """The bytes of a photograph as they were given, verified. Raises NotFound."""
        with self._store.read() as connection:
            return rows.picture_of(connection, photo_id)

    def pixels(self, photo_id: int) -> Pixels:
        """The whole upright picture of a photograph: (h, w, 3) uint8 BGR.

        Raises:
            NotFound: there is no such photograph.
            Refused: the picture cannot be decoded.
        """
        return decode(self.picture(photo_id), PictureLimits())

    def _require_model(self) -> None:
        if self._store.model() is None:
            raise ArchiveError(
                f"{self._store.location} holds no crops yet",
                kind=Kind.ARCHIVE_EMPTY,
                archive=self._store.location,
            )

    def _person(
        self,
        data: bytes,
        file: str | os.PathLike[str],
        box: Box | None,
        person: int | None,
        *,
        whole: bool,
    ) -> ReadPicture:
        """Return the person who is meant, as a query picture would."""
        from reidsearch.search.query_pictures import origin_of_file
        from reidsearch.services.query_input import FrameInput, person_in_frame, person_in_picture

        source = os.fspath(file)
        pixels = _decoded(data, source)
        sha256 = hashlib.sha256(data).hexdigest()
        picture = ReadPicture.of_pixels(pixels, origin_of_file(source, sha256, pixels))
        if box is not None or person is not None:
            return person_in_frame(picture, FrameInput(source, box, person), self._look)[0]

        def holds(digest: str) -> bool:
            return is_whole_crop(self._store, digest)

        return person_in_picture(picture, source, self._look, whole=whole, holds=holds)[0]

    def _look(self, pixels: Pixels, tiles: Tiles) -> People:
        from reidsearch.vision.detection.people import people_in

        return people_in(pixels, self._engines.detector(), tiles)


def photo_query_picture(store: Store, origin: QueryOrigin) -> ReadPicture:
    """Return the picture of a photograph that is searched with, to be looked at."""
    photo_id = origin.photo_id or 0
    with store.read() as connection:
        photo = rows.require_photo(connection, photo_id)
        data = rows.picture_of(connection, photo_id)
    return ReadPicture(cut_out(data, photo), origin)


def cut_out(data: bytes, photo: ReferencePhoto) -> Pixels:
    """Return what of a photograph's picture shows the person, as it is embedded.

    Raises:
        Refused: the picture cannot be decoded, or its box leaves it.
    """
    pixels, box = decode(data, PictureLimits()), photo.box
    box.require_inside(pixels.shape[1], pixels.shape[0])
    return np.ascontiguousarray(pixels[box.y1 : box.y2, box.x1 : box.x2])


def _read(file: str | os.PathLike[str]) -> bytes:
    try:
        return read_regular(os.fspath(file), PictureLimits())
    except Refused as refused:
        raise _named(refused, os.fspath(file)) from refused


def _decoded(data: bytes, source: str) -> Pixels:
    try:
        return decode(data, PictureLimits())
    except Refused as refused:
        raise _named(refused, source) from refused


def _named(refused: Refused, source: str) -> Refused:
    if source in refused.message:
        return refused
    return Refused(refused.reason, f"{source}: {refused.message}", refused.hint)
