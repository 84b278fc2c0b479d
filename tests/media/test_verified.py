"""Bytes are hashed once, and again as soon as they may have changed."""

import os

import pytest
from archives import draw_many

from reidsearch.media.video import verified
from reidsearch.media.video.open import digest_of, known_digest


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "gate.mp4"
    path.write_bytes(b"footage" * 1000)
    return path


def test_a_digest_is_remembered_as_long_as_the_file_stays(file):
    assert known_digest(file) is None
    digest = digest_of(file).sha256.hex()
    assert known_digest(file) == digest


def test_a_change_that_sets_the_time_back_is_noticed(file):
    digest_of(file)
    before = file.stat()
    data = bytearray(file.read_bytes())
    data[100] ^= 1
    file.write_bytes(data)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert known_digest(file) is None


def test_another_file_of_the_same_name_is_noticed(file):
    digest_of(file)
    before = file.stat()
    other = file.with_name("other.mp4")
    other.write_bytes(b"FOOTAGE" * 1000)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(file)
    assert known_digest(file) is None


def test_a_folder_of_frames_is_remembered_until_any_of_them_changes(tmp_path):
    pictures = draw_many(tmp_path / "frames", 3)
    digest = digest_of(tmp_path / "frames").sha256.hex()
    assert known_digest(tmp_path / "frames") == digest
    pictures[1].write_bytes(pictures[2].read_bytes())
    assert known_digest(tmp_path / "frames") is None


def test_what_changed_while_it_was_read_is_not_remembered(file):
    state = verified.state_of(file)
    file.write_bytes(b"grown" * 5000)
    verified.remember(file, state, sha256="ab" * 32)
    assert known_digest(file) is None


def test_a_file_that_is_gone_has_no_state_and_nothing_is_known_of_it(tmp_path):
    gone = tmp_path / "gone.mp4"
    verified.remember(gone, verified.state_of(gone), sha256="ab" * 32)
    assert verified.state_of(gone) == ""
    assert known_digest(gone) is None


def test_a_damaged_note_is_passed_over(file):
    digest_of(file)
    verified._file_of(file).write_text("{", encoding="utf-8")
    assert known_digest(file) is None
