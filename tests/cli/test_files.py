"""Files that a command writes: `-o`, `--force`, pipes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PIL import Image


def test_crop_writes_the_picture(held, tmp_path):
    assert held("crop", 1, "-o", tmp_path / "one.jpg").code == 0
    with Image.open(tmp_path / "one.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (16, 32))


@pytest.mark.full
def test_crop_writes_the_picture_to_a_pipe(held, tmp_path):
    assert held("crop", 1, "-o", tmp_path / "one.jpg").code == 0
    command = [sys.executable, "-m", "reidsearch", "crop", "1", "-o", "-", "-a", held.archive]
    piped = subprocess.run(command, capture_output=True, check=True)
    assert piped.stderr == b""
    assert piped.stdout == (tmp_path / "one.jpg").read_bytes()


def test_a_file_that_exists_is_only_overwritten_with_force(held, tmp_path):
    picture = tmp_path / "sheet.jpg"
    assert held("query", "--crop", 1, "-o", picture).code == 0
    first = picture.read_bytes()
    ran = held("query", "--crop", 1, "-o", picture)
    assert (ran.code, "--force overwrites it" in ran.err) == (2, True)
    assert picture.read_bytes() == first
    assert held("query", "--crop", 2, "-o", picture, "--force").code == 0
    assert picture.read_bytes() != first
    wrong = held("query", "--crop", 1, "-o", tmp_path / "sheet.bmp")
    assert (wrong.code, ".png, .jpg, .jpeg, .pdf, .html" in wrong.err) == (2, True)
