"""Where an archive keeps its pictures: told, and changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reidsearch.base.errors import Kind, UsageError
from reidsearch.base.object_address import read_object_address
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.settings_file import read_settings
from reidsearch.domain.pictures import IN_DATABASE, PicturesKept, PicturesMoved
from reidsearch.maintenance import moving_pictures as moving

if TYPE_CHECKING:
    from reidsearch.store.crops.store import Store

IN_OBJECTS = "objects"
"""How the store that this machine's settings name is named as a place for pictures."""


class PictureService:
    """Where the pictures of one archive's crops are."""

    def __init__(self, store: Store, progress: Progress = NO_PROGRESS) -> None:
        self._store, self._progress = store, progress

    def begin(self) -> None:
        """Let an archive that holds nothing yet keep its pictures where the settings say.

        Raises:
            StorageError: the store of objects that they name cannot be used.
        """
        if self._store.state().last_crop_id:
            return
        bucket = read_settings(self._store.address).objects.bucket
        if bucket is not None and self.kept().store is None:
            moving.begin_outside(self._store, read_object_address(bucket))

    def kept(self) -> PicturesKept:
        """Return where they are: `archive.pictures.kept().in_store`."""
        return moving.kept(self._store)

    def move(self, to: str, progress: Progress | None = None) -> PicturesMoved:
        """Move all of them, and let new ones go there; goes on where it was cut off.

        Args:
            to: `database`, `s3://bucket/folder`, `file:///folder`, or `objects`: the bucket of this
                machine's settings.

        Raises:
            UsageError: the address cannot be read, or pictures are in another store.
            ArchiveLocked: another process writes.
            ArchiveError: a picture is damaged or missing; those before it are moved.
            StorageError: the store cannot be used; what was moved stays moved.

        Example:
            >>> archive.pictures.move("s3://pictures/station").moved
            120
        """
        told = progress or self._progress
        if to == IN_DATABASE:
            return moving.move_in(self._store, told)
        if to == IN_OBJECTS:
            bucket = read_settings(self._store.address).objects.bucket
            if bucket is None:
                raise UsageError(
                    "no settings of this machine name a store of objects", kind=Kind.BUCKET_NEEDED
                )
            to = bucket
        return moving.move_out(self._store, read_object_address(to), told)
