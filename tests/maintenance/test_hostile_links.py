"""Archives whose names lead elsewhere: nothing outside of them changes, whatever is run on them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from archives import sql
from attacks import Attacks, fill_indexed, ids_of, snapshot, spread

from reidsearch.base import atomic
from reidsearch.index.compact.index import CompactEngine
from reidsearch.store.database.lock import writer_lock

pytestmark = [
    pytest.mark.fuzz,
    pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX"),
]
CROPS = 60
KINDS = ("link to a file", "link to a folder", "link to nothing", "hard link", "pipe", "folder")
COMMANDS = (
    ("query", "--crop", 3, "-k", 5, "--format", "json"),
    ("check",),
    ("check", "--repair"),
    ("delete", "--crop", 60, "-y"),
    ("prepare-reranking",),
    ("show",),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a compact index and a neighbour graph."""
    folder = tmp_path_factory.mktemp("whole") / "archive"
    fill_indexed(folder, CROPS, CompactEngine(segment_rows=16, tail_rows=4, own_rows=3))
    return folder


def names_in(folder: Path) -> list[str]:
    """What the program reads, writes or replaces there, present or not."""
    codes = sorted(path.name for path in (folder / "index").glob("codes-*"))
    (generation,) = [path.name for path in (folder / "index").glob("generation-*")]
    (graph,) = [path.name for path in (folder / "neighbours").iterdir()]
    with atomic.scratch_folder(folder / "archive.db") as scratch:
        partial = scratch.name
    return [
        "archive.db",
        "archive.db-wal",
        "archive.db-shm",
        "archive.db-journal",
        partial,
        "writer.lock",
        "writer.json",
        "reidsearch.toml",
        "index",
        f"index/{generation}",
        "index/generation-000002.index",
        "index/generation-000003.index",
        "index/generation.partial",
        f"index/codes-{'0' * 32}.fine",
        *(f"index/{name}" for name in codes[:3]),
        "neighbours",
        f"neighbours/{graph}",
        "neighbours/graph-000002.npy",
        "neighbours/graph.partial",
    ]


