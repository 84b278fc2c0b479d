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
