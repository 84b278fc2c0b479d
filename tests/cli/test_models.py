"""`reidsearch models` from the command line's side."""

from __future__ import annotations

import json
import shutil

import pytest
from archives import CommandLine, Ran

from reidsearch.cli.commands import COMMANDS
from reidsearch.cli.models import command
from reidsearch.vision.models.catalogue import catalogue, find
from reidsearch.vision.models.store import models_folder

NAME = "person-reidentification-retail-0288"


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("REIDSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REIDSEARCH_MODELS", raising=False)


@pytest.fixture
def models(run: CommandLine, monkeypatch):
    """`models("list")`: the command in this process, with more of the environment if given."""

    def models(*arguments: object, **environment: str) -> Ran:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            return run("models", *arguments)

    return models


def test_help_is_the_one_of_the_command_list():
    assert command.help.splitlines()[0] == COMMANDS["models"]


def test_list_before_and_after_import(models, shared):
    assert models("list").out.count("not installed") == len(catalogue())
    imported = models("import", str(shared / "models" / NAME))
    assert imported.code == 0
    assert imported.out == f"imported      {NAME}/FP16\n"
    listed = models("list")
    assert listed.code == 0
    lines = {line[2:].split()[0]: line for line in listed.out.splitlines() if "/FP16" in line}
    assert set(lines) == {entry.key for entry in catalogue()}
    assert lines["person-reidentification-retail-0286/FP16"].startswith("* ")
    assert f"{models_folder() / NAME / 'FP16'} (cache)" in lines[f"{NAME}/FP16"]
    rows = {
        f"{row['name']}/{row['precision']}": row
        for row in json.loads(models("list", "--format", "json").out)["models"]
    }
    assert {key for key, row in rows.items() if row["installed"]} == {f"{NAME}/FP16"}
    assert rows[f"{NAME}/FP16"]["folder"] == str(models_folder() / NAME / "FP16")
    assert rows[f"{NAME}/FP16"]["files"][0]["sha384"] == find(NAME).files[0].sha384


def test_list_names_the_place_that_is_used_first(models, shared):
    models("import", str(shared / "models" / NAME))
    rows = json.loads(
        models("list", "--format", "json", REIDSEARCH_MODELS=str(shared / "models")).out
    )["models"]
    assert {row["origin"] for row in rows} == {"REIDSEARCH_MODELS"}


def test_show(models):
    entry = find("person-reidentification-retail-0286")
    shown = models("show", entry.name)
    assert shown.code == 0
    for text in (
        entry.key,
        "re-id (default)",
        "not installed",
        "NCHW, 128 x 256 px, BGR",
        "256 floats",
        "Apache-2.0",
        entry.digest,
        "Market-1501 rank-1: 94.8 %",
        "Market-1501 mAP: 83.7 %",
        *(file.sha384 for file in entry.files),
        *(file.url for file in entry.files),
    ):
        assert text in shown.out
    row = json.loads(models("show", entry.key, "--format", "json").out)
    assert (row["default"], row["digest"], row["installed"]) == (True, entry.digest, False)


def test_show_unknown(models):
    shown = models("show", "person-reidentification-retail-0285")
    assert shown.code == 4
    assert "did you mean person-reidentification-retail-028" in shown.err


def test_verify_finds_damage(models, shared):
    models("import", str(shared / "models" / NAME))
    whole = models("verify")
    assert (whole.code, whole.out.splitlines()[-1]) == (0, "1 installed, all verified")
    path = models_folder() / NAME / "FP16" / f"{NAME}.bin"
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    damaged = models("verify")
    assert damaged.code == 1
    assert f"{path} is not the official" in damaged.out
    assert find(NAME).files[0].sha384 in damaged.out
    assert "1 of 1 installed models are damaged" in damaged.err


def test_import_reports_everything_and_fails(models, shared, tmp_path):
    medium = tmp_path / "medium"
    shutil.copytree(shared / "models" / NAME, medium / NAME)
    (medium / NAME / "FP16" / f"{NAME}.xml").chmod(0o644)
    (medium / NAME / "FP16" / f"{NAME}.xml").write_bytes(b"other")
    (medium / "own.onnx").write_bytes(b"own")
    done = models("import", str(medium))
    assert done.code == 1
    assert f"incomplete    {NAME}/FP16: {NAME}.xml not found" in done.out
    assert f"unrecognised  {medium / 'own.onnx'}" in done.out
    assert f"differs       {medium / NAME / 'FP16' / NAME}.xml is not the official" in done.out


@pytest.mark.parametrize(("name", "code"), [("empty", 4), ("missing", 3)])
def test_import_of_nothing(models, tmp_path, name, code):
    (tmp_path / "empty").mkdir()
    assert models("import", str(tmp_path / name)).code == code


@pytest.mark.parametrize("arguments", [(), ("--all", NAME)])
def test_install_wants_names_or_all(models, arguments):
    done = models("install", *arguments)
    assert done.code == 2
    assert "--all" in done.err


@pytest.mark.full
def test_install_finds_what_is_there(models, shared):
    models("import", str(shared / "models"))
    done = models("install", "--all", https_proxy="http://127.0.0.1:1")
    assert done.code == 0
    assert len(done.out.splitlines()) == len(catalogue())


def test_install_without_a_network_names_the_three_ways(models):
    done = models("install", NAME, https_proxy="http://127.0.0.1:1")
    assert done.code == 4
    for way in ("--model-path", "models import DIR", f"models install {NAME}/FP16"):
        assert way in done.err
