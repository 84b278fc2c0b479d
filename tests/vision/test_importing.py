"""Models from a folder or medium."""

from __future__ import annotations

import shutil

import pytest

from reidsearch.base.errors import InputError
from reidsearch.vision.models.catalogue import catalogue, find
from reidsearch.vision.models.importing import import_folder
from reidsearch.vision.models.locate import installed, locate
from reidsearch.vision.models.store import models_folder

NAME = "person-reidentification-retail-0288"
INT8 = "person-reidentification-retail-0287/FP16-INT8"


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("REIDSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REIDSEARCH_MODELS", raising=False)


@pytest.mark.full
def test_the_zoo_layout(shared):
    report = import_folder(shared / "models")
    assert report.imported == catalogue()
    assert (report.incomplete, report.differing, report.unrecognised) == ((), (), ())
    assert [found.entry for found in installed()] == list(catalogue())
    assert all(not found.problem and found.origin == "cache" for found in installed())
    leftovers = {path.suffix for path in models_folder().rglob("*") if path.is_file()}
    assert leftovers <= {".xml", ".bin", ""}


def test_flat_and_renamed_files_are_recognised_by_their_checksum(shared, tmp_path):
    medium = tmp_path / "medium"
    medium.mkdir()
    shutil.copy(shared / "models" / NAME / "FP16" / f"{NAME}.xml", medium / "a")
    shutil.copy(shared / "models" / NAME / "FP16" / f"{NAME}.bin", medium / f"{NAME} (1).bin")
    for path in (shared / "models" / INT8).iterdir():
        shutil.copy(path, medium)
    report = import_folder(medium)
    assert report.imported == (find(INT8), find(NAME))
    assert locate(NAME, offline=True).digest == find(NAME).digest


def test_again_changes_nothing(shared):
    import_folder(shared / "models" / NAME)
    before = {path: path.stat().st_mtime_ns for path in models_folder().rglob("*.xml")}
    assert import_folder(shared / "models" / NAME).imported == (find(NAME),)
    assert {path: path.stat().st_mtime_ns for path in models_folder().rglob("*.xml")} == before


def test_a_damaged_file_in_the_cache_is_mended(shared):
    import_folder(shared / "models" / NAME)
    (models_folder() / NAME / "FP16" / f"{NAME}.bin").write_bytes(b"damaged")
    import_folder(shared / "models" / NAME)
    assert [found.problem for found in installed()] == [""]


def test_what_differs_is_incomplete_or_unknown_is_reported(shared, tmp_path):
    medium = tmp_path / "medium"
    shutil.copytree(shared / "models" / NAME, medium / NAME)
    path = medium / NAME / "FP16" / f"{NAME}.bin"
    path.chmod(0o644)
    path.write_bytes(b"cut short")
    other_precision = medium / NAME / "FP32" / f"{NAME}.xml"
    other_precision.parent.mkdir()
    other_precision.write_bytes(b"<net/>")
    (medium / "own.onnx").write_bytes(b"own")
    (medium / "README.txt").write_text("not a model")
    report = import_folder(medium)
    assert report.imported == ()
    assert report.incomplete == ((find(NAME), (f"{NAME}.bin",)),)
    assert [str(path) in text for text in report.differing] == [True]
    assert find(NAME).files[0].sha384 in report.differing[0]
    assert report.unrecognised == (medium / "own.onnx", other_precision)
    assert installed() == ()


def test_same_size_other_bytes_is_not_imported(shared, tmp_path):
    shutil.copytree(shared / "models" / NAME, tmp_path / "medium")
    path = tmp_path / "medium" / "FP16" / f"{NAME}.bin"
    path.chmod(0o644)
    path.write_bytes(bytes(path.stat().st_size))
    report = import_folder(tmp_path / "medium")
    assert len(report.differing) == 1
    assert not report.imported


@pytest.mark.parametrize("name", ["missing", "file"])
def test_not_a_folder(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is not a folder"):
        import_folder(tmp_path / name)
