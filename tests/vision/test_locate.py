"""Where a model is found, in which order, and what is refused."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from reidsearch.base.errors import ModelError
from reidsearch.output.hints import advice
from reidsearch.vision.models.catalogue import digest_of, find
from reidsearch.vision.models.locate import ModelUnavailable, installed, locate
from reidsearch.vision.models.store import models_folder, sha384_of

NAME = "person-reidentification-retail-0288"  # the smallest
ENTRY = find(NAME)


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("REIDSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REIDSEARCH_MODELS", raising=False)


@pytest.fixture
def put(shared):
    """Copies the model into a models folder, in the zoo's layout; returns where it lies."""

    def copy(folder: Path, key: str = ENTRY.key) -> Path:
        shutil.copytree(shared / "models" / key, folder / key)
        return folder / key

    return copy


def damage(path: Path) -> str:
    """Flip one byte in the middle; returns the file's new checksum."""
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return sha384_of(path)


def test_order(put, tmp_path, monkeypatch):
    first, second = put(tmp_path / "first"), put(tmp_path / "second")
    third, fourth = put(tmp_path / "third"), put(tmp_path / "fourth")
    in_cache = put(models_folder())
    empty = tmp_path / "empty"
    monkeypatch.setenv(
        "REIDSEARCH_MODELS",
        os.pathsep.join(map(str, ["", empty, tmp_path / "third", tmp_path / "fourth"])),
    )
    found = []
    for gone in (first, second, third, fourth, in_cache):
        model = locate(
            NAME, model_path=[empty, tmp_path / "first", tmp_path / "second"], offline=True
        )
        found.append((model.xml.parent, model.origin))
        assert (model.name, model.precision, model.entry) == (NAME, "FP16", ENTRY)
        assert model.digest == ENTRY.digest
        shutil.rmtree(gone)
    assert found == [
        (first, "given folder"),
        (second, "given folder"),
        (third, "REIDSEARCH_MODELS"),
        (fourth, "REIDSEARCH_MODELS"),
        (in_cache, "cache"),
    ]


def test_name_and_precision(shared):
    name = "person-reidentification-retail-0287"
    for asked, precision in ((name, "FP16"), (f"{name}/FP16-INT8", "FP16-INT8")):
        found = locate(asked, model_path=[shared / "models"], offline=True)
        assert found.precision == precision
        assert found.xml == shared / "models" / name / precision / f"{name}.xml"


def test_nowhere_and_offline_names_the_three_ways(tmp_path):
    with pytest.raises(ModelUnavailable) as caught:
        locate(NAME, model_path=[tmp_path], offline=True)
    assert isinstance(caught.value, ModelError)
    assert str(tmp_path) in caught.value.message
    assert str(models_folder()) in caught.value.message
    for way in ("--model-path", "REIDSEARCH_MODELS", "models import DIR", f"install {ENTRY.key}"):
        assert way in advice(caught.value)


@pytest.mark.parametrize("suffix", [".bin", ".xml"])
@pytest.mark.parametrize("place", ["given folder", "REIDSEARCH_MODELS", "cache"])
def test_a_file_that_differs_is_refused_though_a_good_one_follows(
    put, tmp_path, monkeypatch, place, suffix
):
    folder = models_folder() if place == "cache" else tmp_path / "bad"
    path = put(folder) / f"{NAME}{suffix}"
    found = damage(path)
    model_path = [folder] if place == "given folder" else []
    if place == "REIDSEARCH_MODELS":
        monkeypatch.setenv("REIDSEARCH_MODELS", str(folder))
    if place != "cache":
        put(models_folder())
    with pytest.raises(ModelError) as caught:
        locate(NAME, model_path=model_path, offline=True)
    assert not isinstance(caught.value, ModelUnavailable)
    expected = next(file.sha384 for file in ENTRY.files if file.name.endswith(suffix))
    for text in (str(path), expected, found):
        assert text in caught.value.message


