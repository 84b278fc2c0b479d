"""`reidsearch models` from the command line's side."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from reidsearch.cli.commands import COMMANDS
from reidsearch.cli.models import command
from reidsearch.vision.models.catalogue import catalogue, find
from reidsearch.vision.models.store import models_folder

NAME = "person-reidentification-retail-0288"


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("REIDSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REIDSEARCH_MODELS", raising=False)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reidsearch", "models", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def test_help_is_the_one_of_the_command_list():
    assert command.help.splitlines()[0] == COMMANDS["models"]


def test_list_before_and_after_import(shared):
    assert run("list").stdout.count("not installed") == len(catalogue())
    imported = run("import", str(shared / "models" / NAME))
    assert imported.returncode == 0
    assert imported.stdout == f"imported      {NAME}/FP16\n"
    listed = run("list")
    assert listed.returncode == 0
    lines = {line[2:].split()[0]: line for line in listed.stdout.splitlines() if "/FP16" in line}
    assert set(lines) == {entry.key for entry in catalogue()}
    assert lines["person-reidentification-retail-0286/FP16"].startswith("* ")
    assert f"{models_folder() / NAME / 'FP16'} (cache)" in lines[f"{NAME}/FP16"]
    rows = {
        f"{row['name']}/{row['precision']}": row
        for row in json.loads(run("list", "--format", "json").stdout)["models"]
    }
    assert {key for key, row in rows.items() if row["installed"]} == {f"{NAME}/FP16"}
    assert rows[f"{NAME}/FP16"]["folder"] == str(models_folder() / NAME / "FP16")
    assert rows[f"{NAME}/FP16"]["files"][0]["sha384"] == find(NAME).files[0].sha384


def test_list_names_the_place_that_is_used_first(shared):
    run("import", str(shared / "models" / NAME))
    rows = json.loads(
        run("list", "--format", "json", REIDSEARCH_MODELS=str(shared / "models")).stdout
    )["models"]
    assert {row["origin"] for row in rows} == {"REIDSEARCH_MODELS"}


def test_show():
    entry = find("person-reidentification-retail-0286")
    shown = run("show", entry.name)
    assert shown.returncode == 0
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
        assert text in shown.stdout
    row = json.loads(run("show", entry.key, "--format", "json").stdout)
    assert (row["default"], row["digest"], row["installed"]) == (True, entry.digest, False)


def test_show_unknown():
    shown = run("show", "person-reidentification-retail-0285")
    assert shown.returncode == 4
    assert "did you mean person-reidentification-retail-028" in shown.stderr


def test_verify_finds_damage(shared):
    run("import", str(shared / "models" / NAME))
    whole = run("verify")
    assert (whole.returncode, whole.stdout.splitlines()[-1]) == (0, "1 installed, all verified")
    path = models_folder() / NAME / "FP16" / f"{NAME}.bin"
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    damaged = run("verify")
    assert damaged.returncode == 1
    assert f"{path} is not the official" in damaged.stdout
    assert find(NAME).files[0].sha384 in damaged.stdout
    assert "1 of 1 installed models are damaged" in damaged.stderr


def test_import_reports_everything_and_fails(shared, tmp_path):
    medium = tmp_path / "medium"
    shutil.copytree(shared / "models" / NAME, medium / NAME)
    (medium / NAME / "FP16" / f"{NAME}.xml").chmod(0o644)
    (medium / NAME / "FP16" / f"{NAME}.xml").write_bytes(b"other")
    (medium / "own.onnx").write_bytes(b"own")
    done = run("import", str(medium))
    assert done.returncode == 1
    assert f"incomplete    {NAME}/FP16: {NAME}.xml not found" in done.stdout
    assert f"unrecognised  {medium / 'own.onnx'}" in done.stdout
    assert f"differs       {medium / NAME / 'FP16' / NAME}.xml is not the official" in done.stdout


@pytest.mark.parametrize(("name", "code"), [("empty", 4), ("missing", 3)])
def test_import_of_nothing(tmp_path, name, code):
    (tmp_path / "empty").mkdir()
    assert run("import", str(tmp_path / name)).returncode == code


@pytest.mark.parametrize("arguments", [(), ("--all", NAME)])
def test_install_wants_names_or_all(arguments):
    done = run("install", *arguments)
    assert done.returncode == 2
    assert "--all" in done.stderr


def test_install_finds_what_is_there(shared):
    run("import", str(shared / "models"))
    done = run("install", "--all", https_proxy="http://127.0.0.1:1")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == len(catalogue())


def test_install_without_a_network_names_the_three_ways():
    done = run("install", NAME, https_proxy="http://127.0.0.1:1")
    assert done.returncode == 4
    for way in ("--model-path", "models import DIR", f"models install {NAME}/FP16"):
        assert way in done.stderr