def plant(path: Path, kind: str, outside: Path) -> None:
    """Put something else under a name of the archive."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    if kind == "link to a file":
        path.symlink_to(outside / "mine.txt")
    elif kind == "link to a folder":
        path.symlink_to(outside / "folder")
    elif kind == "link to nothing":
        path.symlink_to(outside / "new")
    elif kind == "hard link":
        path.hardlink_to(outside / "mine.txt")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        shutil.copytree(outside / "folder", path)


def make_outside(folder: Path, whole: Path) -> Path:
    """A user's own files, some named as the program's."""
    (folder / "folder").mkdir(parents=True)
    (folder / "mine.txt").write_text("mine\n" * 50)
    for name in ("generation-000001.index", f"codes-{'0' * 32}.fine", "graph-000001.npy", "a.jpg"):
        (folder / "folder" / name).write_text(f"mine: {name}\n")
    shutil.copy(whole / "archive.db", folder / "archive.db")
    return folder


def test_names_of_an_archive_that_lead_elsewhere(tmp_path, whole):
    attacks = Attacks(tmp_path, small=True)
    outside = make_outside(tmp_path / "outside", whole)
    cases = [(name, kind) for name in names_in(whole) for kind in KINDS]
    before = snapshot(outside)
    with attacks.serving():
        right = ids_of(attacks.run(*COMMANDS[0], "-a", whole).said)
        for number, (name, kind) in enumerate(spread(cases, 60, seed=1)):
            archive = tmp_path / "archive"
            shutil.rmtree(archive, ignore_errors=True)
            shutil.copytree(whole, archive)
            plant(archive / name, kind, outside)
            for command in (COMMANDS[0], COMMANDS[1 + number % (len(COMMANDS) - 1)]):
                ended = attacks.run(*command, "-a", archive)
                held = ended.orderly and snapshot(outside) == before
                if held and ended.code == 0 and command is COMMANDS[0]:
                    held = ids_of(ended.said) == right
                attacks.count(f"{kind} as {name}, {command[0]}", held=held, said=str(ended))


ROWS = {
    "generation": ["../../outside/mine.txt", "/etc/hostname", "../archive.db", ".", "", "x" * 300],
    "neighbours": ["../../outside/mine.txt", "/etc/hostname", "../archive.db", ".", "", "x" * 300],
}


def test_file_names_in_rows_that_lead_elsewhere(tmp_path, whole):
    attacks = Attacks(tmp_path, small=True)
    outside = make_outside(tmp_path / "outside", whole)
    before = snapshot(outside)
    with attacks.serving():
        right = ids_of(attacks.run(*COMMANDS[0], "-a", whole).said)
        for table, names in ROWS.items():
            for name in names:
                archive = tmp_path / "archive"
                shutil.rmtree(archive, ignore_errors=True)
                shutil.copytree(whole, archive)
                sql(archive, f"UPDATE {table} SET file = :name", name=name)
                for command in (COMMANDS[0], COMMANDS[3], COMMANDS[2]):
                    ended = attacks.run(*command, "-a", archive)
                    held = ended.orderly and snapshot(outside) == before
                    if held and command is COMMANDS[0]:
                        held = ended.code == 0 and ids_of(ended.said) == right
                    attacks.count(
                        f"{table}.file {name[:40]!r}, {command}", held=held, said=str(ended)
                    )


def test_backups_and_restores_beside_files_of_a_user(tmp_path, whole):
    attacks = Attacks(tmp_path)
    outside = make_outside(tmp_path / "outside", whole)
    with attacks.serving():
        assert attacks.run("backup", tmp_path / "good", "-a", whole).code == 0
        for kind in (*KINDS, "a file"):
            for name in ("b", "b.partial", ".b.partial"):
                here = tmp_path / "here"
                shutil.rmtree(here, ignore_errors=True)
                here.mkdir()
                if kind == "a file":
                    (here / name).write_text("mine")
                else:
                    plant(here / name, kind, outside)
                before = snapshot(outside, tmp_path / "good", here)
                for command in (
                    ("backup", here / "b", "-a", whole),
                    ("restore", tmp_path / "good", "-a", here / "b"),
                ):
                    ended = attacks.run(*command)
                    after = snapshot(outside, tmp_path / "good", here)
                    kept = all(after.get(path) == told for path, told in before.items())
                    right = ended.code == 0 if name != "b" else ended.code in (3, 8)
                    held = ended.orderly and kept and right
                    attacks.count(f"{kind} as {name}, {command[0]}", held=held, said=str(ended))
                    if name != "b":
                        shutil.rmtree(here / "b", ignore_errors=True)


def test_notes_and_settings_of_a_backup_that_are_no_such_files(tmp_path, whole):
    attacks = Attacks(tmp_path)
    outside = make_outside(tmp_path / "outside", whole)
    before = snapshot(outside)
    with attacks.serving():
        for name in ("backup.json", "archive.db", "reidsearch.toml"):
            for kind in KINDS:
                shutil.rmtree(tmp_path / "b", ignore_errors=True)
                shutil.copytree(whole, tmp_path / "a", dirs_exist_ok=True)
                (tmp_path / "a" / "reidsearch.toml").write_text("[runtime]\nthreads = 1\n")
                assert attacks.run("backup", tmp_path / "b", "-a", tmp_path / "a").code == 0
                plant(tmp_path / "b" / name, kind, outside)
                ended = attacks.run("restore", tmp_path / "b", "-a", tmp_path / "c")
                held = ended.orderly and ended.code != 0 and snapshot(outside) == before
                held = held and not (tmp_path / "c").exists()
                attacks.count(f"{kind} as {name}", held=held, said=str(ended))


NOTES = (
    b"",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"null",
    b"[]",
    b'"text"',
    b"{}",
    b"1" * 10_000,
    b'{"format": 1}',
    b'{"format": 1, "sha256": 7}',
    b'{"format": 1, "sha256": null, "settings_sha256": []}',
    b'{"format": true, "sha256": {}}',
    b'{"pid": [], "user": {}, "host": 1, "since": null, "command": 1e999, "run_id": "x"}',
    b'{"pid": 1, "user": "a\x1b[2Jb", "host": "h", "since": "s", "command": "c"}',
    b"\xff\xfe" * 50,
    b"\0" * 2_000_000,
)


def test_notes_that_make_no_sense(tmp_path, whole):
    attacks = Attacks(tmp_path)
    with attacks.serving():
        assert attacks.run("backup", tmp_path / "b", "-a", whole).code == 0
        for note in NOTES:
            (tmp_path / "b" / "backup.json").write_bytes(note)
            ended = attacks.run("restore", tmp_path / "b", "-a", tmp_path / "c")
            attacks.count(f"backup.json {note[:30]!r}", held=ended.code == 3, said=str(ended))
            archive = tmp_path / "archive"
            shutil.rmtree(archive, ignore_errors=True)
            shutil.copytree(whole, archive)
            with writer_lock(archive):
                (archive / "writer.json").write_bytes(note)
                ended = attacks.run("delete", "--crop", 3, "-y", "-a", archive)
                attacks.count(f"writer.json {note[:30]!r}", held=ended.code == 6, said=str(ended))
                ended = attacks.run(*COMMANDS[0], "-a", archive)
                attacks.count(f"writer.json {note[:30]!r}", held=ended.code == 0, said=str(ended))
            (archive / "reidsearch.toml").write_bytes(note)
            ended = attacks.run(*COMMANDS[0], "-a", archive)
            held = ended.orderly
            attacks.count(f"reidsearch.toml {note[:30]!r}", held=held, said=str(ended))
