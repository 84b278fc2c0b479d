"""`export evidence` and `export verify`, as somebody types them, on footage that was indexed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import CommandLine
from evidence_bundles import CASE, made, work_on_a_case
from json_schemas import require_valid

from reidsearch import Archive
from reidsearch.output.evidence.packing import pack
from reidsearch.output.evidence.write import verifier_text

pytestmark = pytest.mark.full  # indexes footage, encodes clips


def hostile_zips(folder: Path, whole: bytes) -> Iterator[tuple[str, str]]:
    """Write zips that no bundle is; yield the name of each and what is said of it."""
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    for name, members, says in (
        ("link.zip", [link], "no ordinary file"),
        ("within.zip", ["a", "a/b"], "a/b has the name of a folder"),
        ("over.zip", ["a/b", "a"], "a has the name of a folder"),
        ("long.zip", ["n" * 300], "no name of a file"),
    ):
        with zipfile.ZipFile(folder / name, "w") as packed:
            for member in members:
                packed.writestr(member, "x")
        yield name, says
    flagged, first = bytearray(whole), whole.index(b"PK\x01\x02")
    flagged[first + 8] |= 1
    (folder / "encrypted.zip").write_bytes(flagged)
    yield "encrypted.zip", "is encrypted"
    # Each file of a bomb holds all that lie behind it: so much grows out of stored files.
    data, heads = b"x" * 1000, list[tuple[bytes, int, int]]()
    for number in range(50):
        name, crc, size = b"%03d" % number, zlib.crc32(data), len(data)
        heads.insert(0, (name, crc, size))
        data = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 0, 0, 33, crc, size, size, 3, 0) + (
            name + data
        )
    listed = b"".join(
        struct.pack(
            "<IHHHHHHIIIHHHHHII",
            *(0x02014B50, 20, 20, 0, 0, 0, 33, crc, size, size, 3, 0, 0, 0, 0, 0, at * 33),
        )
        + name
        for at, (name, crc, size) in enumerate(heads)
    )
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 50, 50, len(listed), len(data), 0)
    (folder / "bomb.zip").write_bytes(data + listed + end)
    with zipfile.ZipFile(folder / "bomb.zip") as packed:
        assert sum(one.file_size for one in packed.infolist()) > 10 * len(data)
    yield "bomb.zip", "they overlap"
    begins = bytearray(whole)
    begins[whole.rindex(b"PK\x05\x06") + 19] = 0xFF  # the list of files begins beyond the end
    (folder / "beyond.zip").write_bytes(begins)
    yield "beyond.zip", "cannot be unpacked"


@pytest.fixture
def worked(run: CommandLine, footage_once: Path, footage: Path) -> CommandLine:
    """Five tracklets at the gate and in the yard, and two cases."""
    shutil.copytree(footage_once, run.archive)
    work_on_a_case(run)
    return run


def manifest_of(out: Path) -> dict:
    manifest = json.loads((out / "manifest.json").read_text())
    require_valid(manifest)
    return manifest


def log_of(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "log/entries.jsonl").read_text().splitlines()]


def test_a_case_becomes_a_bundle_that_verifies_elsewhere(
    worked: CommandLine, tmp_path: Path
) -> None:
    out = tmp_path / "bundle"
    told = made(worked, out, "--case", CASE)
    assert told["sha256"] == hashlib.sha256((out / "manifest.json").read_bytes()).hexdigest()
    assert out.stat().st_mode & 0o777 == 0o700
    manifest = manifest_of(out)
    assert (manifest["case"], manifest["findings_of"], manifest["missing"]) == (CASE, ["case"], [])
    shows = {one["shows"]: one for one in manifest["files"]}
    assert {"original", "clip", "still", "crop", "answer", "log", "seal", "case"} <= set(shows)
    with Archive.open(worked.archive) as archive:
        picture = archive.picture(1)
        (logged,) = list(archive.log.entries(last=1))
    assert (out / shows["crop"]["path"]).read_bytes() == picture
    reports = [one["path"] for one in manifest["files"] if one["shows"] == "report"]
    assert sorted(reports) == ["report/case.html", "report/case.json", "report/case.pdf"]
    assert CASE in (out / "report/case.html").read_text()
    original = shows["original"]
    assert original["from_s"] <= original["asked_from_s"]
    assert shows["clip"]["from_s"] >= original["from_s"]
    assert logged.event == "export"
    assert logged.said["sha256"] == told["sha256"]
    assert logged.number == manifest["log"]["entries"] + 1
    elsewhere = tmp_path / "elsewhere"
    shutil.move(out, elsewhere)
    python = [sys.executable, "-I", "-S", elsewhere / "verify.py"]
    given = ["--manifest", told["sha256"]]
    ran = subprocess.run([*python, *given], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "All that was compared holds." in ran.stdout
    (elsewhere / "README.txt").write_text("changed")
    ran = subprocess.run([*python, *given], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "README.txt" in ran.stdout
    verified = worked("export", "verify", elsewhere, "--format", "json")
    assert verified.code == 1
    assert json.loads(verified.out)["faults"]


def test_details_of_other_cases_are_left_out_of_the_log(
    worked: CommandLine, tmp_path: Path
) -> None:
    made(worked, tmp_path / "b", "--case", CASE)
    entries = log_of(tmp_path / "b")
    states = {(one["event"], one["case"]): one["state"] for one in entries}
    assert states["search", CASE] == states["decision", CASE] == "here"
    assert states["search", "other"] == states["case", "other"] == "left out"
    assert all(one["detail"] is None for one in entries if one["state"] == "left out")
    assert '"other"' not in (tmp_path / "b/manifest.json").read_text()


def test_a_bundle_of_crops_of_no_case_tells_of_none(worked: CommandLine, tmp_path: Path) -> None:
    made(worked, tmp_path / "b", 1, 2, "--sources", "none")
    manifest = manifest_of(tmp_path / "b")
    assert [one["crop_id"] for one in manifest["findings"]] == [1, 2]
    assert not (tmp_path / "b/originals").exists()
    assert not (tmp_path / "b/case.json").exists()
    states = {one["state"] for one in log_of(tmp_path / "b") if one["case"] is not None}
    assert states == {"left out"}


def test_whole_sources_are_copied_byte_for_byte(
    worked: CommandLine, footage: Path, tmp_path: Path
) -> None:
    made(worked, tmp_path / "b", 1, "--sources", "whole")
    (one,) = [one for one in manifest_of(tmp_path / "b")["files"] if one["shows"] == "source"]
    assert one["sha256"] == one["source"]
    held = (tmp_path / "b" / one["path"]).read_bytes()
    assert held in {path.read_bytes() for path in footage.glob("*.mp4")}


def test_an_identity_and_a_kept_answer_name_the_findings(
    worked: CommandLine, tmp_path: Path
) -> None:
    made(worked, tmp_path / "i", "--identity", "anna", "--case", "other", "--sources", "none")
    assert manifest_of(tmp_path / "i")["identity"] == "anna"
    states = {(one["event"], one["case"]): one["state"] for one in log_of(tmp_path / "i")}
    assert states["decision", CASE] == "here", "the report tells what findings stand on"
    assert states["search", CASE] == "left out"
    kept = tmp_path / "answer.json"
    kept.write_text(worked("query", "--crop", 1, "-k", 2, "--format", "json").out)
    made(worked, tmp_path / "a", "--answer", kept, "--sources", "none")
    matches = json.loads(kept.read_text())["matches"]
    findings = manifest_of(tmp_path / "a")["findings"]
    assert [one["crop_id"] for one in findings] == [one["crop_id"] for one in matches]
    assert (tmp_path / "a/answers/answer.json").read_bytes() == kept.read_bytes()
    assert (tmp_path / "a/answers").glob("entry-*.json")


def test_a_redacted_bundle_holds_no_picture_that_shows_others(
    worked: CommandLine, tmp_path: Path
) -> None:
    for sources in ("copy", "whole"):
        arguments = (1, "--redact", "others", "--sources", sources, "-o", tmp_path / "r")
        ran = worked("export", "evidence", *arguments)
        assert ran.code == 2
        assert "cannot hold originals" in ran.err
        assert not (tmp_path / "r").exists()
    made(worked, tmp_path / "all", 1, "--redact", "all")
    manifest = manifest_of(tmp_path / "all")
    shows = {one["shows"] for one in manifest["files"]}
    assert not shows & {"original", "source", "crop"}
    assert all(
        one["redaction"]["whom"] == "all"
        for one in manifest["files"]
        if one["shows"] in {"clip", "still"}
    )
    made(worked, tmp_path / "case", "--case", CASE, "--redact", "all")
    assert [one.name for one in (tmp_path / "case/report").iterdir()] == ["case.json"]
    ran = worked("export", "verify", tmp_path / "all")
    assert (ran.code, manifest["missing"]) == (0, [])


def test_footage_that_is_gone_is_told_and_the_rest_is_written(
    worked: CommandLine, footage: Path, tmp_path: Path
) -> None:
    away = {path: path.with_suffix(".away") for path in footage.glob("*.mp4")}
    for path, other in away.items():
        path.rename(other)
    try:
        told = made(worked, tmp_path / "b", 1, code=1)
    finally:
        for path, other in away.items():
            other.rename(path)
    (finding,) = manifest_of(tmp_path / "b")["findings"]
    assert len(finding["missing"]) == 3  # the stretch, the clip, the frame
    assert told["missing"] == finding["missing"]
    assert (tmp_path / "b/crops/crop-1.jpg").exists()
    assert worked("export", "verify", tmp_path / "b").code == 0


def test_nothing_but_a_bundle_is_overwritten(worked: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "b"
    arguments = ("export", "evidence", 1, "--sources", "none", "-o", out)
    assert worked(*arguments).code == 0
    assert worked(*arguments).code == 2
    assert worked(*arguments, "--force").code == 0
    (out / "mine.txt").write_text("mine")
    assert worked(*arguments, "--force").code == 2
    assert (out / "mine.txt").exists()
    assert worked("export", "evidence", "-o", tmp_path / "none").code == 2


def test_a_bundle_can_be_one_zip_file(worked: CommandLine, tmp_path: Path) -> None:
    out, unpacked = tmp_path / "b.zip", tmp_path / "unpacked"
    told = made(worked, out, 1, "--redact", "faces")
    assert {one.name for one in tmp_path.iterdir() if one.name.startswith((".", "b."))} == {"b.zip"}
    assert out.stat().st_mode & 0o777 == 0o600
    arguments = ("export", "verify", out, "--manifest", told["sha256"])
    assert worked(*arguments).code == 0
    command = [sys.executable, "-m", "zipfile", "-e", out, unpacked]
    subprocess.run(command, check=True)
    ran = subprocess.run([sys.executable, "-I", "-S", unpacked / "verify.py"], check=False)
    assert ran.returncode == 0
    shows = {one["shows"] for one in manifest_of(unpacked)["files"]}
    assert (shows >= {"clip", "still"}, "crop" in shows) == (True, False), "a crop shows the face"
    pack(unpacked, tmp_path / "again.zip")
    whole = out.read_bytes()
    assert (tmp_path / "again.zip").read_bytes() == whole, "the same files give the same zip"
    # Changed, cut off, packed anew, with a name twice, with a name that leads elsewhere.
    place = whole.index(b"EVIDENCE BUNDLE")
    changed = {"byte": whole[:place] + b"X" + whole[place + 1 :], "cut": whole[:-30]}
    for name, compression, further in (
        ("anew", zipfile.ZIP_DEFLATED, None),
        ("twice", zipfile.ZIP_STORED, "README.txt"),
        ("away", zipfile.ZIP_STORED, "../away.txt"),
    ):
        with zipfile.ZipFile(tmp_path / name, "w", compression) as packed:
            for path in sorted(one for one in unpacked.rglob("*") if one.is_file()):
                packed.write(path, path.relative_to(unpacked))
            if further:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of a name that is there twice
                    packed.writestr(further, "more")
        changed[name] = (tmp_path / name).read_bytes()
    for name, data in changed.items():
        out.write_bytes(data)
        assert worked(*arguments).code == 1, name
    assert not (tmp_path.parent / "away.txt").exists()
    for name, says in hostile_zips(tmp_path, whole):
        ran = worked("export", "verify", tmp_path / name)
        assert (ran.code, says in ran.out) == (1, True), (name, ran.out, ran.err)
    writing = ("export", "evidence", 1, "--sources", "none", "-o", out)
    out.write_bytes(whole)
    assert [worked(*writing).code, worked(*writing, "--force").code] == [2, 0]
    out.write_bytes(b"something else")
    assert worked(*writing, "--force").code == 2
    assert out.read_bytes() == b"something else"


def test_the_oldest_python_here_runs_the_verifier(worked: CommandLine, tmp_path: Path) -> None:
    made(worked, tmp_path / "b", 1, "--sources", "none")
    assert (tmp_path / "b/verify.py").read_text("utf-8") == verifier_text()
    folders = [*map(str, Path.home().glob(".pyenv/versions/3.*/bin"))]  # before its shims
    folders += os.environ["PATH"].split(os.pathsep)
    names = [Path(folder) / f"python3.{minor}" for minor in range(8, 11) for folder in folders]
    old = next((path for path in names if path.exists()), None)
    if old is None:
        pytest.skip("needs a Python from 3.8 to 3.10")
    command = [old, "-I", "-S", tmp_path / "b/verify.py"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout


@pytest.mark.slow  # the ontology takes its time
def test_case_uco_is_valid(worked: CommandLine, tmp_path: Path) -> None:
    validate = Path(sys.executable).with_name("case_validate")
    if not validate.exists():
        pytest.skip("needs case_validate: pip install case-utils")
    made(worked, tmp_path / "b", "--case", CASE)
    graph = tmp_path / "b/case.jsonld"
    ran = subprocess.run([validate, graph], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Conforms: True" in ran.stdout
