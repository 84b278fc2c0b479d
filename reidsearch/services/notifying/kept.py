"""Who is told of which question, and up to where they were: a file of this machine's user.

Never in the archive: one that was handed over must run nothing, and an address may hold a secret.
Each setting is of one question of one archive at one place, so a copy of the archive at another
place, which has the same id, tells nobody until somebody sets it there. The file is believed only
while its owner runs this and nobody else can read or write it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from filelock import FileLock, Timeout

from reidsearch.base import atomic, own_files
from reidsearch.base.address import Address
from reidsearch.base.data_folder import data_folder
from reidsearch.base.errors import DECODING_ERRORS, InputError, StorageError, UsageError
from reidsearch.base.reading import parse_json
from reidsearch.base.said import said
from reidsearch.domain.answer_reading import read_part
from reidsearch.domain.event_log import LARGEST_WHOLE, LogEntry
from reidsearch.domain.notifications import Receiver, read_webhook

FOLDER = "notifications"
FORMAT = "reidsearch-notifications/1"
LARGEST = 1 << 22
WHOLE = ("question_id", "made_us", "done", "trying", "failures", "since_us", "tried_us", "entry")
"""Whole numbers of a setting; none of them is below 0."""
CHANGED_WITHIN_S = 30.0
"""Whoever changes the file holds its lock for milliseconds."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Who is told of a question, and up to where they were.

    Args:
        key: a UUID, of no other setting.
        place: of the archive, see `place_of`.
        question_id, made_us: the question, and when it was saved.
        entry, digest: of the event log, the newest that was made for this setting: it is there, or
            the archive is another state; None: the archive keeps no log.
        done: answers whose crops have ids up to this were delivered, or there before the setting.
        trying: those up to this are delivered together, whatever is found meanwhile; None: none
            were tried.
        failures: in a row.
        since_us, tried_us: the first and the last of them.
    """

    key: str
    place: str
    question_id: int
    made_us: int
    receiver: Receiver
    done: int
    trying: int | None = None
    failures: int = 0
    since_us: int | None = None
    tried_us: int | None = None
    error: str | None = None
    entry: int | None = None
    digest: str | None = None

    def seen(self, entry: LogEntry | None) -> Setting:
        """Return it with the newest entry that was made for it."""
        return replace(self, entry=entry.number, digest=entry.digest.hex()) if entry else self

    def is_of(self, question_id: int, made_us: int) -> bool:
        """Tell whether it is of this question, wherever the archive is."""
        return (self.question_id, self.made_us) == (question_id, made_us)


def place_of(address: Address) -> str:
    """Return what tells an archive from its copies: its real folder, or its database."""
    if isinstance(address, Path):
        return str(address.resolve())
    parts = urlsplit(str(address))  # whoever signs in there, it is the same database
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


class SettingsFile:
    """The settings of one archive and its copies, for this machine's user."""

    def __init__(self, archive_id: str) -> None:
        # An archive from elsewhere may have anything as its id.
        digest = hashlib.sha256(archive_id.encode("utf-8", "backslashreplace")).hexdigest()
        self.path = data_folder() / FOLDER / f"{digest[:32]}.json"

    def read(self) -> list[Setting]:
        """Return all settings; none where there is no file.

        Raises:
            InputError: the file is not the user's alone, or is damaged.
        """
        with contextlib.suppress(FileNotFoundError):
            return self._parsed(self._bytes())
        return []

    @contextlib.contextmanager
    def changing(self) -> Iterator[list[Setting]]:
        """Give all settings as a list; keep what it holds at the end.

        Raises:
            InputError: as `read`.
            StorageError: it cannot be written.
        """
        with self._locked(".lock", CHANGED_WITHIN_S):
            held = self.read()
            before = list(held)
            yield held
            if held != before:
                self._write(held)

    def replace(self, key: str, change: Callable[[Setting], Setting]) -> None:
        """Change one setting, unless it has gone meanwhile; raises as `changing`."""
        with self.changing() as held:
            held[:] = [change(one) if one.key == key else one for one in held]

    def delivering(self, wait_s: float) -> contextlib.AbstractContextManager[None]:
        """Hold the right to deliver, so that two processes deliver nothing twice.

        Raises:
            StorageError: another process has held it for so long, or the folder cannot be written.
        """
        return self._locked(".delivering", wait_s)

    @contextlib.contextmanager
    def _locked(self, suffix: str, wait_s: float) -> Iterator[None]:
        lock = FileLock(self.path.with_suffix(suffix), mode=0o600)
        try:
            self._make_folder()
            lock.acquire(timeout=wait_s, poll_interval=0.05)
        except Timeout as error:
            raise StorageError(f"another process is at {self.path}") from error
        except OSError as error:
            raise StorageError(f"{self.path} cannot be written: {said(error)}") from error
        try:
            yield
        finally:
            lock.release()

    def _make_folder(self) -> None:
        """Make it the user's alone, even where the data folder is open to a group."""
        folder = self.path.parent
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            atomic.sync(folder.parent)
        own_files.names(folder)  # refuses a link

    def _bytes(self) -> bytes:
        try:
            with own_files.open_file(self.path) as file:
                for entry in (self.path.parent.stat(), os.fstat(file.fileno())):
                    self._require_own(entry)
                return file.read(LARGEST)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {said(error)}") from error

    def _require_own(self, entry: os.stat_result) -> None:
        """Refuse what others could have written, or can read."""
        if os.name != "posix":
            return
        if entry.st_uid != os.geteuid():
            raise InputError(f"{self.path} or its folder is another user's, and is not believed")
        is_folder = stat.S_ISDIR(entry.st_mode)
        if stat.S_IMODE(entry.st_mode) & (0o022 if is_folder else 0o077):
            path = self.path.parent if is_folder else self.path
            raise InputError(
                f"{path} can be read or written by others, and is not believed",
                f"look at it, then chmod {700 if is_folder else 600} {path}",
            )

    def _parsed(self, data: bytes) -> list[Setting]:
        try:
            document = parse_json(data)
            if document["format"] != FORMAT:
                raise ValueError(f"its format is {document['format']!r}")
            settings = [_setting(one) for one in document["settings"]]
            if len({one.key for one in settings}) < len(settings):
                raise ValueError("two settings have one key")
            return settings
        except DECODING_ERRORS as error:
            raise InputError(
                f"{self.path} is damaged, or of another version", "remove it, and set it again"
            ) from error

    def _write(self, held: list[Setting]) -> None:
        document = {"format": FORMAT, "settings": [asdict(one) for one in held]}
        try:
            with atomic.replacing(self.path) as partial:
                partial.chmod(0o600)
                partial.write_text(json.dumps(document, indent=1), encoding="ascii")
        except OSError as error:
            raise StorageError(f"{self.path} cannot be written: {said(error)}") from error


def _setting(row: dict[str, Any]) -> Setting:
    """Return a setting, which somebody may have edited; raises ValueError."""
    read = read_part(Setting, row)
    if bool(read.receiver.words) == bool(read.receiver.url):
        raise ValueError("it names no receiver, or two")
    if read.receiver.url:
        try:
            read_webhook(read.receiver.url, credentials=True)
        except UsageError as error:
            raise ValueError(error.message) from error
    for name in WHOLE:
        if not 0 <= (getattr(read, name) or 0) <= LARGEST_WHOLE:
            raise ValueError(f"its {name} is out of range")
    return replace(read, key=str(UUID(read.key)))
