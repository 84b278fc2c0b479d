"""Where an archive keeps the pictures of its crops."""

from __future__ import annotations

from dataclasses import dataclass

IN_DATABASE = "database"
"""How the database is named as a place for pictures."""


@dataclass(frozen=True, slots=True)
class PicturesKept:
    """Where an archive's pictures are.

    Args:
        store: the address of the store of objects; None: all are in the database.
        folder: below it, of this archive alone.
        takes_new: whether new pictures go to the store.
        in_database, in_store: how many.
        store_bytes: the size of those in the store.
        to_delete: objects of deleted crops that are in the store still.
    """

    store: str | None
    folder: str | None
    takes_new: bool
    in_database: int
    in_store: int
    store_bytes: int
    to_delete: int


@dataclass(frozen=True, slots=True)
class PicturesMoved:
    """What was moved: how many pictures, and where all are now."""

    moved: int
    kept: PicturesKept
