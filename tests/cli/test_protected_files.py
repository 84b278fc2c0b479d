"""No command overwrites what it reads, what was indexed, or what an archive holds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import CommandLine
from attacks import Attacks, snapshot

COMMANDS = {
    "query --crop": ("query", "--crop", 1),
    "query --timeline": ("query", "--crop", 1),
    "crop": ("crop", 1),
    "coverage": ("coverage",),
    "explain": ("explain", "INPUT", 1),
    "clip": ("clip", 1),
    "frame": ("frame", 1),
}
ENDING = {"crop": ".jpg", "clip": ".mp4"}


@pytest.fixture
def mine(tmp_path: Path, crops: Path, held: CommandLine) -> Path:
    """Files of a user beside the archive; the indexed pictures are put back afterwards."""
    folder = tmp_path / "mine"
    folder.mkdir()
    shutil.copy(crops / "unknown.png", folder / "query.png")
    return folder


def targets(archive: Path, crops: Path, mine: Path) -> Iterator[tuple[str, Path]]:
    """What must stay: parts of the archive, present or not, indexed pictures, the query."""
    for name in (
        "archive.db",
        "archive.db-wal",
        "archive.db-journal",
        "writer.json",
        "writer.lock",
        "jobs.lock",
        "worker.lock",
    ):
        yield f"{name} of the archive", archive / name
    yield "its settings", archive / "reidsearch.toml"
    for path in sorted((archive / "index").iterdir()):
        yield "its index", path
    yield "a new name in its index", archive / "index" / "new.png"
    yield "a new name in its graph", archive / "neighbours" / "new.png"
    yield "an indexed picture", crops / "gate_20240531T10Z.png"
    yield "the query", mine / "query.png"


def ways(path: Path, folder: Path, ending: str) -> Iterator[tuple[str, str]]:
    """Names that lead to a file: its own, another spelling of it, and a link to it."""
    folder.mkdir(exist_ok=True)
    if path.suffix == ending:
        yield "its own name", str(path)
        yield "a relative name", os.path.relpath(path)
        yield "a name with dots", f"{path.parent}/../{path.parent.name}/./{path.name}"
    link = folder / f"link{ending}"
    link.unlink(missing_ok=True)
    link.symlink_to(path)
    yield "a link", str(link)
    beside = folder / "beside"
    beside.unlink(missing_ok=True)
    beside.symlink_to(path.parent)
    if path.suffix == ending:
        yield "a link to its folder", str(beside / path.name)


@pytest.mark.fuzz
@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_nothing_of_an_archive_and_no_input_is_overwritten(tmp_path, held, crops, mine):
    attacks = Attacks(tmp_path)
    kept = shutil.copytree(crops, tmp_path / "kept")
    before = snapshot(mine, held.archive, crops)
    with attacks.serving():
        for name, path in targets(held.archive, crops, mine):
            for told, command in COMMANDS.items():
                if name == "the query" and "INPUT" not in command:
                    continue
                given = [str(mine / "query.png") if one == "INPUT" else one for one in command]
                option = "--timeline" if "timeline" in told else "-o"
                for way, out in ways(path, tmp_path / "links", ENDING.get(told, ".png")):
                    ended = attacks.run(*given, option, out, "--force", "-a", held.archive)
                    held_ = ended.code != 0 and ended.orderly
                    after = snapshot(mine, held.archive, crops)
                    after.pop(str(held.archive / "archive.db-shm"), None)
                    after.pop(str(held.archive / "archive.db-wal"), None)
                    held_ = held_ and after == before
                    attacks.count(f"{told} {option} {name} by {way}", held=held_, said=str(ended))
    shutil.copytree(kept, crops, dirs_exist_ok=True)


def test_the_database_is_never_a_picture(held, tmp_path):
    (tmp_path / "sheet.png").symlink_to(held.archive / "archive.db")
    before = (held.archive / "archive.db").read_bytes()
    ran = held("query", "--crop", 1, "-o", tmp_path / "sheet.png", "--force")
    assert (ran.code, "is part of" in ran.err) == (2, True)
    assert (held.archive / "archive.db").read_bytes() == before
    ran = held("query", "--crop", 1, "-o", held.archive / "index" / "sheet.png")
    assert (ran.code, "is part of" in ran.err) == (2, True)


def test_an_indexed_picture_is_not_overwritten(held, crops):
    picture = crops / "gate_20240531T10Z.png"
    before = picture.read_bytes()
    ran = held("query", "--crop", 1, "-o", picture, "--force")
    assert (ran.code, "was indexed in" in ran.err) == (2, True)
    assert picture.read_bytes() == before


@pytest.mark.full
def test_a_file_beside_indexed_ones_may_be_written(held, crops, tmp_path):
    out = tmp_path / "sheet.png"
    assert held("query", "--crop", 1, "-o", out).code == 0
    assert held("query", "--crop", 2, "-o", out, "--force").code == 0
    assert held("query", "--crop", 2, "-o", held.archive / "sheet.png").code == 0