@pytest.mark.parametrize("suffix", [".bin", ".xml"])
def test_half_a_model(put, tmp_path, suffix):
    """In a user's folder it is refused; in the cache it is an install that was cut short."""
    (put(tmp_path / "half") / f"{NAME}{suffix}").unlink()
    with pytest.raises(ModelError, match=rf"{NAME}\{suffix} is missing") as caught:
        locate(NAME, model_path=[tmp_path / "half"], offline=True)
    assert not isinstance(caught.value, ModelUnavailable)
    (put(models_folder()) / f"{NAME}{suffix}").unlink()
    with pytest.raises(ModelUnavailable):
        locate(NAME, offline=True)
    assert [found.problem for found in installed()] == ["incomplete"]


def test_unknown_name():
    with pytest.raises(ModelError, match="no model is named"):
        locate("person-reidentification-retail-9999", offline=True)


def test_free_file_is_known_by_its_hash(put, tmp_path):
    folder = put(tmp_path)
    (folder / f"{NAME}.xml").rename(folder / "mine.xml")
    (folder / f"{NAME}.bin").rename(folder / "mine.bin")
    damage(folder / "mine.bin")
    found = locate(str(folder / "mine.xml"))
    assert (found.name, found.precision, found.entry) == ("mine", "unknown", None)
    assert (found.origin, found.xml) == ("file", folder / "mine.xml")
    assert found.digest == digest_of(
        {path.name: sha384_of(path) for path in (folder / "mine.xml", folder / "mine.bin")}
    )
    assert found.digest != ENTRY.digest


def test_free_file_that_is_a_catalogue_model_is_recognised(put, tmp_path):
    folder = put(tmp_path)
    (folder / f"{NAME}.xml").rename(folder / "renamed.xml")
    (folder / f"{NAME}.bin").rename(folder / "renamed.bin")
    found = locate(str(folder / "renamed.xml"))
    assert (found.name, found.precision, found.digest) == (NAME, "FP16", ENTRY.digest)
    assert found.entry is ENTRY


def test_free_onnx(tmp_path):
    path = tmp_path / "own.onnx"
    path.write_bytes(b"\x08\x08\x3a\x00")  # a version, and a graph without anything
    found = locate(str(path))
    assert (found.name, found.precision, found.xml) == ("own", "unknown", path)
    assert found.digest == digest_of({"own.onnx": sha384_of(path)})


@pytest.mark.parametrize(
    ("there", "asked", "says"),
    [
        ([], "m.xml", "m.xml does not exist"),
        ([], "m.onnx", "m.onnx does not exist"),
        (["m.xml"], "m.xml", "m.bin does not exist"),
        (["m.bin"], "m.xml", "m.xml does not exist"),
    ],
)
def test_free_file_that_is_missing(tmp_path, there, asked, says):
    for name in there:
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ModelError, match=says):
        locate(str(tmp_path / asked))


def test_a_folder_in_place_of_a_file_is_refused(tmp_path):
    (tmp_path / ENTRY.key / f"{NAME}.bin").mkdir(parents=True)
    with pytest.raises(ModelError, match="cannot read"):
        locate(NAME, model_path=[tmp_path], offline=True)


def test_installed_verifies(put, tmp_path, monkeypatch):
    assert installed() == ()
    put(models_folder())
    bad = put(tmp_path / "zoo", "person-detection-retail-0013/FP16")
    found = damage(bad / "person-detection-retail-0013.bin")
    monkeypatch.setenv("REIDSEARCH_MODELS", str(tmp_path / "zoo"))
    first, second = installed()
    assert (first.entry.name, first.folder, first.origin) == (
        "person-detection-retail-0013",
        bad,
        "REIDSEARCH_MODELS",
    )
    assert found in first.problem
    assert (second.entry, second.origin, second.problem) == (ENTRY, "cache", "")
