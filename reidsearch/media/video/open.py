"""Open a source of footage, whatever it is; digest its bytes."""

from __future__ import annotations

import hashlib
import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from reidsearch.base.progress import NO_PROGRESS, Progress
from reidsearch.media.files.paths import location_text, open_regular, refusal
from reidsearch.media.video.verified import known_of, remember, state_of

if TYPE_CHECKING:
    from reidsearch.media.video.frames import Footage

READ_AT_ONCE = 1 << 20


def open_footage(path: str | os.PathLike[str], *, frames_fps: Fraction | None = None) -> Footage:
    """Open a video file, or a folder of full frames.

    Args:
        frames_fps: pictures a second of a folder whose names tell no time.

    Raises:
        Refused: it is missing, or holds no frame that can be decoded; the reason says which.
    """
    if Path(path).is_dir():
        from reidsearch.media.video.frame_folder import FrameFolder

        return FrameFolder(Path(path), frames_fps)
    from reidsearch.media.video.video_file import VideoFile

    return VideoFile(Path(path))


def path_of(location: str) -> Path:
    """The file that a stored location means; names that are no text were stored as escapes."""
    path = Path(location)
    if path.exists() or "\\x" not in path.name or not path.parent.is_dir():
        return path
    same = (each for each in path.parent.iterdir() if location_text(str(each)) == location)
    return next(same, path)


def digest_of(path: str | os.PathLike[str], progress: Progress = NO_PROGRESS) -> tuple[bytes, int]:
    """SHA-256 of a source's bytes, and how many there are.

    Of a folder of frames: of the lines `NAME SHA256` of its pictures, by name. It is remembered for
    `known_digest`.

    Raises:
        Refused: it cannot be read.
    """
    state = state_of(path)
    sha256, size = _digest_of(path, progress)
    remember(path, state, sha256=sha256.hex())
    return sha256, size


def known_digest(path: str | os.PathLike[str]) -> str | None:
    """Return the SHA-256, hexadecimal, of bytes that were hashed before and have not changed."""
    found = known_of(path).get("sha256")
    return str(found) if found else None


def _digest_of(path: str | os.PathLike[str], progress: Progress) -> tuple[bytes, int]:
    folder = Path(path)
    if folder.is_dir():
        from reidsearch.media.video.frame_folder import pictures_in

        whole, total = hashlib.sha256(), 0
        for name in pictures_in(folder):
            sha256, size = _digest_of(folder / name, NO_PROGRESS)
            whole.update(f"{name} {sha256.hex()}\n".encode("utf-8", "surrogateescape"))
            total += size
        return whole.digest(), total
    descriptor = open_regular(os.fspath(path))
    hashed, held = hashlib.sha256(), 0
    progress.begin(f"reading {folder.name}", os.fstat(descriptor).st_size, "bytes")
    try:
        while part := os.read(descriptor, READ_AT_ONCE):
            hashed.update(part)
            held += len(part)
            progress.advance(len(part))
    except OSError as error:
        raise refusal(error) from error
    finally:
        os.close(descriptor)
        progress.end()
    return hashed.digest(), held
