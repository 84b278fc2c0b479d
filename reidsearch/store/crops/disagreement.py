"""Where the database and an index do not agree on a crop."""

from __future__ import annotations

from collections.abc import Set

from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.store.crops.state import State
from reidsearch.store.crops.store import Store


def require_deleted(store: Store, missing: Set[int], indexed: State | None) -> None:
    """Refuse to leave out crops that nobody deleted: rows of theirs are damaged.

    Args:
        missing: crops that the database does not hold with an embedding, though the index does.
        indexed: where the archive stood when the index was brought up to date.

    Raises:
        ArchiveError: nothing was deleted since then.
    """
    if missing and indexed is not None and store.state().erasures == indexed.erasures:
        raise ArchiveError(
            f"{store.location}: crop {min(missing)} is in the index, but the database does not "
            "hold it with its embedding, and nobody deleted it",
            kind=Kind.ARCHIVE_DAMAGED,
            archive=store.location,
        )


def disagreement(store: Store, crop_id: int, score: float, truth: float) -> ArchiveError:
    """Return the error that an index gives a score that the database does not confirm."""
    return ArchiveError(
        f"the index scores crop {crop_id} {score:.4f}, the database {truth:.4f}",
        "repair the archive",
        kind=Kind.ARCHIVE_NEEDS_REPAIR,
        archive=store.location,
    )
