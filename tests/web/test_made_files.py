"""Clips that are kept for a browser: made once, and again when an erasure removed them."""

from __future__ import annotations

from reidsearch.base import temporaries
from reidsearch.web.made_files import MadeFiles


def test_what_an_erasure_has_removed_is_made_again(tmp_path):
    kept, made = MadeFiles(tmp_path), []

    def make(path):
        made.append(path)
        path.write_bytes(b"clip %d" % len(made))

    assert kept.taken("one", make).read_bytes() == b"clip 1"
    assert kept.taken("one", make).read_bytes() == b"clip 1"
    assert temporaries.empty(temporaries.MADE, tmp_path) == 3  # the file and two links to it
    assert not list(kept.folder.iterdir())
    assert kept.taken("one", make).read_bytes() == b"clip 2"


def test_a_file_with_the_name_of_such_a_folder_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    file = tmp_path / f"{temporaries.prefix_of(temporaries.MADE, tmp_path)}x"
    file.write_bytes(b"x")
    assert temporaries.empty(temporaries.MADE, tmp_path) == 0
    assert file.exists()
