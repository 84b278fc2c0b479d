"""The one error tree. Every class has an exit code; every message says what, which file, what now.

The command line has a single boundary that prints `message` and `hint` and leaves with
`exit_code`; `docs/reference/errors.md` is generated from this file.
"""

from __future__ import annotations

from enum import StrEnum


class ReidsearchError(Exception):
    """Anything that reidsearch itself reports to a user.

    Args:
        message: what happened and to which file or thing.
        hint: what to do now; a command where there is one.
    """

    exit_code = 70
    meaning = "an error inside reidsearch that it did not foresee; please report it"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SomeFailed(ReidsearchError):
    """The work was finished, but some inputs failed; each is recorded with its reason."""

    exit_code = 1
    meaning = "finished, but some inputs failed or a check found damage; the output names them"


class UsageError(ReidsearchError):
    """An option or argument makes no sense; nothing was done."""

    exit_code = 2
    meaning = "an option or argument is wrong; nothing was done"


class InputError(ReidsearchError):
    """A file that was given cannot be used at all."""

    exit_code = 3
    meaning = "a file or folder that was given is missing, unreadable or not what it should be"


class ModelError(ReidsearchError):
    """A model is missing, damaged, or not of the expected kind."""

    exit_code = 4
    meaning = "a model is missing, damaged, of the wrong kind, or not the archive's"


class ArchiveError(ReidsearchError):
    """The archive is missing, damaged, or not an archive."""

    exit_code = 5
    meaning = "the archive is missing, damaged, or not an archive"


class ArchiveLocked(ReidsearchError):
    """Another process is writing to the archive."""

    exit_code = 6
    meaning = "another process is writing to the archive; the message names it"


class ArchiveVersionError(ReidsearchError):
    """The archive's schema is older or newer than this program's."""

    exit_code = 7
    meaning = "the archive was made by another version; older: `reidsearch migrate`, newer: upgrade"


class StorageError(ReidsearchError):
    """The disk is full, read-only, or failed."""

    exit_code = 8
    meaning = "the disk is full, read-only, or failed; what was committed before is safe"


class NotFound(ReidsearchError):
    """An id or name that does not exist in the archive."""

    exit_code = 9
    meaning = "an id or name is not in the archive"


class Interrupted(ReidsearchError):
    """The user stopped the work; what was committed stays."""

    exit_code = 130
    meaning = "stopped by Ctrl-C or SIGTERM after committing; the same command goes on from there"


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


class Refused(ReidsearchError):
    """One input that cannot become a crop; recorded in the failures ledger, the run goes on."""

    exit_code = 3
    meaning = InputError.meaning

    def __init__(self, reason: Reason, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.reason = reason
