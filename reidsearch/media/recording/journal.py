"""The journal of a camera beside its segments: what was recorded, and why something is missing.

One line of JSON an entry, one file a month (`journal-2026-11.jsonl`), appended and never changed.
`gaps` reads them back.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidsearch.base.errors import Refused
from reidsearch.base.reading import open_regular, parse_json
from reidsearch.base.timecode import from_us, parse_time, to_us

SCHEMA = "reidsearch/recording-journal/1"
_LONGEST_LINE = 4096
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of which a camera has no footage.

    Args:
        begin_us, end_us: microseconds since 1970.
        why: in words, the last reason first.
        attempts: how often a connection was tried meanwhile.
    """

    begin_us: int
    end_us: int
    why: tuple[str, ...]
    attempts: int = 0


class Journal:
    """Appends to the journal of one camera."""

    def __init__(self, folder: Path, camera: str) -> None:
        self._own, self._camera = folder / camera, camera

    def write(self, at_us: int, event: str, **fields: Any) -> None:
        """Append an entry.

        Raises:
            OSError: the disk does not take it.
        """
        entry = {"schema": SCHEMA, "at": _iso(at_us), "camera": self._camera, "event": event}
        line = json.dumps(entry | fields, allow_nan=False) + "\n"
        self._own.mkdir(parents=True, exist_ok=True)
        path = self._own / f"journal-{from_us(at_us):%Y-%m}.jsonl"
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def gap(self, at_us: int, gap: Gap) -> None:
        """Append a gap that is over."""
        self.write(
            at_us,
            "gap",
            begin=_iso(gap.begin_us),
            end=_iso(gap.end_us),
            why=list(gap.why),
            attempts=gap.attempts,
        )

    def recorded_until_us(self) -> int | None:
        """Return up to where segments and gaps tell everything; None: there are none."""
        ends = []
        for entry in entries(self._own):
            if entry.get("event") in {"segment", "gap"}:
                with contextlib.suppress(KeyError, TypeError, ValueError, Refused):
                    ends.append(to_us(parse_time(entry["end"])))
        return max(ends, default=None)


def entries(own: Path) -> Iterator[dict[str, Any]]:
    """Give the entries in the folder of a camera, in order; lines that are none are passed over.

    What a killed process has half written is such a line. What is no file, or cannot be read, is
    passed over as well.
    """
    for path in sorted(own.glob("journal-*.jsonl")):
        try:
            descriptor = open_regular(os.fspath(path))
        except Refused:
            continue
        with os.fdopen(descriptor, "rb") as file:
            while line := file.readline(_LONGEST_LINE):
                try:
                    entry = parse_json(line)
                except ValueError:
                    continue
                if isinstance(entry, dict):
                    yield entry


def gaps(own: Path) -> list[Gap]:
    """Return the gaps of the camera whose folder this is, in order."""
    found = []
    for entry in entries(own):
        if entry.get("event") != "gap":
            continue
        try:
            begin, end = (to_us(parse_time(entry[name])) for name in ("begin", "end"))
            why = tuple(str(one)[:_LONGEST_REASON] for one in entry["why"])
            found.append(Gap(begin, end, why, int(entry["attempts"])))
        except (KeyError, TypeError, ValueError, Refused):
            continue
    return found


def _iso(at_us: int) -> str:
    return from_us(at_us).isoformat(timespec="milliseconds")
