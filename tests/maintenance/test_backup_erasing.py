"""What an archive has erased is erased from its backups too, which stay whole."""

from __future__ import annotations

import pytest
from archives import draw_many, opened

from reidsearch import restore
from reidsearch.base.errors import InputError
from reidsearch.domain.holds import HoldOf

pytestmark = pytest.mark.full


def content(folder) -> bytes:
    return b"".join(one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file())


def test_a_treated_backup_holds_nothing_of_it_and_can_be_restored(tmp_path) -> None:
    draw_many(tmp_path / "crops", 6)
    copy = tmp_path / "copy"
    with opened(tmp_path / "archive") as archive:
        archive.index([tmp_path / "crops"])
        archive.identities.new("Jane Roe", [1, 2], note="scar")
        archive.search(identity="Jane Roe", k=2)
        held = archive.holds.add(HoldOf(identity="Jane Roe"))
        archive.backup(copy)
        archive.holds.release(held.hold_id)
        jpeg = archive.picture(1)
        archive.delete(archive.plan_delete(identity="Jane Roe"))
        assert jpeg in content(copy)
        told = archive.maintenance.erase_in_backup(copy, dry_run=True)
        assert (told.crops, told.identities, told.sha256) == (2, 1, None)
        assert jpeg in content(copy)
        told = archive.maintenance.erase_in_backup(copy)
        assert told.sha256
        for secret in (jpeg, b"Jane", b"scar"):
            assert secret not in content(copy)
        again = archive.maintenance.erase_in_backup(copy)
        assert (again.crops, again.identities, again.sha256) == (0, 0, None)
    assert sorted(one.name for one in copy.iterdir()) == ["archive.db", "backup.json"]
    assert restore(copy, tmp_path / "restored") == 4
    with opened(tmp_path / "restored") as archive:
        assert archive.log.faults() == []
        assert archive.check() == []


def test_a_backup_of_another_archive_is_refused(tmp_path) -> None:
    draw_many(tmp_path / "crops", 2)
    for name in ("one", "two"):
        with opened(tmp_path / name) as archive:
            archive.index([tmp_path / "crops"])
            archive.backup(tmp_path / f"copy of {name}")
    with opened(tmp_path / "one") as archive:
        with pytest.raises(InputError, match="another archive"):
            archive.maintenance.erase_in_backup(tmp_path / "copy of two")
        with pytest.raises(InputError, match="no backup"):
            archive.maintenance.erase_in_backup(tmp_path)
        note = tmp_path / "copy of one" / "backup.json"
        note.write_text(note.read_text().replace('"sha256": "', '"sha256": "0'))
        with pytest.raises(InputError, match="checksum"):
            archive.maintenance.erase_in_backup(tmp_path / "copy of one")
