"""Pictures that are asked with: kept by what they are, privately, and not without bound."""

from __future__ import annotations

import hashlib
import os

import pytest

from reidsearch.base.errors import Kind, NotFound
from reidsearch.services.kept_pictures import KeptPictures


def test_a_picture_is_kept_once_by_its_digest(tmp_path):
    kept = KeptPictures(tmp_path / "a" / "b")
    sha256 = kept.keep(b"one")
    assert sha256 == hashlib.sha256(b"one").hexdigest() == kept.keep(b"one")
    assert kept.read(sha256) == b"one"
    assert [one.name for one in (tmp_path / "a" / "b").iterdir()] == [sha256]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_nobody_else_can_read_them(tmp_path):
    kept = KeptPictures(tmp_path / "kept")
    path = tmp_path / "kept" / kept.keep(b"one")
    assert path.parent.stat().st_mode & 0o077 == 0
    assert path.stat().st_mode & 0o077 == 0


def test_the_ones_used_longest_ago_go_first(tmp_path):
    kept = KeptPictures(tmp_path, most_bytes=10, most_pictures=3)
    names = [kept.keep(bytes([number]) * 3) for number in range(3)]
    for age, name in enumerate(names):
        os.utime(tmp_path / name, ns=(age, age))
    kept.read(names[0])  # now the one used last
    kept.keep(b"new")
    assert kept.read(names[0])
    with pytest.raises(NotFound):
        kept.read(names[1])
    large = kept.keep(b"x" * 11)  # what was just given is kept, whatever its size
    assert {one.name for one in tmp_path.iterdir()} == {large}


@pytest.mark.parametrize("name", ["../secret", "secret", "0" * 64, "A" * 64, ""])
def test_nothing_else_is_read_by_a_name(tmp_path, name):
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "secret").write_bytes(b"x")
    with pytest.raises(NotFound) as raised:
        KeptPictures(tmp_path / "kept").read(name)
    assert raised.value.kind == Kind.PICTURE_NOT_KEPT


def test_what_was_altered_is_not_given_out(tmp_path):
    kept = KeptPictures(tmp_path)
    sha256 = kept.keep(b"one")
    (tmp_path / sha256).write_bytes(b"two")
    with pytest.raises(NotFound):
        kept.read(sha256)
