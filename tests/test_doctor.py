"""The doctor finds what is wrong, says what to do, and changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from own_models import describe

from reidsearch import doctor
from reidsearch.archive import Archive
from reidsearch.base.settings import RuntimeSettings
from reidsearch.cli.doctor import command
from reidsearch.doctor import Check, examine
from reidsearch.output.hints import advice_on
from reidsearch.store.database import sqlite
from reidsearch.vision.embedding import Embedder

DEFAULT = "person-reidentification-retail-0286"


@pytest.fixture(autouse=True)
def _no_models(monkeypatch, tmp_path):
    monkeypatch.setenv("REIDSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REIDSEARCH_MODELS", raising=False)


@pytest.fixture
def archive(tmp_path) -> Path:
    """Two crops, embedded by the built-in model."""
    crops = tmp_path / "crops"
    crops.mkdir()
    for number in range(2):
        noise = np.random.default_rng(number).integers(0, 256, (96, 48, 3), np.uint8)
        cv2.imwrite(str(crops / f"{number}.png"), noise)
    with Archive.open(tmp_path / "archive", create=True, model="builtin") as opened:
        opened.index([crops])
    return tmp_path / "archive"


def found(checks: list[Check], name: str) -> Check:
    [check] = [check for check in checks if check.name == name]
    return check


def test_a_good_machine_without_a_model_is_warned_and_told_three_ways(tmp_path):
    checks = examine(tmp_path / "archive")
    model = found(checks, "model")
    assert [check.name for check in checks if check.status != "ok"] == ["model"]
    assert model.status == "warn"
    for way in ("--model-path", "models import", "models install"):
        assert way in advice_on(model.kind, model.fields)
    assert found(checks, "built-in model").status == "ok"
    assert not (tmp_path / "archive").exists()


@pytest.mark.full
def test_the_genuine_model_is_recognised(tmp_path, shared):
    checks = examine(tmp_path / "archive", model_path=[shared / "models"])
    model = found(checks, "model")
    assert model.status == "ok"
    assert DEFAULT in model.detail
    assert not [check for check in checks if check.name == "built-in model"]


@pytest.mark.full
def test_a_fault_in_preprocessing_fails_and_is_named(tmp_path, monkeypatch):
    right = Embedder.prepare
    monkeypatch.setattr(Embedder, "prepare", lambda self, crop: right(self, crop)[..., ::-1].copy())
    model = found(examine(tmp_path / "archive", model="builtin"), "model")
    assert model.status == "fail"
    assert "red and blue are exchanged" in model.detail
    assert model.hint


@pytest.mark.parametrize(
    ("model", "words"),
    [("no-such-model", "no model is named"), ("missing.onnx", "does not exist")],
)
def test_a_model_that_makes_no_sense_fails(tmp_path, model, words):
    check = found(examine(tmp_path / "archive", model=model), "model")
    assert check.status == "fail"
    assert words in check.detail


@pytest.mark.full
def test_a_model_of_ones_own_is_warned_about(tmp_path):
    import openvino as ov

    from reidsearch.vision.embedding import builtin

    path = tmp_path / "mine.xml"
    ov.save_model(builtin.build(), path)
    checks = examine(tmp_path / "archive", model=str(describe(path)))
    assert found(checks, "model").status == "warn"
    assert "no golden vectors" in found(checks, "model").detail
    assert found(checks, "built-in model").status == "ok"


def test_a_device_that_is_not_there_fails(tmp_path):
    checks = examine(tmp_path / "archive", model="builtin", runtime=RuntimeSettings("GPU.7"))
    assert found(checks, "device").status == "fail"
    assert found(checks, "model").status == "fail"


@pytest.mark.parametrize(
    ("version", "minimum", "status"),
    [
        ("2025.0.0", "2025.0", "ok"),
        ("2026.4.1", "2025.0", "ok"),
        ("2024.6", "2025.0", "fail"),
        ("1.9", "1.12", "fail"),
        ("5.0.0.93", "4.10", "ok"),
        ("2.0.0rc1", "2.0", "ok"),
    ],
)
def test_versions_are_compared_as_numbers(version, minimum, status):
    check = doctor._version_check("thing", version, minimum, "upgrade it")
    assert check.status == status
    assert (check.hint == "upgrade it") == (status == "fail")


def test_every_library_has_a_minimum_that_is_looked_at():
    assert set(doctor._LIBRARIES) <= set(doctor._minima())


@pytest.mark.parametrize(
    ("missing", "status"), [({"avif"}, "warn"), ({"jpg", "avif"}, "fail"), (set(), "ok")]
)
def test_missing_codecs_are_named(monkeypatch, missing, status):
    monkeypatch.setattr("PIL.features.check", lambda code: code not in missing)
    [check] = doctor._codec_checks()
    assert check.status == status
    assert all(doctor._CODECS[code] in check.detail for code in missing)


@pytest.mark.parametrize(
    ("free", "status"), [(50_000_000, "fail"), (500_000_000, "warn"), (5_000_000_000, "ok")]
)
def test_little_disk_space_is_told(monkeypatch, tmp_path, free, status):
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    check = doctor._disk_check("disk", tmp_path / "not" / "there" / "yet")
    assert check.status == status
    assert str(tmp_path) in check.detail


@pytest.mark.full
def test_a_whole_archive_is_well_and_its_model_is_the_one_looked_at(archive):
    checks = examine(archive)
    assert found(checks, "archive").status == "ok"
    assert "builtin" in found(checks, "model").detail


@pytest.mark.full
def test_an_archive_that_everybody_can_read_is_told(archive):
    archive.chmod(0o755)
    (archive / sqlite.DATABASE).chmod(0o644)
    warned = [check for check in examine(archive) if check.status == "warn"]
    assert [check.name for check in warned] == ["archive"]
    assert "everybody on this machine can read archive.db" in warned[0].detail


@pytest.mark.full
def test_a_large_archive_is_opened_but_not_read_whole(archive, monkeypatch):
    monkeypatch.setattr(doctor, "_WHOLE_BYTES", 0)
    check = found(examine(archive), "archive")
    assert check.status == "ok"
    assert "2 crops" in check.detail
    assert advice_on(check.kind, check.fields) == f"reidsearch check -a {archive}"


@pytest.mark.full
def test_a_damaged_archive_fails(archive):
    database = archive / sqlite.DATABASE
    database.write_bytes(database.read_bytes()[:5000])
    checks = [check for check in examine(archive, model="builtin") if check.name == "archive"]
    assert checks
    assert {check.status for check in checks} == {"fail"}
    assert all(check.detail and check.hint for check in checks)


def test_a_folder_that_is_no_archive_fails(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "holiday.txt").write_text("sun")
    assert found(examine(tmp_path / "a", model="builtin"), "archive").status == "fail"


@pytest.mark.full
def test_the_command_tells_all_and_leaves_with_0_when_nothing_failed(tmp_path):
    done = CliRunner().invoke(command, ["-a", str(tmp_path / "a")], standalone_mode=False)
    assert done.return_value == 0
    assert "warn  model" in done.output
    assert "->" in done.output


def test_the_command_leaves_with_1_when_something_failed(tmp_path):
    arguments = ["-a", str(tmp_path / "a"), "--format", "json", "--model", "no-such-model"]
    done = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert done.return_value == 1
    checks = json.loads(done.output)["checks"]
    assert {"name", "status", "detail", "hint"} == set(checks[0])
    assert found([Check(**check) for check in checks], "model").status == "fail"
