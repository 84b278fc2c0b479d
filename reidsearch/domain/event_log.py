"""The event log: what was done with an archive, by whom, in a chain that shows every change.

Each entry holds the SHA-256 of the one before it, so that no entry can be changed, dropped, added
or moved without breaking the chain behind it. What an entry says in detail enters the chain by a
salted commitment, so that it can be erased later while the chain still holds. The format, for other
implementations: `docs/reference/event-log.md`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import rfc8785

from reidsearch.base.errors import DECODING_ERRORS
from reidsearch.base.reading import parse_json
from reidsearch.base.timecode import iso

FORMAT = "reidsearch-log/1"
SEAL_FORMAT = "reidsearch-seal/1"
BEFORE_FIRST = bytes(32)
"""What stands in the first entry as the digest of the one before it."""
SALT_BYTES = 32
LARGEST_WHOLE = 2**53 - 1
"""Whole numbers up to here are exact in every JSON."""
LEAST_DECIMAL = 1e-4
"""From here on the standard library writes numbers without an exponent."""


class Event(StrEnum):
    """What was done."""

    BEGIN = "begin"  # the log begins: what the archive held by then
    SEARCH = "search"
    SEARCH_END = "search-end"  # of one whose matches were given one by one
    EXPLAIN = "explain"
    NEARBY = "nearby"  # who else was seen around somebody
    COMPANY = "company"  # who was repeatedly seen where and when somebody was
    NEXT = "next"  # which footage of an identity to fetch next
    INTERSECTION = "intersection"  # who may have been at several places
    DECISION = "decision"
    INDEX = "index"  # a run began
    INDEX_END = "index-end"
    EXPORT = "export"  # a file was written
    PLAYBACK = "playback"  # footage was looked at
    SHOWN = "shown"  # a person, a tracklet or a match, to somebody in the page
    BACKUP = "backup"
    BACKUP_ERASE = "backup-erase"  # a backup lost what the archive has erased
    RESTORE = "restore"
    COPY = "copy"  # the archive was copied to another address
    COPIED = "copied"  # and this is the copy
    MIGRATE = "migrate"
    REPAIR = "repair"  # began
    REPAIR_END = "repair-end"
    ANNOTATE = "annotate"  # recording attributes began
    ANNOTATE_END = "annotate-end"
    LINK = "link"
    QUANTIZE = "quantize"
    PREPARE_RERANKING = "prepare-reranking"
    SEAL = "seal"
    KEY = "key"  # seals are signed with another key from here on
    FORGET = "forget"  # the details of earlier entries were erased
    MERGE = "merge"  # of another archive into this one, began
    MERGE_END = "merge-end"
    DELETE = "delete"
    REEMBED = "reembed"
    PICTURES = "pictures"  # moved, out of the database or back
    CLOCK = "clock"
    CLOCK_SUGGEST = "clock-suggest"  # offsets of clocks were told from people
    CALIBRATE = "calibrate"
    FORGET_CALIBRATION = "forget-calibration"
    TIMEZONE = "timezone"
    RELOCATE = "relocate"
    GROWN = "grown"  # a source took the place of the one that it is the grown file of
    CASE = "case"  # was opened, changed, closed or opened again
    CASE_REQUIRED = "case-required"  # whether searching needs a case
    HOLD = "hold"  # was set or released
    PHOTO = "photo"  # a reference photograph was added to an identity
    REVIEW = "review"  # of a case, was started, answered or finished
    GROUND = "ground"  # of a camera, was set or removed
    KEEPS = "keeps"  # how long the recorder of a camera keeps footage was set or removed
    DISTANCE = "distance"  # between two people was asked for
    PLACE = "place"  # a region or line of a camera was kept, or removed
    SAVED = "saved"  # a question that is asked of whatever is indexed was saved, or removed
    RETENTION = "retention"  # a rule was set or removed, or the rules were applied
    ACCOUNT = "account"  # was added, changed or removed
    REPLAY = "replay"  # a search was made again, and compared with what it gave
    SIGN_IN = "sign-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGN_OUT = "sign-out"


QUESTIONS = (
    Event.SEARCH,
    Event.SEARCH_END,
    Event.EXPLAIN,
    Event.NEARBY,
    Event.DISTANCE,
    Event.COMPANY,
    Event.INTERSECTION,
    Event.NEXT,
)
"""Events of what somebody asked about people."""


class Shown(StrEnum):
    """What an entry `shown` is of, by its number."""

    IDENTITY = "identity"
    JOURNEY = "journey"  # of an identity
    TRACKLET = "tracklet"
    MATCH = "match"  # a crop beside a query; where it is explained, the entry is `explain`


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of the log.

    Args:
        number: 1, 2, 3, ... without a hole.
        actor: who did it.
        case: for which case, by its number; None: for none.
        program: which program and version wrote it.
        content: SHA-256 of salt and detail, 32 bytes.
        previous: digest of the entry before, 32 bytes.
        salt, detail: what was done, as canonical JSON; None: erased.
    """

    number: int
    at: dt.datetime
    event: Event
    actor: str
    case: str | None
    program: str
    content: bytes
    previous: bytes
    salt: bytes | None
    detail: str | None

    def document(self) -> dict[str, Any]:
        """Return what the chain is of; its canonical JSON is what is hashed."""
        return {
            "format": FORMAT,
            "number": self.number,
            "at": iso(self.at),
            "event": self.event.value,
            "actor": self.actor,
            "case": self.case,
            "program": self.program,
            "content": self.content.hex(),
            "previous": self.previous.hex(),
        }

    @property
    def digest(self) -> bytes:
        """SHA-256 of the entry, 32 bytes."""
        return hashlib.sha256(canonical(self.document())).digest()

    @property
    def said(self) -> dict[str, Any] | None:
        """What was done; None: erased.

        Raises:
            ValueError, TypeError: the detail is no JSON object.
        """
        if self.detail is None:
            return None
        found = parse_json(self.detail)
        if not isinstance(found, dict):
            raise TypeError("the detail of an entry is no JSON object")
        return found


