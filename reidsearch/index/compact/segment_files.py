"""The three files of a segment.

`.scan` and `.sums` are read whole and verified by their SHA-256; `.fine`, the first parts of all
fine codes before the others, is mapped and verified block by block by `.sums`.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

import numpy as np

from reidsearch.base import own_files
from reidsearch.index.compact.blocks import VerifiedFile, block_sums
from reidsearch.index.compact.codec import Codec, FineCodes
from reidsearch.index.compact.note import SegmentNote
from reidsearch.index.compact.segment import Segment
from reidsearch.index.contract import IndexDamaged
from reidsearch.index.disk import reading
from reidsearch.index.layout import filled_scan, serialized, view_of

NAME = "codes-"
ENDINGS = ("scan", "sums", "fine")
LARGEST_READ = 1 << 32  # of the files that are read whole; a segment's take some 9 MB


def written(segment: Segment, folder: Path) -> Segment:
    """Write a segment, synced; return it with its fine codes mapped.

    Raises:
        OSError: the disk does not take them.
    """
    name = f"{NAME}{uuid.uuid4().hex}"
    fine = segment.codes.leading.tobytes() + segment.codes.rest.tobytes()
    sums = block_sums(fine)
    scan = serialized(segment.scan)
    note = SegmentNote(
        name,
        len(segment),
        segment.error,
        segment.bound_error,
        segment.longest,
        segment.outliers,
        segment.outlier_errors,
        hashlib.sha256(scan).hexdigest(),
        hashlib.sha256(sums).hexdigest(),
    )
    for ending, content in (("fine", fine), ("scan", scan), ("sums", sums)):
        with own_files.create(folder / f"{name}.{ending}") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    return load(folder, note, segment.codec)


def load(folder: Path, note: SegmentNote, codec: Codec) -> Segment:
    """Load what `written` wrote; fine codes are verified when they are used.

    Raises:
        IndexDamaged: a file is missing or not what was written.
    """
    n = note.rows
    of_scan, of_sums, of_fine = (folder / f"{note.name}.{ending}" for ending in ENDINGS)
    scan, ids = filled_scan(
        codec.scan_index(), n, _read_verified(of_scan, note.scan_sha256), of_scan.name
    )
    values = len(codec.steps)
    file = VerifiedFile(of_fine, n * values, _read_verified(of_sums, note.sums_sha256))
    data = file.mapped()
    first_parts = codec.bound_index()
    leading, first_parts.codes = view_of(data, 0, n * (codec.leading + 1))
    first_parts.ntotal = n
    rest = np.frombuffer(data, np.uint8, n * values - leading.size, leading.size)
    segment = Segment(
        codec,
        scan,
        ids,
        FineCodes(leading.reshape(n, -1), rest.reshape(n, -1)),
        note.error,
        note.bound_error,
        note.longest,
        note.outliers,
        note.outlier_errors,
        file=file,
        note=note,
        first_parts=first_parts,
    )
    first = np.arange(0 if 0 in note.outliers else 1)
    if not codec.makes_sense(segment.codes_of(first)):
        raise IndexDamaged(f"{of_fine.name} holds no codes of unit vectors")
    return segment


def _read_verified(path: Path, sha256: str) -> bytes:
    with reading(path):
        content = own_files.read_bytes(path, LARGEST_READ)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise IndexDamaged(f"{path.name} was altered: its checksum differs")
    return content
