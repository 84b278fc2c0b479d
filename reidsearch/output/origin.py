"""What is told of a backup that is restored: of when it is, and what is not in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reidsearch.base.locations import location_text
from reidsearch.domain.reports import BackupOrigin
from reidsearch.output.visible import count, visible


def origin_lines(origin: BackupOrigin, source: Path) -> list[str]:
    """Return of when a backup is, and how to keep what was deleted since from coming back."""
    made = f"The backup was made at {origin.made}" if origin.made else "The backup tells no date"
    treated = f", and treated at {origin.treated}" if origin.treated else ""
    folder = visible(str(source))
    if origin.archive is None:
        return [
            f"{made}{treated}: what its archive deleted later is not deleted in it.",
            f"  -> if that archive is there: reidsearch delete --backup {folder} -a ITS-FOLDER, "
            "then restore again",
        ]
    archive = visible(str(origin.archive))
    lines = [f"{made}{treated}; its archive has gone on since: {archive}"]
    gone = (origin.deleted_since, "crop"), (origin.photos_since, "reference photograph")
    told = " and ".join(count(number, what) for number, what in gone if number)
    if told:
        lines += [
            f"WARNING: {told} that had been deleted there came back.",
            f"  -> reidsearch delete --backup {folder} -a {archive}, then restore again",
        ]
    return lines


def origin_json(origin: BackupOrigin) -> dict[str, Any]:
    """Return the same as JSON."""
    return {
        "made": origin.made,
        "treated": origin.treated,
        "archive": location_text(str(origin.archive)) if origin.archive else None,
        "deleted_since": origin.deleted_since,
        "photos_since": origin.photos_since,
    }
