"""Where a picture comes from: the archive, the time and the command that it was made by.

It stands at the foot of every picture and in the file's metadata, so that a picture which has left
its folder still says what it shows.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from reidsearch.base.version import __version__
from reidsearch.output.times import local


@dataclass(frozen=True, slots=True)
class Imprint:
    """Where a picture comes from.

    Args:
        archive: its place, as text; empty: it shows no archive.
        archive_id: its identifier, which stays when it is moved.
        at: when the picture was made; of an answer, when it was asked for.
        command: as it was called, ready for a shell; empty: it was made by a program.
    """

    archive: str
    archive_id: str
    at: dt.datetime
    command: str

    @property
    def source(self) -> str:
        """The archive and its identifier, in one line."""
        if not self.archive:
            return "no archive"
        return f"archive {self.archive} ({self.archive_id})"

    @property
    def made(self) -> str:
        """When, and by which version of the program."""
        return f"{local(self.at.replace(microsecond=0))}, reidsearch {__version__}"

    def fields(self, title: str) -> dict[str, str]:
        """Name -> value, in the words that PNG has for them; empty ones are left out."""
        told = {
            "Title": title,
            "Software": f"reidsearch {__version__}",
            "Creation Time": self.at.astimezone(dt.UTC).isoformat(timespec="seconds"),
            "Source": self.archive,
            "Archive ID": self.archive_id,
            "Command": self.command,
        }
        return {name: value for name, value in told.items() if value}
