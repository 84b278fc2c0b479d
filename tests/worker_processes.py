"""Workers in processes of their own, sources for them, and what an archive holds of each."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from reidsearch.base.address import Address
from reidsearch.store.crops.store import Store

# A checkpoint after every sampled frame, and commits that take a moment, so that a kill falls into
# the middle of a source; leases so short that a test can wait for their end.
PROGRAM = """
import sys, time
import reidsearch.ingest.footage.run as run
import reidsearch.services.queue.worker as worker
from reidsearch.store.footage.writer import FootageWriter

run.MARK_S = 0.0
pause_s, lease_s = float(sys.argv.pop(1)), float(sys.argv.pop(1))
commit = FootageWriter.commit

def slowly(self, step):
    commit(self, step)
    time.sleep(pause_s)

FootageWriter.commit = slowly
leases = worker.Leases(lease_s / 6, lease_s)
worker.Worker.__init__.__defaults__ = (leases,)
worker.Leases = lambda: leases
from reidsearch.cli.main import run as command
command()
"""


def worker(
    address: Address, *options: str, pause_s: float = 0.02, lease_s: float = 60.0
) -> subprocess.Popen[str]:
    """`reidsearch worker`, as a process."""
    told = ["worker", "-a", str(address), "--model", "builtin", *options]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(pause_s), str(lease_s), *told],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def copies(video: Path, folder: Path, count: int) -> Path:
    """Files that show the same and differ in their bytes; return a list of them with detections."""
    folder.mkdir()
    detections = video.with_suffix(".det.txt")
    rows = ["path,camera,detections"]
    for number in range(count):
        name = f"camera-{number}.mp4"
        free = (8 + 4).to_bytes(4, "big") + b"free" + number.to_bytes(4, "big")
        (folder / name).write_bytes(video.read_bytes() + free)
        rows.append(f"{name},camera {number},{detections}")
    listed = folder / "list.csv"
    listed.write_text("\n".join(rows) + "\n")
    return listed


QUERIES = {
    "tracklets": "SELECT first_us, last_us, detections, fragments, doubts, sha256 "
    "FROM tracklet_part WHERE source_id = :id ORDER BY first_us, last_us, sha256",
    "crops": "SELECT pts, x1, y1, x2, y2, time_us, media_us, quality, picture.sha256 AS picture, "
    "embedding.sha256 AS vector FROM crop JOIN moment ON moment.crop_id = crop.id "
    "JOIN picture ON picture.crop_id = crop.id JOIN embedding ON embedding.crop_id = crop.id "
    "WHERE source_id = :id ORDER BY pts, x1, y1, media_us, quality",
    "spans": "SELECT number, from_us, to_us, how, detail FROM span WHERE source_id = :id "
    "ORDER BY number",
    "footage": "SELECT state, duration_us FROM footage WHERE source_id = :id",
    "checkpoint": "SELECT count(*) FROM checkpoint WHERE source_id = :id",
}


def held(address: Address) -> dict[str, dict[str, Sequence[Any]]]:
    """What an archive holds of each source of footage, whatever numbers it has there."""
    with Store(address) as store, store.read() as connection:
        sources = connection.execute(text("SELECT text, source_id FROM footage_location")).all()
        return {
            Path(location).name: {
                name: [
                    tuple(map(_plain, row))
                    for row in connection.execute(text(query), {"id": source_id})
                ]
                for name, query in QUERIES.items()
            }
            for location, source_id in sources
        }


def _plain(value: object) -> object:
    if isinstance(value, list):  # of JSON, which SQLite has as a text
        return json.dumps(value)
    return bytes(value) if isinstance(value, memoryview) else value
