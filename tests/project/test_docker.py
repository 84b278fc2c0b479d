"""No container engine is needed here: the recipe is held against the package, step by step."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import reidsearch

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def instructions() -> list[tuple[str, str]]:
    """(keyword, rest) of every instruction; comments dropped, continued lines joined."""
    text = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.M).replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [(keyword, " ".join(rest.split())) for keyword, rest in lines]


STEPS = instructions()
LAST_STAGE = STEPS[max(i for i, (keyword, _) in enumerate(STEPS) if keyword == "FROM") :]


def rests(keyword: str, steps: list[tuple[str, str]] = STEPS) -> list[str]:
    return [rest for name, rest in steps if name == keyword]


def environment() -> dict[str, str]:
    pairs = (item.split("=", 1) for rest in rests("ENV", LAST_STAGE) for item in shlex.split(rest))
    return {name: value for name, value in pairs if name.startswith("REIDSEARCH_")}


def copied() -> list[tuple[list[str], str]]:
    """(paths in the project, where they go) of every COPY from outside the image."""
    lines = [rest.split() for rest in rests("COPY") if not rest.startswith("--from")]
    return [(words[:-1], words[-1]) for words in lines]


def test_base_image_has_a_python_that_the_package_accepts() -> None:
    at_least = re.fullmatch(r">=3\.(\d+)", PYPROJECT["requires-python"])
    assert at_least
    for image in rests("FROM"):
        found = re.match(r"python:3\.(\d+)-slim\b", image)
        assert found, image
        assert int(found[1]) >= int(at_least[1])


def test_entry_point_and_health_check_are_the_package_own_command() -> None:
    [entry] = [json.loads(rest) for rest in rests("ENTRYPOINT", LAST_STAGE)]
    assert entry[0] in PYPROJECT["scripts"]
    [check] = rests("HEALTHCHECK", LAST_STAGE)
    assert json.loads(check.split("CMD ", 1)[1]) == [*entry, "doctor"]


def test_extras_exist() -> None:
    named = re.findall(r"\[([\w,]+)\]['\"]?(?:\s|$)", " ".join(rests("RUN")))
    extras = {extra for group in named for extra in group.split(",")}
    assert extras <= set(PYPROJECT["optional-dependencies"])


def test_copied_paths_exist_and_reach_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    assert "*" in ignored
    for paths, _ in copied():
        for path in paths:
            assert (ROOT / path).exists(), path
            assert f"!{path}" in ignored, f"{path} is kept out by .dockerignore"


def test_environment_is_read_by_the_package() -> None:
    source = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "reidsearch").rglob("*.py")
    )
    assert {"REIDSEARCH_ARCHIVE", "REIDSEARCH_MODELS", "REIDSEARCH_CACHE"} == set(environment())
    for name in environment():
        assert re.search(rf"\b{name}\b", source), name


def test_volumes_are_the_folders_of_the_environment_and_open_to_the_user() -> None:
    [volumes] = [json.loads(rest) for rest in rests("VOLUME", LAST_STAGE)]
    assert set(volumes) == set(environment().values())
    [made] = re.findall(r"install -d -m 1777 [^/]*(/[^&]*)", " ".join(rests("RUN", LAST_STAGE)))
    assert set(volumes) | set(rests("WORKDIR", LAST_STAGE)) == set(made.split())


def test_user_is_not_root_and_made_by_the_image() -> None:
    [user] = rests("USER", LAST_STAGE)
    assert user not in {"root", "0"}
    assert re.search(rf"useradd .*\b{user}\b", " ".join(rests("RUN", LAST_STAGE)))
    after = [keyword for keyword, _ in LAST_STAGE[LAST_STAGE.index(("USER", user)) :]]
    assert "RUN" not in after


def test_compose_matches_the_image() -> None:
    path = ROOT / "docker" / "compose.yaml"
    compose = yaml.safe_load(path.read_text(encoding="utf-8"))
    [service] = compose["services"].values()
    context = (path.parent / service["build"]["context"]).resolve()
    assert context == ROOT
    assert (context / service["build"]["dockerfile"]).is_file()
    mounts = dict(reversed(mount.rsplit(":", 1)) for mount in service["volumes"])
    assert set(environment().values()) | set(rests("WORKDIR", LAST_STAGE)) == set(mounts)
    named = {mounts[folder] for folder in environment().values()}
    assert named == set(compose["volumes"])
    assert set(service.get("environment", {})) <= set(environment())


@pytest.mark.slow
def test_install_steps_replayed(tmp_path: Path) -> None:
    """The build stage in a fresh environment, with only what COPY brings; then the program runs."""
    stage = STEPS[: STEPS.index(LAST_STAGE[0], 1)]
    folders = [
        *rests("WORKDIR", stage),
        *re.findall(r"(?<=\s)(/\w+)", " ".join(rests("RUN", stage))),
    ]
    image = tmp_path / "image"

    def moved(text: str) -> str:
        for folder in sorted(set(folders), key=len, reverse=True):
            text = re.sub(rf"(?<![\w/.]){folder}\b", f"{image}{folder}", text)
        return text

    workdir = image
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "base"], check=True)
    for keyword, rest in stage:
        if keyword == "WORKDIR":
            workdir = Path(moved(rest))
            workdir.mkdir(parents=True)
        elif keyword == "COPY":
            *paths, target = rest.split()
            for path in paths:
                copy(ROOT / path, workdir / target, keep_name=len(paths) > 1)
        elif keyword == "RUN":
            run(moved(rest), workdir, tmp_path / "base" / "bin")
    [brought] = [rest.split() for rest in rests("COPY", LAST_STAGE)]
    assert brought[:2] == ["--from=build", brought[2]]
    program = Path(moved(brought[2])) / "bin" / "reidsearch"
    assert f"{brought[2]}/bin:" in " ".join(rests("ENV", LAST_STAGE))
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert reidsearch.__version__ in shown.stdout
    assert missing_libraries(Path(moved(brought[2]))) == set()


def copy(source: Path, target: Path, *, keep_name: bool) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target / source.name if keep_name else target)


def run(script: str, cwd: Path, path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-ec", f'PATH="{path}:$PATH"; {script}'],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"


# What every Debian slim image has; libOpenCL is for the GPU plugin, which needs a driver anyway.
IN_SLIM = {
    "libc", "libdl", "libgcc_s", "libm", "libmvec", "libpthread", "libresolv", "librt", "libstdc++",
    "libz",
    "libOpenCL", "linux-vdso", "ld-linux-x86-64",
}  # fmt: skip


def missing_libraries(environment: Path) -> set[str]:
    """Shared libraries that the installed packages need and neither they nor the image bring."""
    if shutil.which("ldd") is None:
        pytest.skip("needs ldd")
    objects = [str(path) for path in environment.rglob("*.so*") if path.is_file()]
    carried = {Path(path).name for path in objects}
    assert any("openvino" in path for path in objects)
    told = subprocess.run(["ldd", *objects], capture_output=True, text=True, check=False).stdout
    names = {line.split()[0] for line in told.splitlines() if "=>" in line}
    return {name for name in names - carried if Path(name).name.split(".so")[0] not in IN_SLIM}
