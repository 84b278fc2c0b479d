"""A bundle as one zip file: stored, in the order of its paths, without times of the machine."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import struct
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from reidsearch.base import atomic
from reidsearch.base.errors import Refused
from reidsearch.base.reading import open_regular, parse_json
from reidsearch.output.evidence.manifest import MANIFEST, SCHEMA
from reidsearch.output.verifying.evidence import Findings, verify_bundle

ENDING = ".zip"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a zip can tell
BLOCK = 1 << 20
LARGEST_MANIFEST = 1 << 28
DAMAGED = (Refused, ValueError, RuntimeError, EOFError, struct.error, zipfile.BadZipFile)
"""Whatever zipfile raises on a file that no packing program wrote."""
LONGEST_NAME = 200
ENCRYPTED = 1  # of a member's flags
FILES = (0, stat.S_IFREG)  # kinds of members; 0: the packing program told none


def is_packed(path: Path) -> bool:
    """Tell whether a bundle of this name is one zip file."""
    return path.suffix.lower() == ENDING


@contextmanager
def placed(final: Path, *, replace: bool) -> Iterator[Path]:
    """Give a folder for a bundle to be made in; give it, or its zip, its final name at the end."""
    if not is_packed(final):
        with atomic.new_folder(final, replace=replace) as folder:
            yield folder
        return
    named = atomic.replacing if replace else atomic.creating
    with atomic.scratch_folder(final) as folder, named(final) as partial:
        yield folder
        partial.chmod(0o600)  # as a folder, it is for its owner alone
        pack(folder, partial)


def pack(folder: Path, out: Path) -> None:
    """Write the files of a folder into a zip; the same files give the same bytes."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for name, path in sorted(
            (path.relative_to(folder).as_posix(), path)
            for path in folder.rglob("*")
            if path.is_file()
        ):
            info = zipfile.ZipInfo(name, EARLIEST)
            info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o600) << 16
            info.file_size = path.stat().st_size
            with path.open("rb") as file, packed.open(info, "w") as target:
                shutil.copyfileobj(file, target, BLOCK)


def _opened(path: Path) -> BinaryIO:
    return os.fdopen(open_regular(str(path)), "rb")


def is_packed_bundle(path: Path) -> bool:
    """Tell whether a file is the zip of a bundle."""
    try:
        with _opened(path) as file, zipfile.ZipFile(file) as packed:
            info = packed.getinfo(MANIFEST)
            if info.compress_type != zipfile.ZIP_STORED or info.file_size > LARGEST_MANIFEST:
                return False
            return bool(parse_json(packed.read(info))["schema"] == SCHEMA)
    except (*DAMAGED, OSError, KeyError, TypeError):
        return False


def verify_packed(path: Path, expected: str = "", seals: tuple[str, ...] = ()) -> Findings:
    """Verify a bundle that is one zip file, unpacked into a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="reidsearch-bundle-") as folder:
        try:
            unpack(path, Path(folder))
        except (*DAMAGED, OSError) as error:
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                raise  # of the disk; a place outside of the file is of a damaged zip
            findings = Findings()
            findings.faults.append(f"it cannot be unpacked: {str(error) or 'it is cut off'}")
            return findings
        return verify_bundle(folder, expected, seals)


def unpack(path: Path, folder: Path) -> None:
    """Unpack the zip of a bundle; what `pack` does not write is refused, so it cannot grow.

    Raises:
        ValueError: it has a name twice, one that leads elsewhere, a link, or a file that is not
            stored; or its files overlap.
        zipfile.BadZipFile: it is damaged.
    """
    with _opened(path) as file, zipfile.ZipFile(file) as packed:
        names: set[str] = set()
        if sum(one.file_size for one in packed.infolist()) > os.fstat(file.fileno()).st_size:
            raise ValueError("its files are larger than it is, so they overlap")
        for info in packed.infolist():
            name = PurePosixPath(info.orig_filename)
            plain = not name.is_absolute() and ".." not in name.parts and "\\" not in str(name)
            plain = plain and len(os.fsencode(name)) <= LONGEST_NAME
            if not plain or str(name) != info.orig_filename or "\0" in str(name):
                raise ValueError(f"{info.orig_filename[:200]} is no name of a file in a bundle")
            if str(name) in names:
                raise ValueError(f"{name} is in it twice")
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
                raise ValueError(f"{name} is compressed; it was packed by another program")
            if info.flag_bits & ENCRYPTED or stat.S_IFMT(info.external_attr >> 16) not in FILES:
                raise ValueError(f"{name} is encrypted, or no ordinary file")
            names.add(str(name))
            target = folder / name
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(info) as part, target.open("xb") as out:
                    shutil.copyfileobj(part, out, BLOCK)
            except (FileExistsError, NotADirectoryError) as error:
                told = f"{name} has the name of a folder, or stands below a file"
                raise ValueError(told) from error
