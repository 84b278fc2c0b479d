"""What a job is asked for: one frozen type a kind, read from and written as plain JSON.

request_of("index", {"paths": ["/footage"], "camera": "gate"})
# IndexWork(paths=("/footage",), camera="gate", ...)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar, TypeAlias

from reidsearch.base.errors import UsageError
from reidsearch.base.settings import MOST_TILES, PRESETS, Tiles

LONGEST_TEXT = 4096
MOST_PATHS = 1000
MOST_MARGIN_S = 3600
PAGES = {"identity": "identity", "journey": "identity", "source": "source_id", "proposals": None}
"""What a page may show -> the field that says of whom or of what."""


class JobKind(StrEnum):
    """What is done; stable, since it is stored and printed in JSON."""

    INDEX = "index"
    LINK = "link"
    ATTRIBUTES = "attributes"
    EXPORT_TRACKS = "export-tracks"
    EXPORT_PAGE = "export-page"
    CLIP = "clip"


@dataclass(frozen=True, slots=True)
class IndexWork:
    """Index footage and person crops; the fields are those of `index` on the command line.

    Args:
        paths: absolute.
        time: of every source that nothing else tells of, ISO 8601.
        timezone: of times without one.
        recorder: that named the files, or `auto`.
    """

    kind: ClassVar[JobKind] = JobKind.INDEX
    paths: tuple[str, ...]
    camera: str | None = None
    time: str | None = None
    timezone: str | None = None
    recorder: str | None = None
    preset: str = "default"
    sample_rate_hz: int | None = None
    tiles: Tiles | None = None
    frames: bool = False


@dataclass(frozen=True, slots=True)
class LinkWork:
    """Propose identities over all cameras.

    Args:
        join_above: adjusted score; None: the documented default.
    """

    kind: ClassVar[JobKind] = JobKind.LINK
    join_above: float | None = None


@dataclass(frozen=True, slots=True)
class AttributesWork:
    """Record what people wear and carry, of every crop that has no record yet."""

    kind: ClassVar[JobKind] = JobKind.ATTRIBUTES


@dataclass(frozen=True, slots=True)
class TracksWork:
    """Write the tracklets of a source for other programs.

    Args:
        ending: `.txt` (MOT), `.xml` (CVAT) or `.json`.
        interpolate: boxes for the frames between two detections too.
    """

    kind: ClassVar[JobKind] = JobKind.EXPORT_TRACKS
    source_id: int
    ending: str = ".json"
    interpolate: bool = False


@dataclass(frozen=True, slots=True)
class PageWork:
    """Write a page that stands alone, with a clip for each card.

    Args:
        of: what it shows, one of `PAGES`.
        identity: whose, where it shows one: its name or number.
        source_id: of which source, where it shows one.

    Raises:
        UsageError: one of these is missing, or one is given that such a page does not show.
    """

    kind: ClassVar[JobKind] = JobKind.EXPORT_PAGE
    of: str
    identity: str | None = None
    source_id: int | None = None

    def __post_init__(self) -> None:
        needed = PAGES[self.of]
        if needed is not None and getattr(self, needed) is None:
            raise UsageError(f"a page of kind {self.of} needs the field {needed!r}")
        for name in ("identity", "source_id"):
            if name != needed and getattr(self, name) is not None:
                raise UsageError(f"a page of kind {self.of} has no field {name!r}")


@dataclass(frozen=True, slots=True)
class ClipWork:
    """Cut out the footage that shows the person of a crop.

    Args:
        margin_s: seconds before and after.
        box: draw the person's box.
        caption: a margin below the picture with camera, time and ids.
        as_it_is: copy the stream without encoding it again; neither box nor caption then.
    """

    kind: ClassVar[JobKind] = JobKind.CLIP
    crop_id: int
    margin_s: float = 2.0
    box: bool = False
    caption: bool = True
    as_it_is: bool = False


JobWork: TypeAlias = IndexWork | LinkWork | AttributesWork | TracksWork | PageWork | ClipWork

WRITING = frozenset({JobKind.INDEX, JobKind.LINK, JobKind.ATTRIBUTES})
"""Kinds that change the archive: one at a time. The others only read, and run beside them."""

_TYPES: dict[JobKind, type[JobWork]] = {
    one.kind: one for one in (IndexWork, LinkWork, AttributesWork, TracksWork, PageWork, ClipWork)
}


def request_of(kind: str, document: Mapping[str, Any]) -> JobWork:
    """Read a request that somebody else wrote.

    Raises:
        UsageError: there is no such kind, a field is unknown, missing, or of another type.
    """
    if kind not in set(JobKind):
        raise UsageError(f"there is no job of kind {kind!r}", f"one of {', '.join(JobKind)}")
    made = _TYPES[JobKind(kind)]
    known = {field.name for field in fields(made)}
    if unknown := sorted(set(document) - known):
        raise UsageError(
            f"a job of kind {kind} has no field {unknown[0]!r}",
            f"its fields are {', '.join(sorted(known))}" if known else "it has none",
        )
    values = {}
    for field in fields(made):
        if field.name in document:
            values[field.name] = _read(field.name, document[field.name], field.default)
        elif field.default is MISSING:
            raise UsageError(f"a job of kind {kind} needs the field {field.name!r}")
    return made(**values)


def document_of(work: JobWork) -> dict[str, Any]:
    """Return a request as `request_of` reads it."""
    told = asdict(work)
    return {name: list(one) if isinstance(one, tuple) else one for name, one in told.items()}


def _read(name: str, value: object, default: object) -> Any:
    if value is None and default is None:
        return None
    reader, expected = _FIELDS[name]
    try:
        return reader(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} is {_shown(value)}, not {expected}") from error


def _shown(value: object) -> str:
    told = ascii(value)
    return told if len(told) <= 100 else f"{told[:100]}..."


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT or not value.isprintable():
        raise ValueError
    return value


def _path(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT or "\0" in value:
        raise ValueError
    return value


def _paths(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not 0 < len(value) <= MOST_PATHS:
        raise ValueError
    return tuple(_path(one) for one in value)


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _whole(least: int, most: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError
        return value

    return read


def _number(least: float, most: float) -> Callable[[object], float]:
    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        if not (math.isfinite(value) and least <= value <= most):
            raise ValueError
        return float(value)

    return read


def _one_of(*names: str) -> tuple[Callable[[object], str], str]:
    def read(value: object) -> str:
        if value not in names:
            raise ValueError
        return str(value)

    return read, f"one of {', '.join(names)}"


def _tiles(value: object) -> Tiles:
    return "auto" if value == "auto" else _whole(1, MOST_TILES)(value)


_ID = _whole(1, 2**63 - 1)
_FIELDS: dict[str, tuple[Callable[[object], Any], str]] = {
    "paths": (_paths, f"a list of 1 to {MOST_PATHS} paths"),
    "camera": (_text, "printable text"),
    "time": (_text, "a time in ISO 8601"),
    "timezone": (_text, "the name of a time zone"),
    "recorder": (_text, "the name of a recorder, or auto"),
    "preset": _one_of(*PRESETS),
    "sample_rate_hz": (_whole(1, 240), "a whole number from 1 to 240"),
    "tiles": (_tiles, f"auto or a whole number from 1 to {MOST_TILES}"),
    "frames": (_switch, "true or false"),
    "join_above": (_number(0.1, 1), "a score from 0.1 to 1"),
    "source_id": (_ID, "the id of a source"),
    "of": _one_of(*PAGES),
    "identity": (_text, "the name or number of an identity"),
    "ending": _one_of(".txt", ".xml", ".json"),
    "interpolate": (_switch, "true or false"),
    "crop_id": (_ID, "the id of a crop"),
    "margin_s": (_number(0, MOST_MARGIN_S), f"seconds from 0 to {MOST_MARGIN_S}"),
    "box": (_switch, "true or false"),
    "caption": (_switch, "true or false"),
    "as_it_is": (_switch, "true or false"),
}
"""Field -> how its value is read, and what it must be."""
