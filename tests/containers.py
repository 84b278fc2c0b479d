"""Tar and zip archives with known members."""

from __future__ import annotations

import io
import random
import tarfile
import zipfile
from pathlib import Path

MEMBERS = {f"cam{n % 3}/{n:03d}.jpg": random.Random(n).randbytes(100 + 37 * n) for n in range(40)}
TAR_MODES = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}
CONTAINERS = [*TAR_MODES, ".zip"]


def make(path: Path, members: dict[str, bytes], format_: int = tarfile.PAX_FORMAT) -> Path:
    """Write a container of the kind that the ending of `path` says."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        return path
    mode = TAR_MODES["".join(path.suffixes[-2:] if ".tar" in path.suffixes else path.suffixes)]
    with tarfile.open(path, mode, format=format_) as tar:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path
