"""Names of recorded segments: camera and start, as the recorder `reidsearch` reads them back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from reidsearch.base.errors import UsageError
from reidsearch.base.timecode import from_us
from reidsearch.media.naming.recorders import recorder
from reidsearch.media.naming.source_facts import SourceNaming

SUFFIX = ".mkv"
PARTIAL = ".part"
_FORBIDDEN = frozenset('/\\:*?"<>|')
_LONGEST = 100


def stamp_of(start_us: int) -> str:
    """Return a start as names tell it: UTC, to the millisecond."""
    at = from_us(start_us)
    return f"{at:%Y-%m-%dT%H-%M-%S}.{at.microsecond // 1000:03}Z"


def segment_path(folder: Path, camera: str, start_us: int) -> Path:
    """Return where a segment lies: in a folder of its camera and day (UTC)."""
    day = f"{from_us(start_us):%Y-%m-%d}"
    return folder / camera / day / f"{camera}_{stamp_of(start_us)}{SUFFIX}"


def partial_path(folder: Path, camera: str, start_us: int) -> Path:
    """Return where a segment is written before it is closed; nothing takes it for footage."""
    return folder / camera / f".{camera}_{stamp_of(start_us)}{SUFFIX}{PARTIAL}"


def start_of_partial(path: Path, camera: str) -> int | None:
    """Return the start that the name of an unfinished segment tells; None: it is none."""
    told = path.name.removeprefix(f".{camera}_").removesuffix(f"Z{SUFFIX}{PARTIAL}")
    try:
        at = dt.datetime.strptime(told, "%Y-%m-%dT%H-%M-%S.%f").replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    return round(at.timestamp() * 1000) * 1000


def camera_folder(segment: Path) -> Path | None:
    """Return the folder of the camera that a segment is of; None: it is no segment of this program.

    Nothing is looked at but its name.
    """
    match = recorder("reidsearch").pattern.search(segment.as_posix())
    own = segment.parent.parent
    return own if match is not None and own.name == match["camera"] else None


def require_camera_name(camera: str) -> None:
    """Refuse a name that a segment's name would not tell again.

    Raises:
        UsageError: saying why.
    """
    if not camera or camera != camera.strip() or camera.startswith(".") or len(camera) > _LONGEST:
        raise UsageError(
            f"a camera that is recorded cannot be called {camera!r}",
            f"its files are named by it: 1 to {_LONGEST} characters, no point or space before",
        )
    if not camera.isprintable() or _FORBIDDEN & set(camera):
        raise UsageError(
            f"a camera that is recorded cannot be called {camera!r}",
            'its files are named by it: leave out / \\ : * ? " < > |',
        )
    start_us = 1_717_164_180_123_000
    path = segment_path(Path("/"), camera, start_us)
    facts = SourceNaming(recorder="auto").facts(str(path)).facts
    if facts.camera != camera or facts.clock.start != from_us(start_us):
        raise UsageError(
            f"a camera that is recorded cannot be called {camera!r}",
            "its files are named by it, and their names could be read in another way",
        )
