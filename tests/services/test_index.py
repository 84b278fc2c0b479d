"""What an index run leaves on record beside crops: files of types that nobody reads."""

from __future__ import annotations

import zipfile

import pytest
from archives import draw

from reidsearch import Archive


@pytest.fixture
def archive(tmp_path):
    with Archive.open(tmp_path / "archive", create=True, model="builtin") as opened:
        yield opened


def passed_over(archive):
    return [one.location for one in archive.failures() if one.reason == "unsupported"]


@pytest.mark.full
def test_what_is_not_read_is_named_file_by_file_and_is_no_failure(archive, tmp_path):
    folder = tmp_path / "media"
    draw(folder / "a.png", 1)
    for name in ("notes.txt", "below/clip.xyz"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"data")
    with zipfile.ZipFile(folder / "more.zip", "w") as container:
        container.writestr("inside.doc", b"data")
    expected = [folder / "below/clip.xyz", f"{folder}/more.zip!/inside.doc", folder / "notes.txt"]
    for _ in range(2):
        report = archive.index([folder])
        assert (report.failed, report.skipped) == (0, 3)
        assert sorted(passed_over(archive)) == sorted(map(str, expected))
    assert dict(archive.show().failures) == {"unsupported": 3}
    assert archive.search(1).statement.failures == 0


@pytest.mark.full
def test_it_leaves_the_list_when_it_is_gone_whatever_way_its_folder_is_given(archive, tmp_path):
    for name in ("one", "two"):
        draw(tmp_path / name / "a.png", len(name))
        (tmp_path / name / "notes.txt").write_bytes(b"data")
    archive.index([tmp_path / "one", tmp_path / "two"])
    (tmp_path / "one/notes.txt").unlink()
    archive.index([tmp_path / "one"])
    assert passed_over(archive) == [str(tmp_path / "two/notes.txt")]
    (tmp_path / "two/notes.txt").rename(tmp_path / "two/notes.md")
    archive.index([tmp_path / "two/a.png"])  # nobody looked at the folder
    assert passed_over(archive) == [str(tmp_path / "two/notes.txt")]
    archive.index([tmp_path])
    assert str(tmp_path / "two/notes.txt") not in passed_over(archive)
    assert str(tmp_path / "two/notes.md") in passed_over(archive)
