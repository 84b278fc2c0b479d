"""After a source is deleted no row of any table holds its name, unless something else has it."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from archives import draw, fill, new_crop, opened, sql, unit_rows
from hostile import Tally

from reidsearch import Archive, Filters
from reidsearch.media.naming.patterns import Naming
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.naming.source_list import read_source_list
from reidsearch.services.index import FootageOptions

NAME = "anna-schmidt"


def rows_with(folder: Path, name: str) -> list[str]:
    """Tables and columns with a value that holds a name."""
    found = []
    # One connection for all: `sql` opens one a statement, and there are hundreds.
    with contextlib.closing(sqlite3.connect(folder / "archive.db")) as connection:
        ask = connection.execute
        for (table,) in ask("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for column in ask(f"PRAGMA table_info('{table}')").fetchall():
                where = f'instr(CAST("{column[1]}" AS BLOB), CAST(? AS BLOB))'
                if ask(f'SELECT 1 FROM "{table}" WHERE {where} LIMIT 1', (name,)).fetchone():
                    found.append(f"{table}.{column[1]}")
    return found


def delete_source(folder: Path, text: str) -> None:
    with Archive.open(folder) as archive:
        archive.delete(archive.plan_delete(Filters(sources=[text])))


@pytest.mark.full
def test_pictures_their_failures_and_runs(tmp_path):
    place = draw(tmp_path / "crops" / f"{NAME}.png", 1)
    draw(tmp_path / "crops" / "other.png", 2)
    table = tmp_path / "crops" / "m.csv"
    table.write_text(f'path,box\n{NAME}.png,"0,0,16,32"\n{NAME}.png,"0,0,99,99"\nother.png,\n')
    with opened(tmp_path / "a") as archive:
        archive.index([place, table, tmp_path / "crops"], naming=Naming(camera="gate"))
        assert archive.show().crops
    before = rows_with(tmp_path / "a", NAME)
    assert {"location.text", "failure.text"} <= set(before)
    delete_source(tmp_path / "a", NAME)
    assert rows_with(tmp_path / "a", NAME) == []
    assert rows_with(tmp_path / "a", "other.png") == ["location.text"]


@pytest.mark.full
def test_runs_of_earlier_versions_and_messages_of_other_failures(tmp_path):
    folder = tmp_path / "a"
    fill(folder, unit_rows(3))
    gone, kept = "/footage/00000.jpg", "/footage/00001.jpg"
    sql(folder, "UPDATE run SET command = :text", text=f"{gone}\nNaming(pattern={gone!r})")
    for number, (text, message) in enumerate(
        [(gone, "damaged"), (f"{gone}#1,2,3,4", "bad"), ("/x.csv:7", f"names {gone}"), (kept, "m")]
    ):
        sql(
            folder,
            "INSERT INTO failure (key, text, reason, message, run_id, at_us)"
            " VALUES (:key, :text, 'damaged', :message, 1, 0)",
            key=bytes([number]) * 16,
            text=text,
            message=message,
        )
    delete_source(folder, gone)
    assert rows_with(folder, gone) == []
    assert sql(folder, "SELECT text, message FROM failure ORDER BY text") == [
        (kept, "m"),
        ("/x.csv:7", "names a source that was deleted"),
    ]


@pytest.mark.full
def test_what_something_else_is_still_called_stays(tmp_path):
    folder = tmp_path / "a"
    fill(folder, unit_rows(2))
    place = new_crop(0, unit_rows(1)[0]).input.location
    with opened(folder):
        pass
    sql(folder, "UPDATE location SET text = :text WHERE crop_id = 2", text=place)
    sql(
        folder,
        "INSERT INTO failure (key, text, reason, message, run_id, at_us)"
        " VALUES (x'01', :text, 'damaged', 'a box of it', 1, 0)",
        text=place,
    )
    with Archive.open(folder) as archive:
        archive.delete(archive.plan_delete(crop_ids=[1]))
    assert sorted(rows_with(folder, place)) == ["failure.text", "location.text"]


@pytest.mark.full
def test_footage_its_list_and_where_it_was_moved_to(tmp_path, scene):
    video = tmp_path / f"{NAME}.mp4"
    shutil.copy(scene[0], video)
    shutil.copy(scene[0].with_suffix(".det.txt"), tmp_path / "det.txt")
    told = tmp_path / "sources.csv"
    told.write_text(f"path,camera,detections\n{NAME}.mp4,gate,det.txt\n")
    naming = SourceNaming(listed=read_source_list(told))
    with opened(tmp_path / "a") as archive:
        report = archive.index([video], footage=FootageOptions(naming=naming)).footage
        assert report.indexed == 1
        moved = tmp_path / f"{NAME}-2.mp4"
        video.rename(moved)
        archive.footage.relocate(str(video), moved)
    assert rows_with(tmp_path / "a", NAME)
    delete_source(tmp_path / "a", NAME)
    assert rows_with(tmp_path / "a", NAME) == []


@pytest.mark.fuzz
def test_drawn_archives(tmp_path):
    """Pictures that decode, that do not, in boxes, tars and manifests, by names of all kinds."""
    tally = Tally("names of deleted sources: no row holds them")
    chance = random.Random(7)
    letters = "abcÄß '\"%_[]\\#:!;-\x1b"
    for number in range(12):
        folder = tmp_path / str(number)
        names = ["".join(chance.choices(letters, k=12)) + f"~{n}~.png" for n in range(5)]
        for n, name in enumerate(names):
            draw(folder / "c" / name, number * 10 + n)
        (folder / "c" / "broken.png").write_bytes(b"no picture")
        rows = [f'{{"path": "c/broken.png", "n": {n}}}' for n in range(2)]
        (folder / "m.jsonl").write_text("\n".join(rows) + "\n")
        with opened(folder / "a") as archive:
            archive.index([folder / "c", folder / "m.jsonl"])
            gone = chance.sample(range(5), 2)
            for one in gone:
                archive.delete(archive.plan_delete(Filters(sources=[f"~{one}~"])))
        for n in range(5):
            held = bool(rows_with(folder / "a", f"~{n}~"))
            tally.take(ascii(names[n]), "still named" if held == (n in gone) else "")
    tally.close()