@dataclass(frozen=True, slots=True)
class Seal:
    """Up to where the log went at a time: kept elsewhere, it shows what was cut off since.

    Args:
        entries: how many there were.
        head: digest of the last of them, in hexadecimal.
    """

    archive_id: str
    at: dt.datetime
    entries: int
    head: str

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "format": SEAL_FORMAT,
            "archive_id": self.archive_id,
            "at": iso(self.at),
            "entries": self.entries,
            "head": self.head,
        }


@dataclass(frozen=True, slots=True)
class LogFault:
    """Where the log does not hold.

    Args:
        number: of the entry; of what is missing where entries are.
    """

    number: int
    what: str


def canonical(value: Any) -> bytes:
    """Return a value as canonical JSON (RFC 8785).

    What has no canonical form gets one: numbers that are not finite are null, whole numbers beyond
    2**53 are their digits as a text, and what is no text any more (a file name in another encoding)
    is escaped with backslashes.
    """
    # What the standard library writes in the same way, it writes in a tenth of the time.
    try:
        text = json.dumps(_usual(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        if text.isascii() or _BEYOND_BMP.search(text) is None:
            return text.encode()
    except (_UnusualError, UnicodeEncodeError):
        pass
    return rfc8785.dumps(_plain(value))


_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")  # keys are ordered by their UTF-16


class _UnusualError(Exception):
    """The standard library does not write this value in its canonical form."""


def _usual(value: Any) -> Any:
    """Return the value with its whole numbers as such; every number is written alike then.

    Raises:
        _UnusualError: something in it is written in another way.
    """
    kind = type(value)
    if value is None or kind is str or kind is bool:
        return value
    if kind is float:
        if value.is_integer() and abs(value) <= LARGEST_WHOLE:
            return int(value)
        if LEAST_DECIMAL <= abs(value) < LARGEST_WHOLE:  # beyond, exponents are written otherwise
            return value
        raise _UnusualError
    if kind is dict:
        if not all(type(key) is str for key in value):
            raise _UnusualError
        return {key: _usual(one) for key, one in value.items()}
    if kind is list or kind is tuple:
        return [_usual(one) for one in value]
    if kind is int and abs(value) <= LARGEST_WHOLE:
        return value
    if isinstance(value, str):  # a member of an enumeration
        return str.__str__(value)
    raise _UnusualError


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and abs(value) > LARGEST_WHOLE:
        return str(value)
    if isinstance(value, dict):
        return {_plain(str(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def committed(detail: str, salt: bytes) -> bytes:
    """Return the commitment to a detail: SHA-256 of the salt and the text's UTF-8, 32 bytes."""
    return hashlib.sha256(salt + detail.encode()).digest()


def _is_committed(entry: LogEntry) -> bool:
    """Tell whether an entry's detail is what its chain is of; a value of another type never is."""
    try:
        return committed(entry.detail or "", entry.salt or b"") == entry.content
    except DECODING_ERRORS:
        return False


def _erased_by(entry: LogEntry) -> set[int]:
    """Return the earlier entries that an entry says to have erased."""
    try:
        told = (entry.said or {}).get("entries")
    except DECODING_ERRORS:
        return set()
    numbers = told if isinstance(told, list) else []
    return {one for one in numbers if isinstance(one, int) and one < entry.number}


def new_salt() -> bytes:
    """Return a salt: without it nobody can guess an erased detail and prove the guess."""
    return secrets.token_bytes(SALT_BYTES)


def faults_around(entries: Iterable[LogEntry], number: int) -> Iterator[LogFault]:
    """Find where one entry does not hold, or does not follow and lead to the two beside it.

    Args:
        entries: it and those beside it, in their order.
    """
    before: LogEntry | None = None
    for entry in entries:
        if entry.number == number:
            held = before.digest if before else BEFORE_FIRST if number == 1 else None
            if held is None or (before and before.number != number - 1):
                yield LogFault(number, "the entry before it is missing")
            elif entry.previous != held:
                yield LogFault(number, "it does not follow the entry before it")
            if entry.detail is not None and not _is_committed(entry):
                yield LogFault(number, "its detail is not what was written")
        elif before and before.number == number and entry.previous != before.digest:
            yield LogFault(number, "the next entry does not follow it")
        before = entry


def faults(entries: Iterable[LogEntry], seals: Iterable[Seal] = ()) -> Iterator[LogFault]:
    """Find where a log does not hold, in its order; nothing: it holds.

    Args:
        entries: all, in their order.
        seals: of this archive.
    """
    erased: set[int] = set()
    emptied: set[int] = set()
    sealed = sorted(seals, key=lambda seal: seal.entries)
    number, previous = 0, BEFORE_FIRST
    for entry in entries:
        if entry.number != number + 1:
            yield LogFault(number + 1, f"missing: entry {entry.number} follows entry {number}")
        elif entry.previous != previous:
            who = f"entry {number}" if number else "the beginning"
            yield LogFault(entry.number, f"does not follow {who}: one of the two was changed")
        if entry.detail is None and entry.salt is None:
            emptied.add(entry.number)
        elif not _is_committed(entry):
            yield LogFault(entry.number, "its detail is not what was written")
        elif entry.event is Event.FORGET:
            erased |= _erased_by(entry)
        number, previous = entry.number, entry.digest
        while sealed and sealed[0].entries <= number:
            seal = sealed.pop(0)
            if seal.entries == number and seal.head != previous.hex():
                yield LogFault(number, f"not what was sealed at {iso(seal.at)}")
    for one in sorted(emptied - erased):
        yield LogFault(one, "its detail is gone, and no later entry says that it was erased")
    if sealed:
        last = sealed[-1]
        told = f"cut off: {last.entries} entries were sealed at {iso(last.at)}, {number} are here"
        yield LogFault(number + 1, told)
