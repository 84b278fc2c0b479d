"""Looking at what is held: stills and clips of 3 GB, a sheet of 200 matches, 10 000 sources.

The recordings are 1080p25 at 4 Mbit a second with a key picture every two seconds, in MP4,
Matroska and, without an index, as a transport stream (`looking_made.py`); their digests are known,
as they are after an index run. In the page the time is that of the first byte of an answer, by one
client of a running server. Bare is PyAV that opens the file, seeks and decodes the one picture. Of
commands it is the time of the whole process; CPU time is told beside it. Bare of `coverage` is
`sqlite3` that reads the same rows without proving any, and `json` that writes them on one line.
"""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import av
from footage_files import clip
from looking_made import archive_of, archive_of_sources, long_recording
from measuring import Figure, as_installed, in_turns, report, seconds
from serve import serving, signed_in

from reidsearch.archive import Archive

PROGRAM = str(Path(sys.executable).with_name("reidsearch"))
ENDINGS = ("mp4", "mkv", "ts")
PARTS = (*ENDINGS, "sources")
SHARES = (0.1, 0.5, 0.9)
LAST = len(SHARES)
"""The crop that is looked at: at nine tenths of the recording."""
SOURCES, MATCHES = 10_000, 200
REPEATS = 5
FIRST_BYTE_S, SHEET_S, TABLE_S = 0.3, 2.0, 0.5

BARE_ROWS = """
import json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1])
held = [rows.execute(f"SELECT * FROM {name}").fetchall()
        for name in ("source", "footage", "span", "footage_location")]
json.dump(held, sys.stdout, default=bytes.hex)
"""


def measure(given: argparse.Namespace) -> Iterator[Figure]:
    environment = as_installed(given.work) | {"REIDSEARCH_CACHE": str(given.work / "cache")}
    os.environ["REIDSEARCH_CACHE"] = environment["REIDSEARCH_CACHE"]
    source, _ = clip(given.model_path.parent)
    parts = [part for part in PARTS if vars(given)[part]] or PARTS
    for ending in (one for one in ENDINGS if one in parts):
        path = long_recording(source, given.work / f"long.{ending}")
        archive = archive_of(path, given.work / f"long-{ending}", SHARES)
        yield from pictures(path, archive)
        yield from in_page(ending, archive)
        yield from by_command(given.work, ending, archive, environment)
    if "sources" in parts:
        archive = archive_of_sources(given.work / f"sources-{SOURCES}", SOURCES)
        yield from tables(archive, environment)
        yield from pages(archive)


def pictures(path: Path, archive: Path) -> Iterator[Figure]:
    """A frame out of 3 GB, by the library, against PyAV."""
    with Archive.open(archive) as opened:
        pts = opened.crop(LAST).moment.pts  # type: ignore[union-attr]

        def bare() -> object:
            with av.open(str(path)) as container:
                stream = container.streams.video[0]
                stream.thread_type = "AUTO"
                container.seek(pts, stream=stream)
                shown = next(one for one in container.decode(stream) if one.pts == pts)
                return shown.to_ndarray(format="bgr24")

        took = in_turns(
            REPEATS,
            lambda: seconds(lambda: opened.footage.frame(LAST)),
            lambda: seconds(bare),
        )
    yield Figure(f"frame of a match, proven, {path.suffix[1:]}", "s", *took)


def in_page(ending: str, archive: Path) -> Iterator[Figure]:
    """The first byte of what the page shows of 3 GB."""
    with Archive.open(archive) as opened:
        crop = opened.crop(LAST)
        at = float(crop.moment.media_s)  # type: ignore[union-attr]
    places = {
        "frame of a match": f"/api/v1/crops/{LAST}/frame",
        "still of any moment": f"/api/v1/sources/1/still?at={at + 0.48:.2f}",
        "stretch of 10 s": f"/api/v1/sources/1/stream?from={at:.2f}&to={at + 10:.2f}",
    }
    if ending == "mp4":
        places["file"] = "/api/v1/sources/1/video"
    with serving(archive) as (_, link):
        get = getter(link)
        for name, place in places.items():
            took = [get(place)[0] for _ in range(REPEATS + 1)][1:]
            yield Figure(f"page, first byte: {name}, {ending}", "s", took, limit=FIRST_BYTE_S)
        for name, asked in (("copied", "copy=true"), ("encoded anew, 8 s", "copy=false")):
            place = f"/api/v1/crops/{LAST}/clip?{asked}&margin="
            took = [get(f"{place}{2 + number / 100}")[0] for number in range(3)]
            yield Figure(f"page, first byte: clip, {name}, {ending}", "s", took)


