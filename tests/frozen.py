"""Archives as earlier versions made them: SQL dumps in `data/`, one a schema revision."""

from __future__ import annotations

import sqlite3
from pathlib import Path

DATA = Path(__file__).parent / "data"
FROZEN = sorted(DATA.glob("archive-*.sql"))


def thawed(text: Path, folder: Path) -> Path:
    """Make the archive of the dump `text` at `folder`."""
    folder.mkdir()
    connection = sqlite3.connect(folder / "archive.db")
    connection.executescript(text.read_text(encoding="utf-8"))
    connection.close()
    return folder
