"""The one tree of errors: what happened, as text for a reader and as a kind for a program.

A class decides the exit code, a kind names the situation, and fields carry what a face needs to
advise: the command line turns them into commands (`output/hints.py`), a web page into links.
`docs/reference/errors.md` is generated from this file and from the places that raise.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

from reidsearch.base.kinds import Kind as Kind  # noqa: PLC0414  errors come with their kinds

FieldValue: TypeAlias = bool | int | float | str | Sequence[str] | Sequence[int] | None
_Error = TypeVar("_Error", bound="ReidsearchError")


DECODING_ERRORS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What decoding stored bytes or values raises when they are not what was written."""


class ReidsearchError(Exception):
    """Anything that reidsearch itself reports to a user.

    Args:
        message: what happened and to which file or thing, in words that every face can show.
        hint: what to do now, where that needs no command and no option of one face.
        kind: the situation; by default the one of the class.
        fields: what is known of the situation, e.g. `crop=7`; a path becomes text.
    """

    exit_code = 70
    meaning = "an error inside reidsearch that it did not foresee; please report it"
    kind: str = Kind.INTERNAL

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        kind: Kind | None = None,
        **fields: FieldValue | os.PathLike[str],
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if kind is not None:
            self.kind = kind
        self.fields: dict[str, FieldValue] = {
            name: os.fspath(value) if isinstance(value, os.PathLike) else value
            for name, value in fields.items()
        }

    def reworded(self, message: str, error: type[_Error]) -> _Error:
        """Return an `error` of the same kind with another message: the one that says where.

        Example:
            raise refused.reworded(f"{path}, line 3: {refused.message}", InputError) from refused
        """
        other = error(message, self.hint)
        other.kind, other.fields = self.kind, dict(self.fields)
        return other


def absent(what: str) -> ReidsearchError:
    """Return the error for what has to be there and is not: a fault of this program.

    Unlike an `assert`, such a check also stands under `python -O`.
    """
    return ReidsearchError(f"{what} is missing where it must be")


class SomeFailed(ReidsearchError):
    """The work was finished, but some inputs failed; each is recorded with its reason."""

    exit_code = 1
    meaning = "finished, but some inputs failed or a check found damage; the output names them"
    kind = Kind.SOME_FAILED


class UsageError(ReidsearchError):
    """An option or argument makes no sense; nothing was done."""

    exit_code = 2
    meaning = "an option or argument is wrong; nothing was done"
    kind = Kind.USAGE


class InputError(ReidsearchError):
    """A file that was given cannot be used at all."""

    exit_code = 3
    meaning = "a file or folder that was given is missing, unreadable or not what it should be"
    kind = Kind.INPUT


class ModelError(ReidsearchError):
    """A model is missing, damaged, or not of the expected kind."""

    exit_code = 4
    meaning = "a model is missing, damaged, of the wrong kind, or not the archive's"
    kind = Kind.MODEL


class ArchiveError(ReidsearchError):
    """The archive is missing, damaged, or not an archive."""

    exit_code = 5
    meaning = "the archive is missing, damaged, or not an archive"
    kind = Kind.ARCHIVE


class ArchiveLocked(ReidsearchError):
    """Another process is writing to the archive."""

    exit_code = 6
    meaning = "another process is writing to the archive; the message names it"
    kind = Kind.ARCHIVE_LOCKED


class ArchiveVersionError(ReidsearchError):
    """The archive's schema is older or newer than this program's."""

    exit_code = 7
    meaning = "the archive was made by another version; older: migrate it, newer: upgrade"
    kind = Kind.ARCHIVE_VERSION


class StorageError(ReidsearchError):
    """The disk is full, read-only, or failed."""

    exit_code = 8
    meaning = (
        "the disk is full, read-only, or failed, or memory or file descriptors ran out; what was "
        "committed before is safe"
    )
    kind = Kind.STORAGE


class NotFound(ReidsearchError):
    """An id or name that does not exist in the archive."""

    exit_code = 9
    meaning = "an id or name is not in the archive"
    kind = Kind.NOT_FOUND


class Interrupted(ReidsearchError):
    """The user stopped the work; what was committed stays."""

    exit_code = 130
    meaning = "stopped by Ctrl-C or SIGTERM after committing; the same command goes on from there"
    kind = Kind.INTERRUPTED


class Reason(StrEnum):
    """Why one offered input did not become a crop; the machine-readable half of a failure."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    NOT_A_FILE = "not-a-file"
    EMPTY = "empty"
    TOO_MANY_BYTES = "too-many-bytes"
    TOO_MANY_PIXELS = "too-many-pixels"
    TOO_SMALL = "too-small"
    NOT_AN_IMAGE = "not-an-image"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    ANIMATED = "animated"
    BAD_BOX = "bad-box"
    BAD_TIME = "bad-time"
    BAD_ROW = "bad-row"
    DUPLICATE_ROW = "duplicate-row"
    BAD_CONTAINER = "bad-container"
    UNSAFE_PATH = "unsafe-path"
    NESTED_CONTAINER = "nested-container"
    BOMB = "bomb"
    BAD_EMBEDDING = "bad-embedding"
    NO_VIDEO = "no-video"
    PARTLY_READ = "partly-read"
    DETECTIONS_UNUSED = "detections-unused"
    OUT_OF_MEMORY = "out-of-memory"
    UNSUPPORTED = "unsupported"  # a file of another type, passed over: no failure


class Refused(ReidsearchError):
    """One input that cannot become a crop; recorded in the failures ledger, the run goes on.

    Its kind is its reason, unless the place that raises it says something more precise.
    """

    exit_code = 3
    meaning = InputError.meaning

    def __init__(
        self,
        reason: Reason,
        message: str,
        hint: str = "",
        *,
        kind: Kind | None = None,
        **fields: FieldValue | os.PathLike[str],
    ) -> None:
        super().__init__(message, hint, kind=kind, **fields)
        self.reason = reason
        if kind is None:
            self.kind = reason

    def __reduce__(self) -> tuple[type[Refused], tuple[Reason, str, str], dict[str, Any]]:
        """Travel between processes: the exception's own way knows the message alone."""
        return type(self), (self.reason, self.message, self.hint), dict(self.__dict__)


def out_of_memory() -> Refused:
    """Return what is recorded of an input that this machine has no memory for, now or ever."""
    return Refused(
        Reason.OUT_OF_MEMORY,
        "this machine has not enough memory for it",
        "free some memory or raise its limit, then index it again",
    )
