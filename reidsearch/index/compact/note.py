"""The file that says what a compact index consists of: its segments, their checksums, its codec."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reidsearch.base.errors import ArchiveError
from reidsearch.index.disk import reading

FORMAT = "reidsearch/compact/1"


def read_note(path: Path) -> dict[str, Any]:
    """Read what `Compact.save` wrote.

    Raises:
        ArchiveError: it is no such file.
        StorageError: the machine cannot read it now.
    """
    try:
        with reading(path):
            note = json.loads(path.read_bytes())
    except ValueError as error:
        raise ArchiveError(f"{path} does not describe an index") from error
    if not isinstance(note, dict) or note.get("format") != FORMAT:
        raise ArchiveError(f"{path} does not describe an index of {FORMAT}")
    return note
