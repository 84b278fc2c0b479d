"""Memory that runs out: no video is finished by it, and no run ended."""

from __future__ import annotations

import errno
import lzma
import subprocess
import sys
import zlib
from pathlib import Path

import av.error
import pytest
from archives import draw, opened
from containers import make
from footage_dump import dump

from reidsearch.domain.footage import SourceState
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.video.decoding import Reader
from reidsearch.services.index import FootageOptions

DICTIONARY = 39  # of LZMA2: 3 GiB


def with_huge_dictionary(path: Path) -> Path:
    """Rewrite an .xz, so that its decoder asks for 3 GiB of memory."""
    data = bytearray(lzma.compress(lzma.decompress(path.read_bytes()), preset=0))
    header = data[12 : 12 + 4 * (data[12] + 1)]
    assert header[2:4] == b"\x21\x01"  # LZMA2, with one byte of properties
    header[4] = DICTIONARY
    header[-4:] = zlib.crc32(header[:-4]).to_bytes(4, "little")
    data[12 : 12 + len(header)] = header
    path.write_bytes(data)
    return path


LIMITED = """
import resource, sys
from pathlib import Path
from reidsearch.base.settings import PictureLimits
from reidsearch.media.files.crop_inputs import CropInputs
from reidsearch.media.files.inventory import take_inventory
from reidsearch.media.naming.patterns import Naming
inputs = CropInputs(take_inventory([Path(sys.argv[1])]), Naming(), PictureLimits())
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
for one in inputs:
    print(getattr(one, "cause", None) and one.cause.reason)
"""


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="limits its address space")
def test_a_dictionary_that_memory_does_not_hold_ends_its_archive_alone(tmp_path):
    picture = draw(tmp_path / "one.png", 1).read_bytes()
    (tmp_path / "in").mkdir()
    with_huge_dictionary(make(tmp_path / "in" / "a.tar.xz", {"a.png": picture}))
    (tmp_path / "in" / "b.png").write_bytes(picture)
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path / "in"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.stdout.split() == ["out-of-memory", "None"], ran.stderr


@pytest.mark.full
def test_a_video_that_memory_ended_goes_on_with_the_next_run(scene, tmp_path, monkeypatch):
    video, _ = scene
    options = FootageOptions(
        naming=SourceNaming(camera="gate"), detections=video.with_suffix(".det.txt")
    )
    with opened(tmp_path / "whole") as archive:
        archive.index([video], footage=options)
    decode, decoded = Reader._decode, []

    def short_of_memory(self, packet):
        decoded.append(packet)
        if len(decoded) > 120:
            raise av.error.MemoryError(errno.ENOMEM, "Cannot allocate memory")
        yield from decode(self, packet)

    with opened(tmp_path / "archive") as archive:
        with monkeypatch.context() as patch:
            patch.setattr(Reader, "_decode", short_of_memory)
            report = archive.index([video], footage=options).footage
        assert (report.indexed, report.failed) == (0, 1)
        assert [one.reason for one in archive.failures()] == ["out-of-memory"]
        (source,) = archive.footage.coverage()
        assert source.state is SourceState.INTERRUPTED
        report = archive.index([video], footage=options).footage
        assert (report.indexed, report.failed) == (1, 0)
        assert archive.failures() == []
        assert archive.check() == []
    assert dump(tmp_path / "archive") == dump(tmp_path / "whole")