def getter(link: str) -> Callable[[str], tuple[float, bytes]]:
    """Return what gets an address: seconds up to its first byte, and the first part of it."""
    headers, at = signed_in(link), urlsplit(link).netloc

    def get(place: str) -> tuple[float, bytes]:
        connection = http.client.HTTPConnection(at, timeout=120)
        began = time.perf_counter()
        connection.request("GET", place, headers=headers)
        answer = connection.getresponse()
        first = answer.read(1)
        took = time.perf_counter() - began
        assert answer.status == 200, (place, answer.status, first + answer.read(2000))
        connection.close()
        return took, first

    return get


def by_command(
    work: Path, ending: str, archive: Path, environment: dict[str, str]
) -> Iterator[Figure]:
    """`frame` and `clip` as fresh processes."""
    for name, arguments, repeats in (
        ("frame", ["frame", str(LAST), "-o", str(work / "shown.jpg")], 3),
        ("clip --copy", ["clip", str(LAST), "--copy", "-o", str(work / "shown.mp4")], 3),
        ("clip", ["clip", str(LAST), "-o", str(work / "shown.mp4")], 2),
    ):
        command = [PROGRAM, *arguments, "--force", "-a", str(archive)]
        yield from process(f"`{name}`, {ending}", command, environment, None, repeats)


def tables(archive: Path, environment: dict[str, str]) -> Iterator[Figure]:
    """What is told of 10 000 sources, as fresh processes; and a contact sheet."""
    for name in ("show", "failures", "coverage"):
        for form in ("table", "json"):
            command = [PROGRAM, name, "--format", form, "-a", str(archive)]
            told = f"`{name} --format {form}`, {SOURCES:,} sources"
            yield from process(told, command, environment, TABLE_S)
    bare = [sys.executable, "-c", BARE_ROWS, str(archive / "archive.db")]
    yield from process("bare: rows of coverage read and written", bare, environment, None)
    sheet = [PROGRAM, "query", "--crop", "1", "-k", str(MATCHES), "--ungrouped", "--force"]
    sheet += ["-a", str(archive), "--offline", "-o", str(archive.with_name("sheet.png"))]
    told = f"contact sheet of {MATCHES} matches, PNG"
    yield from process(told, sheet, environment, SHEET_S, repeats=3)


def pages(archive: Path) -> Iterator[Figure]:
    """What the page tells of 10 000 sources: its first byte, when all of it was read."""
    with serving(archive) as (_, link):
        get = getter(link)
        for place in ("/api/v1/archive", "/api/v1/coverage", "/api/v1/failures", "/"):
            took = [get(place)[0] for _ in range(4)][1:]
            yield Figure(f"page, {place}, {SOURCES:,} sources", "s", took, limit=TABLE_S)


def process(
    name: str,
    command: list[str],
    environment: dict[str, str],
    limit: float | None,
    repeats: int = REPEATS,
) -> Iterator[Figure]:
    """Wall and CPU time of a process, its first run left out."""
    wall, cpu = [], []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        nowhere = subprocess.DEVNULL
        child = subprocess.Popen(command, stdout=nowhere, stderr=nowhere, env=environment)
        _, status, used = os.wait4(child.pid, 0)
        wall.append(time.perf_counter() - began)
        cpu.append(used.ru_utime + used.ru_stime)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0, command
    yield Figure(name, "s", wall[1:], limit=limit)
    yield Figure(f"{name}, CPU time", "s", cpu[1:])


if __name__ == "__main__":
    report(measure, {f"--{part}": "only this part, and others named" for part in PARTS})
