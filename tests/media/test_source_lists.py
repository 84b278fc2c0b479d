"""Rows of a source list meet the files that are meant, and say so where they meet none."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from reidsearch.base.errors import InputError
from reidsearch.base.locations import location_text
from reidsearch.base.timecode import parse_zone
from reidsearch.media.naming.source_facts import SourceNaming
from reidsearch.media.naming.source_list import read_source_list

DECOMPOSED = unicodedata.normalize("NFD", "café")


def listed(folder: Path, *rows: str, columns: str = "path,camera", zone=None):
    path = folder / "sources.csv"
    path.write_text("\n".join((columns, *rows)) + "\n", "utf-8")
    return read_source_list(path, zone)


def there(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


@pytest.mark.parametrize(
    ("file", "row"),
    [
        ("gate [1]/a.mp4", "gate [1]/a.mp4"),
        ("gate [1]/a.mp4", "gate [1]/*.mp4"),
        ("[north] yard/2024/a.mp4", "[north] yard/**/*.mp4"),
        ("Gate/A.MP4", "gate/a.mp4"),
        ("gate/a.mp4", r".\gate\a.mp4"),
        ("gate/a.mp4", r"gate\*.mp4"),
        ("gate/a.mp4", "./gate/../gate/a.mp4"),
        (f"{DECOMPOSED}/a.mp4", "café/a.mp4"),
        ("café/a.mp4", f"{DECOMPOSED}/a.mp4"),
    ],
)
def test_a_row_meets_the_file_that_is_meant(file, row, tmp_path):
    file = there(tmp_path / file)
    rows = listed(tmp_path, f"{row},gate")
    assert rows.lookup(location_text(str(file))).camera == "gate"
    assert rows.unused([location_text(str(file))]) == ([], [])


def test_a_row_meets_a_file_through_a_link_and_the_other_way_round(tmp_path):
    file = there(tmp_path / "disk" / "a.mp4")
    (tmp_path / "link").symlink_to(tmp_path / "disk", target_is_directory=True)
    by_link = listed(tmp_path, "link/a.mp4,gate")
    assert by_link.lookup(str(file)).camera == "gate"
    by_file = listed(tmp_path, "disk/a.mp4,gate")
    assert by_file.lookup(str(tmp_path / "link" / "a.mp4")).camera == "gate"


def test_a_list_beside_a_linked_folder(tmp_path):
    there(tmp_path / "disk" / "a.mp4")
    (tmp_path / "link").symlink_to(tmp_path / "disk", target_is_directory=True)
    rows = listed(tmp_path / "disk", "a.mp4,gate")
    assert rows.lookup(str(tmp_path / "link" / "a.mp4")).camera == "gate"


def test_which_rows_met_nothing_is_told(tmp_path):
    here, other = there(tmp_path / "a.mp4"), there(tmp_path / "b.mp4")
    rows = listed(tmp_path, "a.mp4,x", "gone.mp4,x", "b.mp4,x", "none/*.mkv,x")
    assert rows.unused([str(here)]) == (["line 3", "line 5"], ["line 4"])
    assert rows.unused([str(here), str(other)]) == (["line 3", "line 5"], [])


def test_case_decides_where_both_are_there(tmp_path):
    upper, lower = there(tmp_path / "Gate.mp4"), there(tmp_path / "gate.mp4")
    rows = listed(tmp_path, "Gate.mp4,up", "gate.mp4,low")
    assert [rows.lookup(str(one)).camera for one in (upper, lower)] == ["up", "low"]


def test_an_hour_that_happened_twice_is_in_the_uncertainty_and_said(tmp_path):
    file = str(there(tmp_path / "a.mp4"))
    berlin = parse_zone("Europe/Berlin")
    for row, uncertainty_s in (
        ("a.mp4,2024-10-27T02:30:00,", 3601),
        ("a.mp4,2024-10-27T02:30:00,5", 3606),
    ):
        rows = listed(tmp_path, row, columns="path,start,uncertainty_s", zone=berlin)
        told = SourceNaming(listed=rows).facts(file).facts
        assert told.clock.uncertainty_s == uncertainty_s
        assert "repeats" in told.warnings[0]
    with pytest.raises(InputError, match=r"line 2.*did not happen"):
        listed(tmp_path, "a.mp4,2024-03-31T02:30:00", columns="path,start", zone=berlin)


def test_minutes_only_are_known_to_half_a_minute(tmp_path):
    file = str(there(tmp_path / "a.mp4"))
    rows = listed(tmp_path, "a.mp4,2024-05-31T14:03Z", columns="path,start")
    assert SourceNaming(listed=rows).facts(file).facts.clock.uncertainty_s == 30
