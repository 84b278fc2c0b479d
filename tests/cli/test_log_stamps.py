"""Time stamps of seals, by an authority on this machine."""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess

import pytest
from json_schemas import require_valid
from tsa import OPENSSL, make_authority, serving

from reidsearch.output.verifying.evidence import verify_bundle

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(OPENSSL is None, reason="the authority of this test is openssl ts"),
]


@pytest.fixture
def indexed(tmp_path, indexed_crops):
    indexed_crops(tmp_path, 2)


def proof(run, *options):
    told = run("log", "verify", "--format", "json", *options)
    document = json.loads(told.out)
    require_valid(document)
    return document


def test_a_seal_is_stamped_and_verified_against_whom_one_trusts(run, indexed, tmp_path) -> None:
    root, other = make_authority(tmp_path / "tsa"), make_authority(tmp_path / "other")
    with serving(tmp_path / "tsa") as url:
        assert run("log", "seal", "--timestamp", url).code == 0
    (seal,) = proof(run)["sealed"]
    assert (seal["stamped_at"] is not None, seal["authority_verified"]) == (True, False)
    assert "no --tsa-ca was given" in run("log", "verify").out
    (seal,) = proof(run, "--tsa-ca", root)["sealed"]
    assert seal["authority_verified"]
    told = proof(run, "--tsa-ca", other)
    assert (told["holds"], "not one of the given" in told["faults"][0]["what"]) == (False, True)
    # Others verify it with their own tools, as the reference says.
    (stamp,) = (run.archive / "seals").glob("*.tsr")
    command = ["ts", "-verify", "-in", stamp, "-data", stamp.with_suffix(".json"), "-CAfile", root]
    subprocess.run([OPENSSL, *command], check=True, capture_output=True)


def test_a_stamp_of_something_else_is_a_fault(run, indexed, tmp_path) -> None:
    root = make_authority(tmp_path / "tsa")
    with serving(tmp_path / "tsa") as url:
        for _ in range(2):
            assert run("log", "seal", "--timestamp", url).code == 0
    first, second = sorted((run.archive / "seals").glob("*.tsr"))
    data = first.read_bytes()
    first.write_bytes(second.read_bytes())
    told = proof(run, "--tsa-ca", root)
    assert ["of something else" in one["what"] for one in told["faults"]] == [True]
    first.write_bytes(data[:40])
    assert ["time stamp" in one["what"] for one in proof(run)["faults"]] == [True]
    bent = bytearray(data)
    bent[-10] ^= 1
    first.write_bytes(bent)
    assert not proof(run, "--tsa-ca", root)["holds"]


def test_a_bundle_compares_what_its_stamps_are_of(run, indexed, tmp_path) -> None:
    root, bundle = make_authority(tmp_path / "tsa"), tmp_path / "bundle"
    with serving(tmp_path / "tsa") as url:
        for _ in range(2):
            assert run("log", "seal", "--timestamp", url).code == 0
    assert run("export", "evidence", 1, "--sources", "none", "-o", bundle).code == 0
    held = verify_bundle(str(bundle))
    told = [one for one in held.open if "openssl" in one]
    assert (held.faults, len(told)) == ([], 2)
    command = shlex.split(told[0].partition(": ")[2])
    command[-1] = str(root)
    subprocess.run([OPENSSL, *command[1:]], cwd=bundle, check=True, capture_output=True)
    first, second = sorted((bundle / "log/seals").glob("*.tsr"))
    whole = first.read_bytes()
    for data, fault in (
        (second.read_bytes(), "of something else than its seal"),
        (whole[:90], "is no time stamp"),
        (b"0", "is no time stamp"),
    ):
        first.write_bytes(data)
        manifest = json.loads((bundle / "manifest.json").read_text())
        (listed,) = [one for one in manifest["files"] if one["path"].endswith(first.name)]
        listed |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        (bundle / "manifest.json").write_text(json.dumps(manifest))
        (found,) = verify_bundle(str(bundle)).faults
        assert fault in found


def test_without_the_service_the_seal_is_kept_and_told(run, indexed, monkeypatch) -> None:
    monkeypatch.setenv("REIDSEARCH_TIMESTAMP_URL", "http://127.0.0.1:9/")
    told = run("log", "seal")
    assert (told.code, "the seal is kept, but" in told.err) == (1, True)
    (seal,) = proof(run)["sealed"]
    assert seal["stamped_at"] is None
    assert run("log", "seal", "--timestamp", "file:///etc/passwd").code == 2
