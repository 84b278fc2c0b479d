"""Labelled crops are read from both layouts; what is missing is named."""

from __future__ import annotations

import pytest

from reidsearch.errors import InputError
from reidsearch.evaluation.datasets import LabelledCrop, read_manifest, read_market


def market(folder, query=(), gallery=()):
    for name, files in (("query", query), ("bounding_box_test", gallery)):
        (folder / name).mkdir()
        for file in files:
            (folder / name / file).write_bytes(b"")
    return folder


def test_market_names_tell_person_and_camera(tmp_path):
    files = ["0002_c1s1_000451_03.jpg", "-1_c3s2_1.JPG", "0000_c6.png", "Thumbs.db", "x.jpg"]
    data = read_market(market(tmp_path, ["0002_c2.jpg"], files))
    assert data.query == (LabelledCrop(tmp_path / "query" / "0002_c2.jpg", 2, 2),)
    assert {(crop.person, crop.camera) for crop in data.gallery} == {(2, 1), (-1, 3), (0, 6)}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder, "query does not exist"),
        (lambda folder: market(folder, [], ["1_c1.jpg"]), "query holds no picture"),
        (lambda folder: market(folder, ["1_c1.jpg"], ["a.jpg"]), "bounding_box_test holds no"),
    ],
)
def test_a_folder_of_another_kind_is_refused(tmp_path, make, words):
    with pytest.raises(InputError, match=words):
        read_market(make(tmp_path))


def manifest(folder, text):
    path = folder / "manifest.csv"
    path.write_bytes(text)
    return path


def test_a_manifest_tells_person_and_camera(tmp_path):
    text = b"\xef\xbb\xbfpath,person_id,camera_id,orientation\na/1.jpg,001,01,1\na/2.jpg,001,02,5\n"
    data = read_manifest(manifest(tmp_path, text))
    assert data.query == data.gallery
    assert data.query[0] == LabelledCrop(tmp_path / "a" / "1.jpg", 1, 1)
    parted = data.of_cameras(1, 2)
    assert [crop.path.name for crop in parted.query] == ["1.jpg"]
    assert [crop.path.name for crop in parted.gallery] == ["2.jpg"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "lacks the column path"),
        (b"path,person_id\na,1\n", "lacks the column camera_id"),
        (b"path,person_id,camera_id\n", "has no rows"),
        (b"path,person_id,camera_id\na,1,1\nb,one,2\n", "line 3: person 'one'"),
        (b"path,person_id,camera_id\na,1\n", "line 2: person '1' or camera None"),
        (b"path,person_id,camera_id\n\xff,1,1\n", "cannot be read"),
    ],
)
def test_a_bad_manifest_is_refused(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        read_manifest(manifest(tmp_path, text))


def test_a_manifest_that_is_missing_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_manifest(tmp_path / "none.csv")
