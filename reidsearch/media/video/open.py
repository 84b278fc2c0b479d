"""Open a source of footage, whatever it is; digest its bytes."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base import locations
from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.base.reading import open_regular, refusal
from reidsearch.media.video.verified import known_of, remember, state_of

if TYPE_CHECKING:
    from reidsearch.media.video.frames import Footage

READ_AT_ONCE = 1 << 20


def open_footage(
    path: str | os.PathLike[str],
    *,
    frames_fps: Fraction | None = None,
    decoder: str | None = None,
) -> Footage:
    """Open a video file, or a folder of full frames.

    Args:
        frames_fps: pictures a second of a folder whose names tell no time.
        decoder: the kind of device that decodes a video's pictures; None: software does.

    Raises:
        Refused: it is missing, or holds no frame that can be decoded; the reason says which.
    """
    if Path(path).is_dir():
        from reidsearch.media.video.frame_folder import FrameFolder

        return FrameFolder(Path(path), frames_fps)
    from reidsearch.media.video.video_file import VideoFile

    return VideoFile(Path(path), decoder)


def path_of(location: str) -> Path:
    """The file that a stored location means; names that are no text were stored as escapes."""
    path = Path(location)
    return path if lies_there(path) else Path(locations.path_of(location))


def lies_there(path: Path) -> bool:
    """Whether anything can be seen at a path; where it may not be looked at, nothing can."""
    return os.path.exists(path)  # noqa: PTH110 - that raises what it is not allowed to see


@dataclass(frozen=True, slots=True)
class Digest:
    """A source's bytes.

    Args:
        sha256: of a file's bytes; of a folder of frames: of the lines `NAME SHA256` of its
            pictures, by name.
        start_sha256: of as many first bytes (whole pictures) as were asked for; None: it has fewer.
    """

    sha256: bytes
    size_bytes: int
    start_sha256: bytes | None = None


def digest_of(
    path: str | os.PathLike[str],
    progress: Progress = NO_PROGRESS,
    start_bytes: int | None = None,
) -> Digest:
    """Read a source and return its digest, which is remembered for `known_digest`.

    Args:
        start_bytes: of how many first bytes a digest is wanted too.

    Raises:
        Refused: it cannot be read.
    """
    state = state_of(path)
    digest = _digest_of(path, progress, start_bytes)
    remember(path, state, sha256=digest.sha256.hex())
    return digest


def known_digest(path: str | os.PathLike[str]) -> str | None:
    """Return the SHA-256, hexadecimal, of bytes that were hashed before and have not changed."""
    found = known_of(path).get("sha256")
    return str(found) if found else None


def _digest_of(path: str | os.PathLike[str], progress: Progress, start_bytes: int | None) -> Digest:
    folder = Path(path)
    if folder.is_dir():
        from reidsearch.media.video.frame_folder import pictures_in

        whole, total, start = hashlib.sha256(), 0, None
        for name in pictures_in(folder):
            one = _digest_of(folder / name, NO_PROGRESS, None)
            whole.update(f"{name} {one.sha256.hex()}\n".encode("utf-8", "surrogateescape"))
            total += one.size_bytes
            if total == start_bytes:
                start = whole.digest()
        return Digest(whole.digest(), total, start)
    descriptor = open_regular(os.fspath(path))
    hashed, held, start = hashlib.sha256(), 0, None
    progress.begin(f"reading {folder.name}", os.fstat(descriptor).st_size, "bytes")
    try:
        while part := os.read(descriptor, READ_AT_ONCE):
            if start_bytes is not None and held <= start_bytes <= held + len(part):
                begun = hashed.copy()
                begun.update(part[: start_bytes - held])
                start = begun.digest()
            hashed.update(part)
            held += len(part)
            progress.advance(len(part))
    except OSError as error:
        raise refusal(error) from error
    finally:
        os.close(descriptor)
        progress.end()
    return Digest(hashed.digest(), held, start)
