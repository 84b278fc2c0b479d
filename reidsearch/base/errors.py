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


class Kind(StrEnum):
    """What kind of situation an error is; stable, so that programs may decide by it.

    The first block holds the kind that each class has when nothing more precise is said.
    """

    INTERNAL = "internal"
    SOME_FAILED = "some-failed"
    USAGE = "usage"
    INPUT = "input"
    MODEL = "model"
    ARCHIVE = "archive"
    ARCHIVE_LOCKED = "archive-locked"
    ARCHIVE_VERSION = "archive-version"
    STORAGE = "storage"
    NOT_FOUND = "not-found"
    INTERRUPTED = "interrupted"

    MODEL_UNAVAILABLE = "model-unavailable"
    MODEL_UNKNOWN = "model-unknown"
    MODEL_FILE_MISSING = "model-file-missing"
    MODEL_FILE_NEEDED = "model-file-needed"
    MODEL_MANIFEST_MISSING = "model-manifest-missing"
    MODEL_MANIFEST_BAD = "model-manifest-bad"
    MODEL_MANIFEST_DIFFERS = "model-manifest-differs"
    MODEL_ALTERED = "model-altered"
    MODEL_WITHOUT_GOLDEN = "model-without-golden"
    MODEL_DOUBTED = "model-doubted"
    MODEL_OF_CATALOGUE = "model-of-catalogue"
    MODEL_NAME_ODD = "model-name-odd"
    MODEL_INCOMPLETE = "model-incomplete"
    MODEL_DOWNLOAD_REFUSED = "model-download-refused"
    MODEL_MISMATCH = "model-mismatch"
    MODEL_QUANTIZED_ALREADY = "model-quantized-already"
    MODEL_WITHOUT_WEIGHTS = "model-without-weights"
    MODEL_NAME_TAKEN = "model-name-taken"
    MODEL_ANSWERS_AS_ANOTHER = "model-answers-as-another"
    CUSTOM_MODEL_DAMAGED = "custom-model-damaged"
    CUSTOM_MODEL_MISSING = "custom-model-missing"
    CUSTOM_MODEL_UNKNOWN = "custom-model-unknown"
    NOT_AN_EMBEDDER = "not-an-embedder"
    NOT_A_DETECTOR = "not-a-detector"
    NOT_A_RECOGNIZER = "not-a-recognizer"
    DEVICE_UNKNOWN = "device-unknown"
    DEVICE_FAILED = "device-failed"
    REDUCED_PRECISION = "reduced-precision"
    INFERENCE_DIFFERS = "inference-differs"

    TIME_WITHOUT_ZONE = "time-without-zone"
    STREAM_COPY_IMPOSSIBLE = "stream-copy-impossible"
    STREAM_COPY_FAILED = "stream-copy-failed"
    NO_VIDEO_ENCODER = "no-video-encoder"
    CLIP_NOT_ENCODED = "clip-not-encoded"
    CLIP_UNREADABLE = "clip-unreadable"
    FOOTAGE_MISSING = "footage-missing"
    FOOTAGE_DIFFERS = "footage-differs"
    FRAMES_NOT_FOUND = "frames-not-found"
    MOMENT_NOT_REACHED = "moment-not-reached"
    PLAYBACK_BUSY = "playback-busy"
    RELOCATION_OF_NOTHING = "relocation-of-nothing"

    ANSWER_UNREADABLE = "answer-unreadable"
    ANSWER_OF_ANOTHER = "answer-of-another"
    ANSWER_AMBIGUOUS = "answer-ambiguous"

    ARCHIVE_EMPTY = "archive-empty"
    LABELS_MISSING = "labels-missing"
    SCORES_NOT_FINITE = "scores-not-finite"
    SCORES_DO_NOT_SEPARATE = "scores-do-not-separate"
    TOO_FEW_PEOPLE = "too-few-people"
    CALIBRATION_MISSING = "calibration-missing"
    FALSE_ALARMS_NOT_MEASURED = "false-alarms-not-measured"
    SCORE_LIMIT_TWICE = "score-limit-twice"
    FEEDBACK_UNCALIBRATED = "feedback-uncalibrated"
    QUERY_CAMERA_UNUSED = "query-camera-unused"
    LIKES_OPPOSE_QUERY = "likes-oppose-query"
    LIKED_AND_UNLIKED = "liked-and-unliked"
    QUERY_LIKED = "query-liked"
    QUERY_UNLIKED = "query-unliked"
    REJECTED_LIKED = "rejected-liked"
    THRESHOLD_UNKNOWN = "threshold-unknown"

    PERSON_NOT_IN_FRAME = "person-not-in-frame"
    PERSON_AMBIGUOUS = "person-ambiguous"
    PICTURE_NOT_KEPT = "picture-not-kept"
    SOURCE_AMBIGUOUS = "source-ambiguous"
    CROP_WITHOUT_FOOTAGE = "crop-without-footage"
    CROP_NOT_EMBEDDED = "crop-not-embedded"

    SEEN_AT_ONCE = "seen-at-once"
    SPLIT_OF_NOTHING = "split-of-nothing"
    IDENTITY_EMPTY = "identity-empty"
    IDENTITY_NEEDED = "identity-needed"
    PROPOSAL_UNKNOWN = "proposal-unknown"
    PROPOSAL_OF_NOBODY = "proposal-of-nobody"
    NOTHING_LINKED = "nothing-linked"
    IDENTITY_UNKNOWN = "identity-unknown"
    IDENTITY_MERGED = "identity-merged"
    IDENTITY_NAME_TAKEN = "identity-name-taken"
    CONFIRMED_AS_ANOTHER = "confirmed-as-another"
    CONFIRMED_AND_REJECTED = "confirmed-and-rejected"
    NOT_A_MEMBER = "not-a-member"
    NOTHING_WOULD_STAY = "nothing-would-stay"
    DECISIONS_STAND = "decisions-stand"
    DECISION_UNDONE = "decision-undone"
    DECISION_UNKNOWN = "decision-unknown"
    DECISION_OVERTAKEN = "decision-overtaken"
    TRACKLET_GONE = "tracklet-gone"
    SPLIT_OUTSIDE = "split-outside"
    SPLIT_AMBIGUOUS = "split-ambiguous"
    TRACKLET_CHANGED = "tracklet-changed"
    TRACKLETS_AT_ONCE = "tracklets-at-once"
    TRACKLETS_APART = "tracklets-apart"
    TRACKLETS_OF_TWO = "tracklets-of-two"
    TRACKLETS_DISAGREE = "tracklets-disagree"

    JOB_UNKNOWN = "job-unknown"
    JOB_ENDED = "job-ended"
    JOB_KILLED = "job-killed"
    JOB_OUTPUT_GONE = "job-output-gone"
    FOLDER_NOT_OFFERED = "folder-not-offered"

    ACCOUNT_UNKNOWN = "account-unknown"
    ACCOUNT_NAME_TAKEN = "account-name-taken"
    ACCOUNT_NAME_BAD = "account-name-bad"
    CASE_UNKNOWN = "case-unknown"
    CASE_NUMBER_TAKEN = "case-number-taken"
    CASE_BAD = "case-bad"
    CASE_CLOSED = "case-closed"
    CASE_EXPIRED = "case-expired"
    CASE_REQUIRED = "case-required"
    REASON_REQUIRED = "reason-required"
    REASON_BAD = "reason-bad"
    REVIEW_UNKNOWN = "review-unknown"
    REVIEW_OF_NOTHING = "review-of-nothing"
    REVIEW_FIRST_EXAMINER = "review-first-examiner"
    REVIEW_OPEN = "review-open"
    ON_HOLD = "on-hold"
    HOLD_UNKNOWN = "hold-unknown"
    RETENTION_UNKNOWN = "retention-unknown"
    SERVE_UNPROTECTED = "serve-unprotected"
    SERVE_TLS_TWICE = "serve-tls-twice"
    SERVE_WITHOUT_ACCOUNTS = "serve-without-accounts"
    SERVE_WITHOUT_NAME = "serve-without-name"
    ACCOUNT_OF_SELF = "account-of-self"
    ACCOUNT_ADMIN_LIMITED = "account-admin-limited"
    ACCOUNT_NONE = "account-none"
    CAMERAS_HIDDEN = "cameras-hidden"
    PASSWORD_BAD = "password-bad"  # noqa: S105

    SIGNING_KEY_EXISTS = "signing-key-exists"
    SIGNING_KEY_INSIDE = "signing-key-inside"
    SIGNING_KEY_MISSING = "signing-key-missing"
    SIGNING_KEY_OPEN = "signing-key-open"
    SIGNING_KEY_LOCKED = "signing-key-locked"
    TIMESTAMP_REFUSED = "timestamp-refused"
    SIGNING_KEY_BAD = "signing-key-bad"

    NOTHING_TO_CHANGE = "nothing-to-change"
    NOTHING_TO_DELETE = "nothing-to-delete"
    DELETION_UNFINISHED = "deletion-unfinished"
    ARCHIVE_OUTDATED = "archive-outdated"
    ARCHIVE_MISSING = "archive-missing"
    MIGRATION_REFUSED = "migration-refused"
    DATABASE_DAMAGED = "database-damaged"
    ROW_DAMAGED = "row-damaged"
    LOG_DAMAGED = "log-damaged"
    CALIBRATION_DAMAGED = "calibration-damaged"
    ARCHIVE_DAMAGED = "archive-damaged"
    ARCHIVE_NEEDS_REPAIR = "archive-needs-repair"
    ARCHIVE_FOREIGN = "archive-foreign"
    ARCHIVE_NOT_VERIFIED = "archive-not-verified"
    MODEL_BLIND = "model-blind"
    CODECS_MISSING = "codecs-missing"
    TOO_MANY_FILES = "too-many-files"
    OUT_OF_MEMORY = "out-of-memory"


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
