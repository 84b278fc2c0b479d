"""Databases of archives that hold more than tables, or other ones: told, and nothing of it runs."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from archives import fill, unit_rows
from attacks import Attacks, snapshot
from frozen import FROZEN, thawed

from reidsearch import migrate
from reidsearch.base.errors import ArchiveError, Kind
from reidsearch.store.crops.store import Store
from reidsearch.store.database import expected, sqlite


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "archive"
    fill(folder, unit_rows(12))
    return folder


def rewritten(database: sqlite3.Connection, name: str, pattern: str, new: str) -> None:
    """Change the text of a table in place, as only somebody hostile does."""
    (text,) = database.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    changed = re.sub(pattern, new, text, count=1)
    assert changed != text
    database.execute("PRAGMA writable_schema = ON")
    database.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (changed, name))


def view_of_a_table(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA legacy_alter_table = ON")
    database.execute("ALTER TABLE location RENAME TO location_of_old")
    database.execute("CREATE VIEW location AS SELECT * FROM location_of_old")


CHANGES = {
    "a view": lambda d: d.execute("CREATE VIEW evil AS SELECT randomblob(1000000000)"),
    "a view in place of a table": view_of_a_table,
    "a trigger on crops": lambda d: d.execute(
        "CREATE TRIGGER t AFTER DELETE ON crop BEGIN INSERT INTO camera (name) VALUES ('x'); END"
    ),
    "a trigger on runs": lambda d: d.execute(
        "CREATE TRIGGER t BEFORE INSERT ON run BEGIN DELETE FROM crop; END"
    ),
    "a virtual table": lambda d: d.execute("CREATE VIRTUAL TABLE evil USING fts5(a)"),
    "another table": lambda d: d.execute("CREATE TABLE evil (a)"),
    "another column": lambda d: d.execute("ALTER TABLE crop ADD COLUMN evil TEXT"),
    "a generated column": lambda d: d.execute(
        "ALTER TABLE crop ADD COLUMN evil TEXT AS (hex(zeroblob(1000000)))"
    ),
    "a missing column": lambda d: d.execute("ALTER TABLE crop DROP COLUMN person"),
    "a missing table": lambda d: d.execute("DROP TABLE failure"),
    "an index of an expression": lambda d: d.execute("CREATE INDEX evil ON crop (abs(x1))"),
    "a missing index": lambda d: d.execute(
        "DROP INDEX " + d.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchone()[0]
    ),
    "a check": lambda d: rewritten(d, "camera", r"\)\s*$", ", CHECK (length(name) < 3))"),
    "a default": lambda d: rewritten(
        d, "camera", "name TEXT", "name TEXT DEFAULT (load_extension('x'))"
    ),
    "a collation": lambda d: rewritten(d, "camera", "name TEXT", "name TEXT COLLATE evil"),
    "a conflict clause": lambda d: rewritten(
        d, "camera", r"UNIQUE \(name\)", "UNIQUE (name) ON CONFLICT REPLACE"
    ),
    "a cascade": lambda d: rewritten(
        d, "crop", r"REFERENCES camera \(id\)", "REFERENCES camera (id) ON DELETE CASCADE"
    ),
    "a name with commas": lambda d: rewritten(d, "camera", "id INTEGER", '"id INTEGER, x" INTEGER'),
    "no table at all": lambda d: rewritten(d, "camera", "CREATE TABLE", "CREATE TABEL"),
    "no text": lambda d: (
        d.execute("PRAGMA writable_schema = ON"),
        d.execute("UPDATE sqlite_schema SET sql = NULL WHERE name = 'camera'"),
    ),
    "text of no encoding": lambda d: (
        d.execute("PRAGMA writable_schema = ON"),
        d.execute("UPDATE sqlite_schema SET sql = sql || CAST(x'ff' AS TEXT) WHERE name='camera'"),
    ),
    "a root page of another": lambda d: (
        d.execute("PRAGMA writable_schema = ON"),
        d.execute("UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'crop'"),
    ),
    "a root page far away": lambda d: (
        d.execute("PRAGMA writable_schema = ON"),
        d.execute("UPDATE sqlite_schema SET rootpage = 999999 WHERE name = 'crop'"),
    ),
}  # fmt: skip
COMMANDS = (
    ("query", "--crop", 3, "--format", "json"),
    ("show",),
    ("check",),
    ("delete", "--crop", 3, "-y"),
    ("backup", "BACKUP"),
    ("migrate",),
)
DAMAGED = {"a root page of another", "a root page far away"}  # the text is right: damage


def changed(whole: Path, folder: Path, name: str) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    with closing(sqlite3.connect(folder / sqlite.DATABASE)) as database, database:
        CHANGES[name](database)
    return folder


@pytest.mark.fuzz
def test_no_command_works_with_a_schema_of_another_program(tmp_path, whole):
    attacks = Attacks(tmp_path)
    with attacks.serving():
        for name in CHANGES:
            for command in COMMANDS:
                folder = changed(whole, tmp_path / "archive", name)
                before = snapshot(folder / sqlite.DATABASE)
                shutil.rmtree(tmp_path / "backup", ignore_errors=True)
                given = [tmp_path / "backup" if one == "BACKUP" else one for one in command]
                ended = attacks.run(*given, "-a", folder)
                held = ended.orderly
                if name not in DAMAGED:
                    held = held and ended.code == 5 and snapshot(folder / sqlite.DATABASE) == before
                attacks.count(f"{name}: {command[0]}", held=held, said=str(ended))


@pytest.mark.fuzz
def test_no_backup_of_another_schema_is_restored(tmp_path, whole):
    attacks = Attacks(tmp_path)
    with attacks.serving():
        assert attacks.run("backup", tmp_path / "good", "-a", whole).code == 0
        for name in CHANGES:
            source = changed(tmp_path / "good", tmp_path / "bad", name)
            note = source / "backup.json"
            import hashlib

            digest = hashlib.sha256((source / sqlite.DATABASE).read_bytes()).hexdigest()
            note.write_text(re.sub(r'"sha256": "\w+"', f'"sha256": "{digest}"', note.read_text()))
            ended = attacks.run("restore", source, "-a", tmp_path / "restored")
            held = ended.code == 5 and not (tmp_path / "restored").exists()
            attacks.count(name, held=held, said=str(ended))


@pytest.mark.full
@pytest.mark.parametrize("name", ["a view in place of a table", "a trigger on runs", "a check"])
def test_another_schema_is_told(tmp_path, whole, name):
    folder = changed(whole, tmp_path / "archive", name)
    with pytest.raises(ArchiveError, match="changed by another program") as error:
        Store(folder)
    assert error.value.kind == Kind.ARCHIVE_FOREIGN


def test_the_digest_of_the_present_schema_is_the_one_that_is_known(whole):
    """Otherwise every opening compares with what the migrations make, which takes a second."""
    with Store(whole) as store, store.read() as connection:
        assert expected.digest(expected.require_plain(connection, whole)) == expected.DIGEST


@pytest.mark.full
@pytest.mark.parametrize("text", FROZEN, ids=lambda path: path.stem)
def test_migrated_archives_have_the_same_schema(tmp_path, text):
    folder = thawed(text, tmp_path / "archive")
    migrate(folder)
    with Store(folder) as store, store.read() as connection:
        assert expected.digest(expected.require_plain(connection, folder)) == expected.DIGEST


@pytest.mark.full
def test_a_schema_that_another_version_of_sqlalchemy_wrote_is_compared_with_its_own(
    whole, monkeypatch
):
    monkeypatch.setattr(expected, "DIGEST", "another")
    with Store(whole) as store:
        assert store.state().last_crop_id == 12


def test_statistics_that_somebody_gathered_are_no_other_schema(tmp_path, whole):
    folder = Path(shutil.copytree(whole, tmp_path / "archive"))
    with closing(sqlite3.connect(folder / sqlite.DATABASE)) as database, database:
        database.execute("ANALYZE")
    with Store(folder) as store:
        assert store.state().last_crop_id == 12
