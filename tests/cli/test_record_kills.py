"""`record`, killed at random again and again: whole files, no frame twice, every hole told."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest
from rtsp_server import Camera
from videos import write_video

from reidsearch.media.recording.journal import entries, gaps

KILLS = 12


def files(folder: Path) -> set[Path]:
    """The segments that lie below a folder, those that are being written among them."""
    return {path for path in folder.rglob("*") if path.suffix in {".part", ".whole", ".mkv"}}


@pytest.mark.fuzz
def test_kills_at_random_leave_whole_files_and_every_hole_told(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    clip = write_video(
        tmp_path / "clip.mp4", 50, options={"g": "10", "bf": "0"}, size_px=(320, 192)
    )
    out = tmp_path / "out"
    with Camera(clip) as camera:
        command = [sys.executable, "-m", "reidsearch", "record", camera.url, "--camera", "gate"]
        command += ["-o", str(out), "--keep-free", "0", "--segment", "1s", "--quiet"]
        for _ in range(KILLS):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            time.sleep(chance.uniform(0.5, 8.0))
            process.send_signal(signal.SIGKILL)
            process.wait()
        last = subprocess.run([*command, "--for", "6s"], capture_output=True, check=False)
    assert last.returncode == 0, last.stderr
    assert not [path for path in out.rglob(".*") if path.suffix in {".part", ".whole"}]
    written = sorted(out.rglob("*.mkv"))
    assert written
    for path in written:
        with av.open(os.fspath(path)) as container:
            assert sum(1 for _ in container.decode(video=0)) > 0
    told = [one for one in entries(out / "gate") if one["event"] == "segment"]
    assert {one["file"] for one in told} <= {
        os.fspath(path.relative_to(out / "gate")) for path in written
    }
    spans = sorted((one["begin"], one["end"]) for one in told)
    # A killed segment is placed by its first packet alone, which may have come late.
    assert all(before[0] < after[0] for before, after in itertools.pairwise(spans))
    assert any("nothing was running that records" in gap.why for gap in gaps(out / "gate"))
