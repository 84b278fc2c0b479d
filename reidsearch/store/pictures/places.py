"""Where an archive keeps pictures: its own record, and the store of objects that it names.

An object is named by the SHA-256 of its content and by a token of its own, so that whoever has the
object can prove it, and no two crops share one: what is deleted of one crop is never another's.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from reidsearch.base.object_address import read_object_address
from reidsearch.store.database.proofs import intact
from reidsearch.store.pictures.holder import Holder, Place
from reidsearch.store.tables.pictures import picture_store

if TYPE_CHECKING:
    from reidsearch.media.files.objects import Objects

TOKEN_BYTES = 8
ENDING = ".jpg"


def place_of(connection: Connection) -> Place | None:
    """Return where pictures are kept outside of the database; None: nowhere."""
    row = connection.execute(select(picture_store).where(intact(picture_store))).one_or_none()
    if row is None:
        return None
    return Place(read_object_address(row.address), row.folder, row.takes_new)


def objects_of(store: Holder, place: Place) -> Objects:
    """Return the objects of a place, reached as this machine's settings say."""
    from reidsearch.base.settings_file import read_settings
    from reidsearch.media.files.objects import Objects

    if place not in store.objects:
        endpoint = read_settings(store.address).objects.endpoint
        store.objects[place] = Objects(place.address.below(place.folder), endpoint)
    return store.objects[place]


def name_of(sha256: bytes, token: str) -> str:
    """Return the name of a picture's object."""
    return f"{sha256.hex()}-{token}{ENDING}"


def new_token() -> str:
    """Return what tells an object from every other of the same content."""
    return secrets.token_hex(TOKEN_BYTES)
