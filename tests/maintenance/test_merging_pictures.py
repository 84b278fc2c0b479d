"""Merging archives whose pictures lie in a store of objects: each keeps its own objects."""

from __future__ import annotations

from pathlib import Path

import pytest
from archives import fill, unit_rows

from reidsearch import Archive
from reidsearch.base.errors import ArchiveError
from reidsearch.base.object_address import read_object_address
from reidsearch.maintenance import moving_pictures as moving
from reidsearch.store.crops.store import Store
from reidsearch.store.pictures import putting

pytestmark = pytest.mark.full

ROWS = unit_rows(12, seed=3)


def objects(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*.jpg") if one.is_file()]


def made(folder: Path, first: int, pictures: Path | None) -> list[bytes]:
    """An archive of six crops; its pictures are in this store of objects."""
    fill(folder, ROWS[first : first + 6], first=first)
    with Store(folder) as store:
        held = [store.picture(number) for number in range(1, 7)]
        if pictures is not None:
            moving.move_out(store, read_object_address(f"file://{pictures}"))
    return held


@pytest.mark.parametrize(
    ("theirs", "ours"), [(True, False), (False, True), (True, True)], ids=["from", "to", "both"]
)
@pytest.mark.parametrize("at_once", [1, putting.HELD_BYTES], ids=["each put at once", "together"])
def test_pictures_come_to_where_the_target_keeps_them(tmp_path, theirs, ours, at_once, monkeypatch):
    monkeypatch.setattr(putting, "HELD_BYTES", at_once)
    north, south = tmp_path / "north", tmp_path / "south"
    there, here = tmp_path / "their-pictures", tmp_path / "our-pictures"
    pictures = made(north, 0, here if ours else None)
    pictures += made(south, 6, there if theirs else None)
    with Archive.open(north) as archive:
        (report,) = archive.merging.merge([south])
        assert (report.new["crops"], report.new["sources"]) == (6, 6)
        assert report.ids["crop"] == {old: old + 6 for old in range(1, 7)}
        assert [archive.picture(number) for number in range(1, 13)] == pictures
        kept = archive.pictures.kept()
        assert (kept.in_database, kept.in_store) == ((0, 12) if ours else (12, 0))
        assert len(objects(here)) == (12 if ours else 0)
        assert archive.maintenance.check() == []
        (again,) = archive.merging.merge([south])
        assert (again.new.get("crops", 0), again.held["crops"]) == (0, 6)
        assert archive.delete(archive.plan_delete(crop_ids=[7]))
    # What the merged archive deletes is its own.
    with Archive.open(south) as archive:
        assert [archive.picture(number) for number in range(1, 7)] == pictures[6:]
        assert archive.maintenance.check() == []
    assert len(objects(there)) == (6 if theirs else 0)


def test_a_picture_that_is_missing_in_the_source_is_told(tmp_path):
    made(tmp_path / "north", 0, None)
    made(tmp_path / "south", 6, tmp_path / "pictures")
    objects(tmp_path / "pictures")[0].unlink()
    with Archive.open(tmp_path / "north") as archive:
        with pytest.raises(ArchiveError, match=r"picture of crop \d is damaged or missing"):
            archive.merging.merge([tmp_path / "south"])
        assert archive.show().crops == 6
        assert archive.maintenance.check() == []
